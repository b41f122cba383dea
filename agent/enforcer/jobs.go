package enforcer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/enforce"
	"stigwatch/agent/lens"
	"stigwatch/agent/ownership"
	"stigwatch/agent/plan"
	"stigwatch/agent/replace"
	"stigwatch/agent/socket"
)

// maxShownJobs bounds what anybody may read of what was done.
const maxShownJobs = 100

// Undo gives the files of a job the bytes that they had before it.
func (e *enforcer) Undo(ctx context.Context, who socket.Peer, id string) (*api.Applied, error) {
	if err := e.ownsOr(who, "only root may undo a change"); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	defer e.publish()
	e.goOn(ctx)
	out := nothingApplied()
	e.services.begin()
	job, err := e.jobs.Undo(ctx, id, enforce.Who{UID: int(who.UID), Name: socket.UserName(who.UID)}, "")
	if edited := editedByHand(err); len(edited) > 0 {
		out.Edited, out.Failed = edited, err.Error()
		return out, nil
	}
	return e.came(out, job, err)
}

// Confirm keeps a job that waits for it.
func (e *enforcer) Confirm(_ context.Context, who socket.Peer, id string) (*api.Applied, error) {
	if err := e.ownsOr(who, "only root may confirm a change"); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	defer e.publish()
	job, err := e.jobs.Confirm(id, enforce.Who{UID: int(who.UID), Name: socket.UserName(who.UID)})
	if err != nil {
		return nil, refusedJob(err)
	}
	out := nothingApplied()
	out.Applied = append(out.Applied, shownJob(&job))
	return out, nil
}

// Jobs tells what was done, the newest first.
func (e *enforcer) Jobs(_ context.Context, who socket.Peer) (*api.Jobs, error) {
	if err := e.knows(who); err != nil {
		return nil, err
	}
	return e.shownJobs(-1), nil
}

func (e *enforcer) shownJobs(most int) *api.Jobs {
	out := &api.Jobs{Schema: api.Schema, Jobs: []api.Job{}}
	for _, r := range e.jobs.History() {
		if most >= 0 && len(out.Jobs) == most {
			break
		}
		out.Jobs = append(out.Jobs, shownJob(&r))
	}
	return out
}

// Waits says until when the process has to stay, for a change that waits to be
// confirmed.
func (e *enforcer) Waits() (until time.Time, waits bool) { return e.jobs.Deadline() }

// Overdue takes back what nobody confirmed in time, ends what a disk that refused has
// left in the middle, and gives those jobs.
func (e *enforcer) Overdue(ctx context.Context) ([]api.Job, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer e.publish()
	did, err := e.jobs.Recover(ctx)
	return shownRecovered(did), err
}

// goOn ends what is in the middle before anything else is done. What cannot be ended
// yet makes the engine refuse.
func (e *enforcer) goOn(ctx context.Context) {
	if !e.jobs.Unfinished() {
		return
	}
	if _, err := e.jobs.Recover(ctx); err != nil {
		e.o.Log.Error("what is in the middle cannot be ended yet", "error", err)
	}
}

// recover ends what an earlier process left in the middle.
func (e *enforcer) recover(ctx context.Context) ([]api.Job, error) {
	did, err := e.jobs.Recover(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot end what was left in the middle: %w", err)
	}
	e.publish()
	return shownRecovered(did), nil
}

func shownRecovered(did []enforce.Recovered) []api.Job {
	out := []api.Job{}
	for i := range did {
		out = append(out, shownJob(&did[i].Record))
	}
	return out
}

// publish writes what was done where anybody may read it; it names files and
// digests, and holds no byte of them. That it cannot be written stops nothing.
func (e *enforcer) publish() {
	if _, err := e.jobs.Expire(e.parts.Config.Enforce.Keep, e.parts.Config.Enforce.KeepBytes); err != nil {
		e.o.Log.Warn("old copies stay", "error", err)
	}
	if err := writeJobs(api.JobsFile(e.parts.Config.Enforce.Socket), e.shownJobs(maxShownJobs)); err != nil {
		e.o.Log.Warn("what was done cannot be shown to the agent", "error", err)
	}
}

