package enforce

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"stigwatch/agent/host"
	"stigwatch/agent/replace"
)

// work is a plan while it is being applied.
type work struct {
	r     Record
	files []*replace.File
	cands []*replace.Candidate // as far as they are staged
	new   [][]byte
}

func (w *work) close() {
	for _, f := range w.files {
		f.Close()
	}
}

// Apply does a job: all of it, or nothing. The record's state is then Done, or
// Waiting when the job asks for it. Before anything is touched the error is one of
// package replace's, ErrNothing, ErrUnfinished, *WaitingError, or about the disk, and
// there is no plan. After that it is a *FailedError.
func (e *Engine) Apply(ctx context.Context, job Job) (Record, error) {
	e.busy.Lock()
	defer e.busy.Unlock()
	if err := e.mayApply(job); err != nil {
		return Record{}, err
	}
	w := &work{r: Record{Rules: job.Rules, By: job.By, Reason: job.Reason, Auto: job.Auto, Confirm: max(job.Confirm, 0)}}
	defer w.close()
	for _, c := range job.Files {
		if err := e.take(w, c); err != nil {
			return Record{}, err
		}
	}
	if err := e.prepare(w); err != nil {
		return Record{}, err
	}
	return e.run(ctx, w)
}

// mayApply refuses a job that other plans, or the job itself, stand in the way of.
func (e *Engine) mayApply(job Job) error {
	if err := e.settled(); err != nil {
		return err
	}
	if len(job.Files) == 0 {
		return fmt.Errorf("cannot apply: %w", ErrNothing)
	}
	seen := map[string]bool{}
	for _, f := range job.Files {
		if seen[f.Path] {
			return fmt.Errorf("cannot apply: %q is named twice", f.Path)
		}
		seen[f.Path] = true
	}
	for _, r := range e.all() {
		for _, f := range r.Files {
			if r.State == Waiting && seen[f.Path] {
				return &WaitingError{f.Path, r.ID}
			}
		}
	}
	return nil
}

func (e *Engine) settled() error {
	for _, r := range e.all() {
		if r.State.unfinished() {
			return fmt.Errorf("cannot start: %w: %s is %s", ErrUnfinished, r.ID, r.State)
		}
	}
	return nil
}

// take opens one file of a job and holds it to its digest.
func (e *Engine) take(w *work, c FileChange) error {
	f, err := e.tree.Open(c.Path)
	if err != nil {
		return err
	}
	w.files, w.new = append(w.files, f), append(w.new, c.New)
	n := FileRecord{Path: c.Path, Was: f.Digest, New: host.Digest(c.New), WasMeta: f.Meta, Units: slices.Clone(c.Units), Facts: slices.Clone(c.Facts)}
	w.r.Files = append(w.r.Files, n)
	switch {
	case f.Digest != c.Was:
		return fmt.Errorf("cannot replace %q: %w: it is %s, the plan was made for %s", c.Path, replace.ErrChanged, f.Digest, c.Was)
	case n.New == n.Was:
		return fmt.Errorf("cannot replace %q: %w", c.Path, ErrNothing)
	}
	if err := e.tree.Fits(c.New); err != nil {
		return fmt.Errorf("cannot replace %q: %w", c.Path, err)
	}
	return nil
}

// prepare saves copies and the record. Nothing has been touched before it is done.
func (e *Engine) prepare(w *work) error {
	id, err := e.newID()
	if err != nil {
		return err
	}
	w.r.ID, w.r.State, w.r.Made, w.r.Seq = id, Prepared, e.now(), 1
	if all := e.all(); len(all) > 0 {
		w.r.Seq = all[len(all)-1].Seq + 1
	}
	w.r.Checks, w.r.Notes = []Check{}, []string{}
	var was [][]byte
	for _, f := range w.files {
		was = append(was, f.Bytes)
	}
	if err = e.saveCopies(id, was, w.new); err == nil {
		err = e.write(w.r)
	}
	if err != nil {
		_ = os.RemoveAll(filepath.Join(e.plans, id)) // or Recover does
		return fmt.Errorf("cannot prepare plan %s: %w", id, err)
	}
	e.remember(w.r)
	return nil
}

// act is one step of a plan.
type act struct {
	step Step
	do   func(ctx context.Context, w *work) error
}

