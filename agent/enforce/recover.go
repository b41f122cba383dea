package enforce

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// clockSlack is how far the clock may have been set back before a plan that waits
// to be confirmed is taken back: nobody can tell then how long it has waited.
const clockSlack = time.Minute

// Recovered is what was done about one plan.
type Recovered struct {
	From   State
	Record Record // as it is now
}

// Recover brings every plan to an end that a crash, or a disk that refused, left in
// the middle: it goes back, or forward when all was judged. Then it takes back what
// waited to be confirmed for too long. It gives what it did, for alerts; an error
// says what could not be done yet, and the rest is done all the same. To call it
// again does nothing more.
func (e *Engine) Recover(ctx context.Context) ([]Recovered, error) {
	e.busy.Lock()
	defer e.busy.Unlock()
	errs := []error{e.sweep()}
	var did []Recovered
	for _, r := range e.History() { // newest first: a newer plan was made on what an older one wrote
		if !r.State.unfinished() {
			continue
		}
		now, err := e.recover(ctx, r)
		if err != nil {
			err = fmt.Errorf("cannot recover plan %s: %w", r.ID, err)
		}
		errs = append(errs, err)
		if now.State != r.State {
			did = append(did, Recovered{r.State, now})
		}
	}
	late, err := e.expired(ctx)
	return append(did, late...), errors.Join(append(errs, err)...)
}

func (e *Engine) recover(ctx context.Context, r Record) (Record, error) {
	if r.State == Judged && !e.partlyOld(r) {
		return e.forward(r)
	}
	if r.Failed == nil {
		r.Failed = &Failure{StepCrash, "the enforcer ended in the middle of it"}
	}
	r.Files = slices.Clone(r.Files)
	for i, f := range r.Files {
		replaced, err := e.tree.Replaced(f.Path, r.ID, f.pair())
		r.Files[i].Untouched = f.Untouched || r.State == Prepared && err == nil && !replaced
	}
	r.State = Restoring
	_ = e.save(r) // what was recorded before leads here again
	return e.restore(ctx, r)
}

// forward ends a plan that was accepted. What somebody wrote since is theirs.
func (e *Engine) forward(r Record) (Record, error) {
	for i := range r.Files {
		if err := e.clear(r, i); err != nil {
			return r, err
		}
	}
	return e.finish(r)
}

// partlyOld says whether the way back of a judged plan had begun without being
// recorded: then a file has its old content.
func (e *Engine) partlyOld(r Record) bool {
	return slices.ContainsFunc(r.Files, func(f FileRecord) bool { return e.digestNow(f.Path) == f.Was })
}

// sweep removes what was cut short in the state folder: plans that were never
// prepared, and copies that were being removed.
func (e *Engine) sweep() error {
	dirs, err := os.ReadDir(e.plans)
	if err != nil {
		return fmt.Errorf("cannot look at the plans: %w", err)
	}
	var errs []error
	for _, d := range dirs {
		dir := filepath.Join(e.plans, d.Name())
		if _, err := os.Lstat(filepath.Join(dir, planFile)); errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, os.RemoveAll(dir))
		}
		errs = append(errs, os.RemoveAll(filepath.Join(dir, planFile+".new")))
	}
	for _, r := range e.all() {
		if r.CopiesGone {
			errs = append(errs, e.removeCopies(r.ID))
		}
	}
	return errors.Join(errs...)
}

// Overdue takes back every plan whose time to be confirmed is over. Recover does so
// too; this is for while the engine runs, at Deadline.
func (e *Engine) Overdue(ctx context.Context) ([]Recovered, error) {
	e.busy.Lock()
	defer e.busy.Unlock()
	return e.expired(ctx)
}

// Unfinished says whether Recover has to be called, whatever the time is: a plan is
// under way, or was left in the middle.
func (e *Engine) Unfinished() bool { return e.settled() != nil }

// Deadline gives when the next plan is to be taken back, and whether there is one.
func (e *Engine) Deadline() (time.Time, bool) {
	var next time.Time
	for _, r := range e.all() {
		if r.State == Waiting && (next.IsZero() || r.Deadline.Before(next)) {
			next = r.Deadline
		}
	}
	return next, !next.IsZero()
}

func (e *Engine) expired(ctx context.Context) ([]Recovered, error) {
	var did []Recovered
	var errs []error
	for _, r := range e.History() {
		if r.State != Waiting || !e.late(r) {
			continue
		}
		next := r
		next.State = Restoring
		next.Failed = &Failure{StepConfirm, fmt.Sprintf("nobody confirmed it within %s", r.Confirm)}
		err := e.save(next)
		if err == nil {
			next, err = e.restore(ctx, next)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot take back plan %s: %w", r.ID, err))
		}
		if now, _ := e.Plan(r.ID); now.State != r.State {
			did = append(did, Recovered{r.State, next})
		}
	}
	return did, errors.Join(errs...)
}

func (e *Engine) late(r Record) bool {
	left := r.Deadline.Sub(e.now())
	return left <= 0 || left > r.Confirm+clockSlack
}
