package enforce

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Expire removes the copies of plans that ended longer than keep ago, and of the
// oldest ones while all copies together are more than maxBytes; 0 is no limit. What
// is not at an end keeps its copies. The plans stay in History, with CopiesGone. It
// gives how many lost their copies.
func (e *Engine) Expire(keep time.Duration, maxBytes int64) (int, error) {
	e.busy.Lock()
	defer e.busy.Unlock()
	all := e.all()
	var total int64
	sizes := make([]int64, len(all))
	for i, r := range all {
		if !r.CopiesGone {
			sizes[i] = e.sizeOf(r.ID)
			total += sizes[i]
		}
	}
	n := 0
	var errs []error
	for i, r := range all {
		old, large := keep > 0 && e.now().Sub(r.Ended) > keep, maxBytes > 0 && total > maxBytes
		if r.CopiesGone || !r.State.Final() || !old && !large {
			continue
		}
		if err := e.forget(r); err != nil {
			errs = append(errs, fmt.Errorf("cannot remove copies of plan %s: %w", r.ID, err))
			continue
		}
		total -= sizes[i]
		n++
	}
	return n, errors.Join(errs...)
}

func (e *Engine) forget(r Record) error {
	r.CopiesGone = true
	if err := e.save(r); err != nil {
		return err
	}
	return e.removeCopies(r.ID)
}

func (e *Engine) removeCopies(id string) error {
	var errs []error
	for _, which := range []string{"was", "new"} {
		dir := filepath.Join(e.plans, id, which)
		if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := e.step("remove copies"); err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}

func (e *Engine) sizeOf(id string) int64 {
	var n int64
	for _, which := range []string{"was", "new"} {
		files, _ := os.ReadDir(filepath.Join(e.plans, id, which))
		for _, f := range files {
			if st, err := f.Info(); err == nil {
				n += st.Size()
			}
		}
	}
	return n
}
