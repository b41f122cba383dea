package agent

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/enforce"
	"stigwatch/agent/enforcer"
	"stigwatch/agent/errand"
)

// setClock is a clock for the enforcer, which stands still.
type setClock struct{ ahead atomic.Int64 }

var clockStart = time.Now()

func (c *setClock) now() time.Time           { return clockStart.Add(time.Duration(c.ahead.Load())) }
func (c *setClock) advance(by time.Duration) { c.ahead.Add(int64(by)) }

// waiting applies both rules for a minute, and waits until that was told.
func (h *house) waiting() string {
	h.t.Helper()
	h.spoil()
	got, err := h.client.Apply(context.Background(), &api.ApplyRequest{Rules: []string{issueRule, chronyRule}, ConfirmSeconds: 60})
	if err != nil || got.Failed != "" || got.Applied[0].State != api.JobWaiting {
		h.t.Fatalf("%+v, %v", got, err)
	}
	id := got.Applied[0].ID
	if m := h.until(code("confirm-wanted")); !strings.Contains(m.Text, "stigwatch confirm "+id) {
		h.t.Error(m.Text)
	}
	h.stand("pass")
	for _, f := range []string{issueFile, chronyFile} {
		h.new[f] = rig.Read(h.t, h.dir, f)
	}
	return id
}

func (h *house) expired(id string) {
	h.t.Helper()
	if m := h.until(about("apply-taken-back", id)); !strings.Contains(m.Text, "confirm: nobody confirmed it within 1m0s") {
		h.t.Error(m.Text)
	}
	h.stand("fail")
	if h.whole("expired") {
		h.t.Error("the files are new still")
	}
	h.nothingBeside("expired")
}

func TestWhatIsConfirmedStaysAndWhatIsNotIsTakenBackAcrossRestarts(t *testing.T) {
	t.Parallel()
	clock := &setClock{}
	h := newHouse(t, "", enforcer.Options{Now: clock.now})
	id := h.waiting()
	if _, err := h.client.Confirm(context.Background(), id); err != nil {
		t.Fatal(err)
	}
	h.until(about("confirmed", id))
	clock.advance(time.Hour)

	id = h.waiting() // it ends in the running process
	clock.advance(2 * time.Minute)
	h.expired(id)
	if _, err := h.client.Confirm(context.Background(), id); err == nil {
		t.Error("it was confirmed too late")
	}

	id = h.waiting() // a restart does not end it
	h.halt()
	h.client.Close()
	h.enforcerBegins()
	if !h.whole("restarted") || h.jobs()[0].State != api.JobWaiting {
		t.Errorf("%+v", h.jobs()[0])
	}
	h.halt()
	h.client.Close()
	clock.advance(2 * time.Minute) // its time is over while there is no enforcer
	h.again()
	h.poke()
	if !h.whole("nobody is there") || h.count("enforcer-away", "") != 0 {
		t.Error("the daemon did something about it")
	}
	h.enforcerBegins()
	h.expired(id)
	h.toldExpired()
}

// poke has the daemon see that a plan's time is over, as it does each minute.
func (h *house) poke() {
	h.t.Helper()
	busy := false
	h.inLoop(func(l *loop) { l.overdue(time.Now().Add(24 * time.Hour)); busy = l.enforcement.busy })
	if !busy {
		h.t.Error("the daemon asks for nothing")
	}
	for busy {
		h.inLoop(func(l *loop) { busy = l.enforcement.busy })
	}
}

// toldExpired is toldOnce where a plan may have been confirmed.
func (h *house) toldExpired() {
	h.t.Helper()
	h.rest()
	for _, r := range ledgerOf(h.t, h.dir) {
		code := "apply-taken-back"
		if r.State == enforce.Done {
			code = "confirmed"
		}
		if n, m := h.count("confirm-wanted", r.ID), h.count(code, r.ID); n != 1 || m != 1 {
			h.t.Errorf("%s, which is %s, was told %d times as waiting, %d times as %s", r.ID, r.State, n, m, code)
		}
	}
}

// others are what somebody else does to a file.
var others = map[string]func(file string) error{
	"edited": func(file string) error { return os.WriteFile(file, []byte("theirs\n"), 0o644) },
	"replaced": func(file string) error {
		return errors.Join(os.WriteFile(file+".x", []byte("theirs\n"), 0o644), os.Rename(file+".x", file))
	},
	"a link":  func(file string) error { return errors.Join(os.Remove(file), os.Symlink("hostname", file)) },
	"deleted": os.Remove,
}

// looksOf is what stands under a name.
func looksOf(file string) string {
	if to, err := os.Readlink(file); err == nil {
		return "link to " + to
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "nothing"
	}
	return string(b)
}

