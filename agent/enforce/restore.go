package enforce

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"stigwatch/agent/replace"
)

// backID is the id of what is staged on the way back: its candidates hold the old
// bytes, and must not be taken for those of the way there.
func backID(id string) string { return id + "-back" }

// restore gives the files of a plan that is Restoring their old content again, and
// the plan its last state. Every part of it can be done again. An error says what
// could not be done yet.
func (e *Engine) restore(ctx context.Context, r Record) (Record, error) {
	r.Files, r.Notes = slices.Clone(r.Files), slices.Clone(r.Notes)
	end := Restored
	var errs []error
	for i := len(r.Files) - 1; i >= 0; i-- {
		err := e.restoreFile(r, i)
		switch {
		case replace.Refused(err):
			end = Conflict
			r.Files[i].Conflict, r.Files[i].Found = err.Error(), e.digestNow(r.Files[i].Path)
			errs = append(errs, e.clear(r, i))
		case err != nil:
			errs = append(errs, err)
		}
	}
	e.reloadAgain(ctx, &r)
	if err := errors.Join(errs...); err != nil {
		return r, err
	}
	next := r
	next.State, next.Ended = end, e.now()
	if err := e.save(next); err != nil {
		return r, err
	}
	return next, nil
}

// restoreFile gives one file its old content again: by the very file that is still
// beside the new one, else from the copy. What is Refused is a conflict.
func (e *Engine) restoreFile(r Record, n int) error {
	f := r.Files[n]
	if f.Untouched {
		return e.clear(r, n)
	}
	if err := e.tree.TakeBack(f.Path, r.ID, f.pair()); err != nil {
		return err
	}
	if err := e.tree.Settle(f.Path, backID(r.ID), f.pairBack()); err != nil {
		return err
	}
	now, err := e.tree.Open(f.Path)
	if err != nil {
		return err
	}
	defer now.Close()
	switch now.Digest {
	case f.Was:
		return nil
	case f.New:
		return e.fromCopy(r, n, now)
	}
	return fmt.Errorf("cannot restore %q: %w: it is %s, this plan wrote %s over %s", f.Path, replace.ErrChanged, now.Digest, f.New, f.Was)
}

// clear removes what is beside a file that is to stay as it is. When its folder has
// become something else, that is gone with it.
func (e *Engine) clear(r Record, n int) error {
	f := r.Files[n]
	err := e.tree.Settle(f.Path, r.ID, f.pair())
	if err == nil {
		err = e.tree.Settle(f.Path, backID(r.ID), f.pairBack())
	}
	if replace.Refused(err) {
		return nil
	}
	return err
}

func (e *Engine) fromCopy(r Record, n int, now *replace.File) error {
	f := r.Files[n]
	b, err := e.copyOf(r.ID, "was", n, f.Was)
	if err != nil {
		return err
	}
	c, err := now.StageAs(backID(r.ID), b, f.WasMeta)
	if err != nil {
		return err
	}
	err = c.Commit()
	return errors.Join(err, e.tree.Settle(f.Path, backID(r.ID), f.pairBack()))
}

// digestNow is for the record of a conflict: empty when the file cannot be read.
func (e *Engine) digestNow(path string) string {
	f, err := e.tree.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	return f.Digest
}

// reloadAgain has the old content used. The way back goes on, whatever becomes of
// it, and also when the caller has given up.
func (e *Engine) reloadAgain(ctx context.Context, r *Record) {
	units := r.units()
	if len(units) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.opts.ReloadTimeout)
	defer cancel()
	if e.opts.Reload != nil {
		if err := e.opts.Reload(ctx, units); err != nil {
			r.Notes = append(r.Notes, fmt.Sprintf("after the way back, cannot reload: %s", err))
		}
	}
	if e.opts.Healthy != nil {
		if err := e.opts.Healthy(ctx, units); err != nil {
			r.Notes = append(r.Notes, fmt.Sprintf("after the way back: %s", err))
		}
	}
}