// run does a prepared plan, and takes it back when any step fails.
func (e *Engine) run(ctx context.Context, w *work) (Record, error) {
	acts := []act{
		{StepStage, e.stage},
		{StepCheck, e.checkCandidates},
		{StepReplace, e.commit},
		{StepRecord, e.enter(Written)},
		{StepCheck, e.checkWhole},
		{StepReload, e.reload},
		{StepHealth, e.healthy},
		{StepJudge, e.judge},
		{StepRecord, e.enter(Judged)},
		{StepTidy, func(_ context.Context, w *work) error { return e.tidy(w.r) }},
		{StepRecord, func(_ context.Context, w *work) (err error) { w.r, err = e.finish(w.r); return err }},
	}
	for _, a := range acts {
		err := a.do(ctx, w)
		if err == nil && w.r.State != Judged && !w.r.State.Final() && w.r.State != Waiting {
			err = ctx.Err()
		}
		if err != nil {
			return e.fail(ctx, w, a.step, err)
		}
	}
	return w.r, nil
}

func (e *Engine) enter(s State) func(context.Context, *work) error {
	return func(_ context.Context, w *work) error {
		next := w.r
		next.State = s
		if s == Judged && next.Confirm > 0 {
			next.Deadline = e.now().Add(next.Confirm)
		}
		if err := e.save(next); err != nil {
			return err
		}
		w.r = next
		return nil
	}
}

func (e *Engine) stage(_ context.Context, w *work) error {
	for i, f := range w.files {
		c, err := f.Stage(w.r.ID, w.new[i])
		if err != nil {
			return err
		}
		w.cands = append(w.cands, c)
	}
	return nil
}

func (e *Engine) commit(_ context.Context, w *work) error {
	for _, c := range w.cands {
		if err := c.Commit(); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) reload(ctx context.Context, w *work) error {
	if u := w.r.units(); len(u) > 0 && e.opts.Reload != nil {
		return e.opts.Reload(ctx, u)
	}
	return nil
}

func (e *Engine) healthy(ctx context.Context, w *work) error {
	if u := w.r.units(); len(u) > 0 && e.opts.Healthy != nil {
		return e.opts.Healthy(ctx, u)
	}
	return nil
}

// judge has all rules judged again. An undo is somebody's own will: it opens
// again what its plan closed.
func (e *Engine) judge(ctx context.Context, w *work) error {
	if e.opts.Judge == nil || w.r.Undoes != "" {
		return nil
	}
	return e.opts.Judge(ctx, w.r)
}

// tidy removes what is beside the files.
func (e *Engine) tidy(r Record) error {
	for _, f := range r.Files {
		if err := e.tree.Settle(f.Path, r.ID, f.pair()); err != nil {
			return err
		}
	}
	return nil
}

// finish gives a judged plan its last state.
func (e *Engine) finish(r Record) (Record, error) {
	next := r
	next.State, next.Ended = Done, e.now()
	if r.Confirm > 0 {
		next.State, next.Ended = Waiting, r.Ended
	}
	if err := e.save(next); err != nil {
		return r, err
	}
	e.markUndone(next)
	return next, nil
}

// markUndone tells the plan that an undo took back. When it cannot be written, the
// undo's own record says it, and load finds it there.
func (e *Engine) markUndone(u Record) {
	old, err := e.Plan(u.Undoes)
	if u.Undoes == "" || err != nil {
		return
	}
	old.State, old.UndoneBy, old.Ended = Undone, u.ID, u.Ended
	_ = e.write(old)
	e.remember(old)
}

// fail takes back what was done of a plan. When that cannot be recorded it is done
// all the same, and Recover sees it by the files; but not of a judged plan, which
// the disk may already have as done: that one stays, and Recover ends it.
func (e *Engine) fail(ctx context.Context, w *work, step Step, cause error) (Record, error) {
	r := w.r
	r.Files = slices.Clone(r.Files)
	for i := range r.Files {
		r.Files[i].Untouched = i >= len(w.cands) || !w.cands[i].Swapped()
	}
	r.Failed, r.State = &Failure{step, cause.Error()}, Restoring
	w.close()
	err := e.save(r)
	if err != nil && w.r.State == Judged {
		r.State = Judged
		return r, &FailedError{r, errors.Join(cause, err)}
	}
	e.remember(r) // so that Recover knows why, where this process lives on
	r, err = e.restore(ctx, r)
	return r, &FailedError{r, errors.Join(cause, err)}
}

// units gives what has to be reloaded, sorted, each once.
func (r Record) units() []string {
	var all []string
	for _, f := range r.Files {
		if !f.Untouched {
			all = append(all, f.Units...)
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(u string) bool { return u == "" })
}