// writeJobs replaces the file, in a folder that nobody else can put another in the
// place of.
func writeJobs(path string, jobs *api.Jobs) error {
	dir := filepath.Dir(path)
	if err := ownership.Folder(dir); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".jobs-*")
	if err != nil {
		return err
	}
	err = errors.Join(api.Encode(f, jobs, false), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

func nothingApplied() *api.Applied {
	return &api.Applied{
		Schema: api.Schema, Applied: []api.Job{}, Closed: []api.PlanRule{}, Cannot: []api.PlanRefusal{}, LeftAlone: []api.PlanRefusal{}, Edited: []api.EditedByHand{}, Told: []string{},
	}
}

func shownJob(r *enforce.Record) api.Job {
	j := api.Job{
		ID: r.ID, State: string(r.State), At: api.At(r.Made), By: r.By.Name, Reason: r.Reason, Auto: r.Auto, Rules: append([]string{}, r.Rules...),
		Files: []string{}, Wrote: []api.Wrote{}, Undoes: r.Undoes, Checks: []api.Checked{}, Gone: r.CopiesGone,
	}
	if r.State == enforce.Waiting {
		j.Confirm = api.At(r.Deadline)
	}
	if r.Failed != nil {
		j.Why = string(r.Failed.Step) + ": " + publicWords(r.Failed.Error)
	}
	for _, f := range r.Files {
		j.Files = append(j.Files, f.Path)
		j.Wrote = append(j.Wrote, api.Wrote{Path: f.Path, Was: f.Was, Now: f.New, Facts: append([]string{}, f.Facts...)})
	}
	for _, c := range r.Checks {
		said := publicWords(c.Said)
		if c.NotChecked != "" {
			said = "not checked: " + c.NotChecked
		}
		j.Checks = append(j.Checks, api.Checked{Path: c.Path, Program: c.Program, Said: said})
	}
	return j
}

// publicWords are a program's words about a file for everybody to read: they may quote
// its lines, so what may be a secret in them is masked, and they are kept short.
func publicWords(said string) string {
	const most = 300
	text := strings.Join(strings.Fields(string(lens.MaskFile([]byte(said)))), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// editedByHand lists the files that somebody changed since a job wrote them.
func editedByHand(err error) []api.EditedByHand {
	out := []api.EditedByHand{}
	for _, one := range joined(err) {
		edited := (*enforce.EditedError)(nil)
		if errors.As(one, &edited) {
			f := plan.File{Path: edited.Path, Old: edited.WroteBytes, New: edited.NowBytes}
			out = append(out, api.EditedByHand{Path: edited.Path, Diff: f.Diff()})
		}
	}
	return out
}

func joined(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()
	}
	return []error{err}
}

// refusedJob names why a job cannot be done, where that is for the asker to mend.
func refusedJob(err error) error {
	newer, waits, state := (*enforce.NewerError)(nil), (*enforce.WaitingError)(nil), (*enforce.StateError)(nil)
	switch {
	case errors.Is(err, enforce.ErrUnknown):
		return refused(http.StatusNotFound, "unknown-job", err.Error()+": stigwatch history --plans lists them")
	case errors.Is(err, enforce.ErrCopiesGone):
		return refused(http.StatusGone, "copies-gone", err.Error())
	case errors.Is(err, enforce.ErrTooLate):
		return refused(http.StatusConflict, "too-late", err.Error())
	case errors.Is(err, enforce.ErrUnfinished):
		return refused(http.StatusConflict, "unfinished", err.Error())
	case errors.As(err, &newer):
		return refused(http.StatusConflict, "newer-job", err.Error())
	case errors.As(err, &waits):
		return refused(http.StatusConflict, "waits-for-confirmation", err.Error())
	case errors.As(err, &state):
		return refused(http.StatusConflict, "state", err.Error())
	case replace.Refused(err):
		return refused(http.StatusConflict, refusalWord(err), err.Error())
	}
	return err
}

// refusalWord is the stable word for what a file is that may not be written.
func refusalWord(err error) string {
	words := []struct {
		err  error
		word string
	}{
		{replace.ErrPath, "path"}, {replace.ErrMissing, "missing"}, {replace.ErrLink, "link"}, {replace.ErrNotRegular, "not-regular"},
		{replace.ErrHardLinked, "hard-linked"}, {replace.ErrDevice, "other-file-system"}, {replace.ErrOwner, "owner"},
		{replace.ErrFolder, "folder"}, {replace.ErrTooLarge, "too-large"}, {replace.ErrChanged, "changed"},
		{replace.ErrWritten, "being-written"}, {replace.ErrLeftover, "leftover"},
	}
	i := slices.IndexFunc(words, func(w struct {
		err  error
		word string
	}) bool {
		return errors.Is(err, w.err)
	})
	if i < 0 {
		return "refused"
	}
	return words[i].word
}