func TestWhatSomebodyElseDoesInTheMiddleIsNotLost(t *testing.T) {
	for what, do := range others {
		t.Run(strings.ReplaceAll(what, " ", "-"), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "", enforcer.Options{})
			for _, point := range []string{"make plan folder", "create new content of ", "look again at ", "swap ", "look at what came out of ", "sync folder of ", "read back "} {
				if strings.HasSuffix(point, " ") {
					point += issueFile
				}
				h.meddled(point, what, do)
			}
			h.sameAsAFreshCheckFor(issueRule, "at the end")
			h.toldOnce()
		})
	}
}

func (h *house) meddled(point, what string, do func(file string) error) {
	h.t.Helper()
	file := h.file("root" + issueFile)
	rig.Put(h.t, file, "LAB SYSTEM, for a moment\n")
	h.spoil()
	var theirs string
	h.trouble.whenAt(point, func() {
		if err := do(file); err != nil {
			h.t.Error(err)
		}
		theirs = looksOf(file)
	})
	got, err := h.apply()
	h.trouble.calm()
	when := what + " at " + point
	refused := (*api.Refused)(nil)
	switch {
	case err != nil && !errors.As(err, &refused):
		h.t.Fatalf("%s: %v", when, err)
	case err == nil && got.Failed == "":
		h.t.Errorf("%s: %+v", when, got)
	}
	if now := looksOf(file); theirs == "" || now != theirs {
		h.t.Errorf("%s: it is %q, theirs was %q", when, now, theirs)
	}
	if now := rig.Read(h.t, h.dir, chronyFile); now != h.old[chronyFile] {
		h.t.Errorf("%s: the other file is not as it was", when)
	}
	h.nothingBeside(when)
	if err == nil {
		wanted := map[string]string{api.JobRestored: "apply-taken-back", api.JobConflict: "apply-conflict"}[got.Applied[0].State]
		h.until(about(wanted, got.Applied[0].ID))
	}
}

// sameAsAFreshCheckFor waits until the daemon says of a rule what is so.
func (h *house) sameAsAFreshCheckFor(rule, when string) {
	h.t.Helper()
	want := check(h.t, h.dir)[rule]
	for {
		h.drain()
		atRest(h.t, h.agent)
		for _, r := range h.agent.Report().Results {
			if r.Rule == rule && r.Result == want.Result && r.Reason == want.Reason {
				return
			}
		}
		h.until(func(alert.Message) bool { return true })
	}
}

// A plan in a file says what the files held and what they would hold.
func TestAPlanOfAFileThatWasEditedSinceIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "", enforcer.Options{})
	h.spoil()
	p, err := errand.Plan(context.Background(), optionsIn(h.dir), nil)
	if err != nil || len(p.Files) != 2 {
		t.Fatalf("%+v, %v", p, err)
	}
	q := &api.ApplyRequest{Rules: []string{issueRule, chronyRule}, Was: map[string]string{}, Now: map[string]string{}}
	for _, f := range p.Files {
		q.Was[f.Path], q.Now[f.Path] = f.Was, f.Now
	}
	bad := h.badChrony("since")
	refused := (*api.Refused)(nil)
	if _, err := h.client.Apply(context.Background(), q); !errors.As(err, &refused) || refused.Reason != "stale-digest" {
		t.Errorf("%v", err)
	}
	if rig.Read(t, h.dir, chronyFile) != bad || rig.Read(t, h.dir, issueFile) != h.old[issueFile] || len(ledgerOf(t, h.dir)) != 0 {
		t.Error("something was written")
	}
}

// The folder of a file becomes a link just before its file's turn.
func TestAFolderThatBecomesALinkIsNotFollowed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "", enforcer.Options{})
	const name = "/etc/security/faillock.conf"
	rig.Edit(t, h.file("root"+name), "deny = 3", "deny = 10")
	bad := rig.Read(t, h.dir, name)
	h.trouble.whenAt("swap "+name, func() {
		dir := h.file("root/etc/security")
		if err := errors.Join(os.Rename(dir, dir+".away"), os.Symlink("security.away", dir)); err != nil {
			t.Error(err)
		}
	})
	got, err := h.client.Apply(context.Background(), &api.ApplyRequest{})
	if err != nil || got.Failed == "" {
		t.Fatalf("%+v, %v", got, err)
	}
	if now := rig.Read(t, h.dir, "/etc/security.away/faillock.conf"); now != bad {
		t.Errorf("what the link leads to was written: %q", now)
	}
	h.until(func(m alert.Message) bool {
		return (m.Code == "apply-taken-back" || m.Code == "apply-conflict") && strings.Contains(m.Text, got.Applied[0].ID)
	})
	h.toldOnce()
}
