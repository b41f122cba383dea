package enforce

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"stigwatch/agent/host"
)

const planFile = "plan.json"

// load reads every plan. A folder without plan.json is one whose making was cut
// short before anything was touched; Recover removes it. An undo that is done has
// undone its plan, even when that could not be written to the plan itself any more.
func (e *Engine) load() ([]Record, error) {
	dirs, err := os.ReadDir(e.plans)
	if err != nil {
		return nil, err
	}
	var all []Record
	for _, d := range dirs {
		r, err := readRecord(filepath.Join(e.plans, d.Name(), planFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && r.ID != d.Name() {
			err = fmt.Errorf("it is about plan %q", r.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read plan %q: %w", d.Name(), err)
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Record) int { return int(int64(a.Seq) - int64(b.Seq)) })
	for _, u := range all {
		if i := slices.IndexFunc(all, func(r Record) bool { return r.ID == u.Undoes }); i >= 0 && u.State == Done {
			all[i].State, all[i].UndoneBy = Undone, u.ID
		}
	}
	return all, nil
}

func readRecord(path string) (Record, error) {
	var r Record
	b, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return r, d.Decode(&r)
}

// save writes a plan's record, synced, and only then is it the one in memory.
// After an error the disk may have either.
func (e *Engine) save(r Record) error {
	if err := e.write(r); err != nil {
		return fmt.Errorf("cannot record plan %s as %s: %w", r.ID, r.State, err)
	}
	e.remember(r)
	return nil
}

func (e *Engine) remember(r Record) {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.records, func(o Record) bool { return o.ID == r.ID })
	if i < 0 {
		e.records = append(e.records, r)
		return
	}
	e.records[i] = r
}

func (e *Engine) write(r Record) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	dir, what := filepath.Join(e.plans, r.ID), "state "+string(r.State)
	if err := e.writeSynced(filepath.Join(dir, planFile+".new"), append(b, '\n'), what); err != nil {
		return err
	}
	if err := e.step("rename " + what); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(dir, planFile+".new"), filepath.Join(dir, planFile)); err != nil {
		return err
	}
	return e.syncFolder(dir, what)
}

func (e *Engine) writeSynced(path string, b []byte, what string) error {
	if err := e.step("create " + what); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := e.step("write " + what); err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		return err
	}
	if err := e.step("sync " + what); err != nil {
		return err
	}
	return f.Sync()
}

func (e *Engine) syncFolder(dir, what string) error {
	if err := e.step("sync folder of " + what); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir syncs a folder, or a file that was written before.
func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// saveCopies makes a plan's folder, with the old and the new bytes of its files. What
// has to be on disk before the record is synced side by side: the disk does that in
// the time of one.
func (e *Engine) saveCopies(id string, was, new [][]byte) error {
	dir := filepath.Join(e.plans, id)
	if err := e.step("make plan folder"); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	made := []string{e.plans}
	for which, all := range map[string][][]byte{"was": was, "new": new} {
		files, err := e.saveInto(filepath.Join(dir, which), all)
		if err != nil {
			return err
		}
		made = append(made, files...)
	}
	return e.syncAll(made)
}

// saveInto makes a folder of copies and gives what has to be synced of it.
func (e *Engine) saveInto(dir string, all [][]byte) ([]string, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	made := []string{dir}
	for i, b := range all {
		name := filepath.Join(dir, strconv.Itoa(i))
		if err := e.step("write copy"); err != nil {
			return nil, err
		}
		if err := os.WriteFile(name, b, 0o600); err != nil {
			return nil, err
		}
		made = append(made, name)
	}
	return made, nil
}

func (e *Engine) syncAll(paths []string) error {
	for range paths {
		if err := e.step("sync copies"); err != nil {
			return err
		}
	}
	errs := make([]error, len(paths))
	var all sync.WaitGroup
	for i, p := range paths {
		all.Go(func() { errs[i] = syncDir(p) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// copyOf reads a copy, "was" or "new", and holds it to its digest.
func (e *Engine) copyOf(id, which string, n int, digest string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(e.plans, id, which, strconv.Itoa(n)))
	if err != nil {
		return nil, fmt.Errorf("cannot read copy: %w", err)
	}
	if d := host.Digest(b); d != digest {
		return nil, fmt.Errorf("cannot use copy %s/%d of plan %s: it is %s and should be %s", which, n, id, d, digest)
	}
	return b, nil
}

// all gives the records as they are now, oldest first.
func (e *Engine) all() []Record {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.records)
}

// History gives every plan, newest first, undos among them.
func (e *Engine) History() []Record {
	all := e.all()
	slices.Reverse(all)
	return all
}

// Plan gives one plan, or an error that is ErrUnknown.
func (e *Engine) Plan(id string) (Record, error) {
	for _, r := range e.all() {
		if r.ID == id {
			return r, nil
		}
	}
	return Record{}, fmt.Errorf("cannot find plan %q: %w", id, ErrUnknown)
}

// Contents gives the old and the new bytes of a plan's n-th file. They may hold
// secrets. The error is ErrUnknown, ErrCopiesGone, or about the disk.
func (e *Engine) Contents(id string, n int) (was, new []byte, err error) {
	r, err := e.Plan(id)
	if err != nil {
		return nil, nil, err
	}
	if n < 0 || n >= len(r.Files) {
		return nil, nil, fmt.Errorf("cannot find file %d of plan %s: %w", n, id, ErrUnknown)
	}
	if r.CopiesGone {
		return nil, nil, fmt.Errorf("cannot read contents of plan %s: %w", id, ErrCopiesGone)
	}
	if was, err = e.copyOf(id, "was", n, r.Files[n].Was); err != nil {
		return nil, nil, err
	}
	new, err = e.copyOf(id, "new", n, r.Files[n].New)
	return was, new, err
}
