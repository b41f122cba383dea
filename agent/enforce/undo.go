package enforce

import (
	"context"
	"errors"
	"fmt"
)

// Undo gives the files of a plan that stands, or waits, the very bytes that they had. Their
// owner, mode and attributes are what they were, since a plan keeps them; what somebody
// has changed of those since stays. It is a plan of its own, which names the other one in Undoes, and
// fails as Apply does; what programs say against the old bytes is recorded and does
// not stop it. Before anything is touched the error is *EditedError (several joined),
// *NewerError, *StateError, ErrUnknown, ErrCopiesGone, ErrUnfinished, or one of
// package replace's.
func (e *Engine) Undo(ctx context.Context, id string, by Who, reason string) (Record, error) {
	e.busy.Lock()
	defer e.busy.Unlock()
	old, err := e.undoable(id)
	if err != nil {
		return Record{}, err
	}
	w := &work{r: Record{Rules: old.Rules, By: by, Reason: reason, Undoes: id}}
	defer w.close()
	var errs []error
	for n := range old.Files {
		errs = append(errs, e.takeForUndo(w, old, n))
	}
	if err := errors.Join(errs...); err != nil {
		return Record{}, err
	}
	if err := e.prepare(w); err != nil {
		return Record{}, err
	}
	return e.run(ctx, w)
}

func (e *Engine) undoable(id string) (Record, error) {
	old, err := e.Plan(id)
	if err != nil {
		return old, err
	}
	if err := e.settled(); err != nil {
		return old, err
	}
	switch {
	case old.Undoes != "":
		return old, &StateError{id, old.State, "undo", "it is an undo itself, of plan " + old.Undoes}
	case old.State == Undone:
		return old, &StateError{id, old.State, "undo", "plan " + old.UndoneBy + " has undone it"}
	case old.State != Done && old.State != Waiting:
		return old, &StateError{id, old.State, "undo", fmt.Sprintf("it does not stand, it is %s", old.State)}
	case old.CopiesGone:
		return old, fmt.Errorf("cannot undo plan %s: %w", id, ErrCopiesGone)
	}
	return old, e.newestOn(old)
}

// newestOn refuses when a newer plan stands on one of a plan's files.
func (e *Engine) newestOn(old Record) error {
	mine := old.paths()
	for _, r := range e.History() {
		if r.Seq <= old.Seq || r.Undoes != "" || r.State != Done && r.State != Waiting {
			continue
		}
		for _, f := range r.Files {
			if mine[f.Path] {
				return &NewerError{old.ID, f.Path, r.ID}
			}
		}
	}
	return nil
}

func (e *Engine) takeForUndo(w *work, old Record, n int) error {
	was, wrote, err := e.Contents(old.ID, n)
	if err != nil {
		return err
	}
	f, err := e.tree.Open(old.Files[n].Path)
	if err != nil {
		return err
	}
	o := old.Files[n]
	w.files, w.new = append(w.files, f), append(w.new, was)
	w.r.Files = append(w.r.Files, FileRecord{Path: o.Path, Was: o.New, New: o.Was, WasMeta: f.Meta, Units: o.Units, Facts: o.Facts})
	if f.Digest != o.New {
		return &EditedError{ID: old.ID, Path: o.Path, Wrote: o.New, Now: f.Digest, WroteBytes: wrote, NowBytes: f.Bytes}
	}
	return nil
}
