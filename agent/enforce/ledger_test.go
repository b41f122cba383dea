package enforce

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/host"
)

func TestTheStateFolderIsOneEnginesAndSafe(t *testing.T) {
	b := newBox(t)
	b.engine(t)
	st, err := os.Stat(b.state)
	must(t, err)
	if st.Mode().Perm() != 0o700 {
		t.Errorf("made with mode %v", st.Mode())
	}
	if _, err := Open(b.o); !errors.Is(err, ErrHeld) {
		t.Errorf("got %v", err)
	}
	for _, mode := range []fs.FileMode{0o720, 0o702} {
		must(t, os.Chmod(b.state, mode))
		if _, err := Open(b.o); !errors.Is(err, ErrUnsafe) {
			t.Errorf("%v: got %v", mode, err)
		}
	}
	must(t, os.Chmod(b.state, 0o700))
	b.o.Dir = t.TempDir() + "/link"
	must(t, os.Symlink(b.state, b.o.Dir))
	if _, err := Open(b.o); !errors.Is(err, ErrUnsafe) {
		t.Errorf("a link: %v", err)
	}
	if os.Getuid() == 0 {
		b.o.Dir = t.TempDir()
		must(t, os.Chown(b.o.Dir, 4242, 4242))
		if _, err := Open(b.o); !errors.Is(err, ErrUnsafe) {
			t.Errorf("somebody else's: %v", err)
		}
	}
}

func TestExpiryRemovesCopiesAndKeepsTheHistory(t *testing.T) {
	b := newBox(t)
	e := b.engine(t)
	apply := func(path string, was, new []byte) Record {
		t.Helper()
		r, err := e.Apply(context.Background(), Job{Files: []FileChange{{Path: path, Was: host.Digest(was), New: new}}})
		must(t, err)
		b.clock = b.clock.Add(24 * time.Hour)
		return r
	}
	apply(pathA, oldA, newA)
	other := apply(pathB, oldB, newB)
	apply(pathA, newA, oldA)
	waiting, err := e.Apply(context.Background(), Job{Confirm: time.Hour, Files: []FileChange{{Path: pathA, Was: host.Digest(oldA), New: newA}}})
	must(t, err)
	gone := func() []bool {
		var g []bool
		for _, r := range e.all() {
			_, err := os.Stat(filepath.Join(b.state, "plans", r.ID, "was"))
			if r.CopiesGone != errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: marked %v, but %v", r.ID, r.CopiesGone, err)
			}
			g = append(g, r.CopiesGone)
		}
		return g
	}
	n, err := e.Expire(60*time.Hour, 0)
	if d := cmp.Diff([]bool{true, false, false, false}, gone()); err != nil || n != 1 || d != "" {
		t.Errorf("%d, %v %s", n, err, d)
	}
	n, err = e.Expire(0, int64(len(newA)+len(oldA))*2)
	if d := cmp.Diff([]bool{true, true, false, false}, gone()); err != nil || n != 1 || d != "" {
		t.Errorf("%d, %v %s", n, err, d)
	}
	n, err = e.Expire(0, 1)
	if d := cmp.Diff([]bool{true, true, true, false}, gone()); err != nil || n != 1 || d != "" {
		t.Errorf("%d, %v %s", n, err, d)
	}
	if err := second(e.Undo(context.Background(), other.ID, Who{}, "")); !errors.Is(err, ErrCopiesGone) {
		t.Errorf("got %v", err)
	}
	must(t, second(e.Undo(context.Background(), waiting.ID, Who{}, "")))
	b.holds(t, oldA, newB)
}

func TestPlansKeepTheirOrderWhenTheClockIsSetBack(t *testing.T) {
	b := newBox(t)
	e := b.engine(t)
	var ids []string
	was := oldA
	for i := range 5 {
		b.clock = b.clock.Add(-time.Hour)
		next := fmt.Appendf(nil, "%d\n", i)
		r, err := e.Apply(context.Background(), Job{Files: []FileChange{{Path: pathA, Was: host.Digest(was), New: next}}})
		must(t, err)
		ids, was = append(ids, r.ID), next
	}
	e.Close()
	e = b.engine(t)
	slices.Reverse(ids)
	var got []string
	for _, r := range e.History() {
		got = append(got, r.ID)
	}
	if d := cmp.Diff(ids, got); d != "" {
		t.Error(d)
	}
	for _, id := range ids {
		must(t, second(e.Undo(context.Background(), id, Who{}, "")))
	}
	b.holds(t, oldA, oldB)
}

func TestABrokenRecordIsNamedAndNothingIsDone(t *testing.T) {
	b := newBox(t)
	e := b.engine(t)
	r, err := e.Apply(context.Background(), b.job())
	must(t, err)
	e.Close()
	must(t, os.WriteFile(filepath.Join(b.state, "plans", r.ID, planFile), []byte(`{"id": "x"`), 0o600))
	if _, err := Open(b.o); err == nil || !strings.Contains(err.Error(), r.ID) {
		t.Errorf("got %v", err)
	}
}

func TestACopyThatWasTamperedWithIsNotUsed(t *testing.T) {
	b := newBox(t)
	e := b.engine(t)
	r, err := e.Apply(context.Background(), b.job())
	must(t, err)
	must(t, os.WriteFile(filepath.Join(b.state, "plans", r.ID, "was/1"), []byte("evil"), 0o600))
	if err := second(e.Undo(context.Background(), r.ID, Who{}, "")); err == nil || !strings.Contains(err.Error(), "was/1") {
		t.Errorf("got %v", err)
	}
	b.holds(t, newA, newB)
}

// Who owns a folder above the state folder could put another in its place.
func TestAStateFolderInAnothersFolderIsRefused(t *testing.T) {
	asRoot(t)
	b := newBox(t)
	above := filepath.Join(b.root, "theirs")
	must(t, os.Mkdir(above, 0o755))
	b.o.Dir = filepath.Join(above, "state")
	must(t, os.Mkdir(b.o.Dir, 0o700))
	must(t, os.Chown(above, 4242, -1))
	if _, err := Open(b.o); !errors.Is(err, ErrUnsafe) {
		t.Errorf("got %v", err)
	}
	must(t, os.Chown(above, 0, -1))
	e, err := Open(b.o)
	must(t, err)
	must(t, e.Close())
}
