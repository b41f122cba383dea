package enforce

import (
	"bytes"
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
	"golang.org/x/sys/unix"

	"stigwatch/agent/host"
	"stigwatch/agent/replace"
)

const (
	pathA = "/etc/ssh/sshd_config"
	pathB = "/etc/rsyslog.conf"
)

var (
	oldA = []byte("PermitRootLogin yes\n")
	newA = []byte("PermitRootLogin no\n")
	oldB = []byte("*.* /var/log/messages\n")
	newB = bytes.Repeat([]byte("*.* @@siem.example:6514 # makes it longer than what is written at once\n"), 600)
)

// box is a little machine with two files and an engine.
type box struct {
	root, state string
	clock       time.Time
	o           Options
	reloaded    []string
	forGood     bool // trouble stays: see cutShort
}

func newBox(t testing.TB) *box {
	return boxAt(t, inMemory(t))
}

func boxAt(t testing.TB, dir string) *box {
	b := &box{root: dir + "/root", state: dir + "/state", clock: time.Date(2026, 11, 27, 20, 45, 0, 0, time.UTC)}
	b.o = Options{
		Dir: b.state, Files: replace.Options{Root: b.root, Owner: uint32(os.Getuid())}, Programs: []Program{},
		Now: func() time.Time { return b.clock },
		Reload: func(_ context.Context, units []string) error {
			b.reloaded = append(b.reloaded, units...)
			return nil
		},
	}
	if _, err := os.Lstat(b.root); err == nil {
		return b
	}
	must(t, os.MkdirAll(b.root+"/etc/ssh", 0o755))
	for _, d := range []string{b.root, b.root + "/etc", b.root + "/etc/ssh"} {
		must(t, os.Chmod(d, 0o755))
	}
	b.put(t, pathA, oldA)
	b.put(t, pathB, oldB)
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *box) put(t testing.TB, path string, content []byte) {
	t.Helper()
	must(t, os.WriteFile(b.root+path, content, 0o640))
}

func (b *box) get(t testing.TB, path string) string {
	t.Helper()
	got, err := os.ReadFile(b.root + path)
	must(t, err)
	return string(got)
}

func (b *box) engine(t testing.TB) *Engine {
	t.Helper()
	e, err := Open(b.o)
	must(t, err)
	t.Cleanup(func() { e.Close() })
	return e
}

// job is about both files.
func (b *box) job() Job {
	return Job{
		Rules: []string{"V-250987"}, By: Who{UID: 0, Name: "root"}, Reason: "test",
		Files: []FileChange{
			{Path: pathA, Was: host.Digest(oldA), New: newA, Units: []string{"sshd.service"}},
			{Path: pathB, Was: host.Digest(oldB), New: newB, Units: []string{"rsyslog.service"}},
		},
	}
}

func (b *box) holds(t testing.TB, a, other []byte) {
	t.Helper()
	if got := b.get(t, pathA); got != string(a) {
		t.Errorf("%s holds %.30q, want %.30q", pathA, got, a)
	}
	if got := b.get(t, pathB); got != string(other) {
		t.Errorf("%s holds %.30q, want %.30q", pathB, got, other)
	}
}

// clean fails when something is beside the files.
func (b *box) clean(t testing.TB) {
	t.Helper()
	_ = filepath.WalkDir(b.root, func(p string, _ fs.DirEntry, err error) error {
		if err != nil || strings.Contains(p, ".stigwatch-") {
			t.Errorf("left: %s %v", p, err)
		}
		return nil
	})
}

func (b *box) failed(t testing.TB, err error, step Step, state State) Record {
	t.Helper()
	var f *FailedError
	if !errors.As(err, &f) || f.Record.Failed == nil || f.Record.Failed.Step != step || f.Record.State != state {
		t.Fatalf("want %s at %s, got %v", state, step, err)
	}
	return f.Record
}

func TestAJobReplacesAllItsFilesAndIsUndoneByteForByte(t *testing.T) {
	b := boxAt(t, t.TempDir()) // a file system in memory may have no user attributes
	must(t, os.Chmod(b.root+pathA, 0o604))
	must(t, unix.Setxattr(b.root+pathB, "user.note", []byte("x"), 0))
	e := b.engine(t)
	b.o.Judge = nil
	r, err := e.Apply(context.Background(), b.job())
	must(t, err)
	b.holds(t, newA, newB)
	b.clean(t)
	if r.State != Done || r.ID[:16] != "20261127T204500Z" || r.Ended.IsZero() {
		t.Errorf("%+v", r)
	}
	if d := cmp.Diff([]string{"rsyslog.service", "sshd.service"}, b.reloaded); d != "" {
		t.Error(d)
	}
	must(t, os.Chmod(b.root+pathA, 0o600)) // the mode that it had comes back, too
	u, err := e.Undo(context.Background(), r.ID, Who{UID: 7}, "no")
	must(t, err)
	b.holds(t, oldA, oldB)
	b.clean(t)
	st, err := os.Stat(b.root + pathA)
	must(t, err)
	var v [1]byte
	if _, err := unix.Getxattr(b.root+pathB, "user.note", v[:]); err != nil || v[0] != 'x' || st.Mode() != 0o604 {
		t.Errorf("mode %v, attribute %v", st.Mode(), err)
	}
	want := []State{Done, Undone}
	e.Close()
	h := b.engine(t).History()
	if d := cmp.Diff(want, []State{h[0].State, h[1].State}); d != "" || h[0].Undoes != r.ID || h[1].UndoneBy != u.ID || h[0].By.UID != 7 {
		t.Errorf("%s %+v", d, h)
	}
}

func TestWhatIsRefusedBeforeAnythingIsTouched(t *testing.T) {
	cases := map[string]struct {
		change func(b *box, j *Job)
		want   error
	}{
		"no files":     {func(_ *box, j *Job) { j.Files = nil }, ErrNothing},
		"same bytes":   {func(_ *box, j *Job) { j.Files[1].New = oldB }, ErrNothing},
		"stale digest": {func(_ *box, j *Job) { j.Files[1].Was = host.Digest(newB) }, replace.ErrChanged},
		"missing":      {func(_ *box, j *Job) { j.Files[1].Path = "/etc/none" }, replace.ErrMissing},
		"traversal":    {func(_ *box, j *Job) { j.Files[1].Path = "/etc/../etc/rsyslog.conf" }, replace.ErrPath},
		"link": {func(b *box, j *Job) {
			_ = os.Symlink("rsyslog.conf", b.root+"/etc/link")
			j.Files[1].Path = "/etc/link"
		}, replace.ErrLink},
		"hard link": {func(b *box, _ *Job) { _ = os.Link(b.root+pathB, b.root+"/etc/two") }, replace.ErrHardLinked},
		"twice":     {func(_ *box, j *Job) { j.Files[1] = j.Files[0] }, nil},
		"too large": {func(_ *box, j *Job) { j.Files[1].New = make([]byte, replace.DefaultMaxBytes+1) }, replace.ErrTooLarge},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			j := b.job()
			c.change(b, &j)
			e := b.engine(t)
			_, err := e.Apply(context.Background(), j)
			var f *FailedError
			if err == nil || c.want != nil && !errors.Is(err, c.want) || errors.As(err, &f) {
				t.Errorf("got %v", err)
			}
			b.holds(t, oldA, oldB)
			b.clean(t)
			if h := e.History(); len(h) != 0 {
				t.Errorf("there is a plan: %+v", h)
			}
		})
	}
}

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

func TestWhateverFailsEverythingIsRestored(t *testing.T) {
	broken := errors.New("broken")
	once := func(b *box) func(context.Context, []string) error { // the way back reloads, too
		return func(_ context.Context, u []string) error {
			b.reloaded = append(b.reloaded, u...)
			if len(b.reloaded) <= 2 {
				return broken
			}
			return nil
		}
	}
	cases := map[Step]func(b *box){
		StepReload: func(b *box) { b.o.Reload = once(b) },
		StepHealth: func(b *box) {
			n := 0
			b.o.Healthy = func(context.Context, []string) error {
				if n++; n == 1 {
					return broken
				}
				return nil
			}
		},
		StepJudge: func(b *box) { b.o.Judge = func(context.Context, Record) error { return broken } },
	}
	for step, set := range cases {
		t.Run(string(step), func(t *testing.T) {
			b := newBox(t)
			set(b)
			before := tell(t, b.root)
			e := b.engine(t)
			_, err := e.Apply(context.Background(), b.job())
			r := b.failed(t, err, step, Restored)
			if !errors.Is(err, broken) || len(r.Notes) != 0 {
				t.Errorf("%v, %v", err, r.Notes)
			}
			b.clean(t)
			if d := cmp.Diff(before, tell(t, b.root)); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([]string{"rsyslog.service", "sshd.service", "rsyslog.service", "sshd.service"}, b.reloaded); d != "" {
				t.Errorf("reloaded: %s", d)
			}
		})
	}
}

// tell says of every file its mode, times, owner and bytes.
func tell(t testing.TB, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(p, &st); err != nil {
			return err
		}
		b, err := os.ReadFile(p)
		all[p] = fmt.Sprintf("%o %d:%d %d.%d %d %s", st.Mode, st.Uid, st.Gid, st.Mtim.Sec, st.Mtim.Nsec, st.Ino, host.Digest(b))
		return err
	}))
	return all
}

func TestTroubleOnTheWayBackIsToldAndDoesNotStopIt(t *testing.T) {
	b := newBox(t)
	b.o.Reload = func(context.Context, []string) error { return errors.New("no bus") }
	b.o.Healthy = func(context.Context, []string) error { return errors.New("sshd is down") }
	_, err := b.engine(t).Apply(context.Background(), b.job())
	r := b.failed(t, err, StepReload, Restored)
	b.holds(t, oldA, oldB)
	if d := cmp.Diff([]string{"after the way back, cannot reload: no bus", "after the way back: sshd is down"}, r.Notes); d != "" {
		t.Error(d)
	}
}

func TestACallerThatGivesUpGetsEverythingRestoredAndReloaded(t *testing.T) {
	b := newBox(t)
	ctx, cancel := context.WithCancel(context.Background())
	var after error
	n := 0
	b.o.Reload = func(c context.Context, _ []string) error {
		if n++; n == 1 {
			cancel()
			return nil
		}
		after = c.Err()
		return nil
	}
	_, err := b.engine(t).Apply(ctx, b.job())
	b.failed(t, err, StepReload, Restored)
	b.holds(t, oldA, oldB)
	if n != 2 || after != nil {
		t.Errorf("reloaded %d times, the last with %v", n, after)
	}
}

func TestSomebodyElsesEditIsNotTouchedOnTheWayBack(t *testing.T) {
	theirs := []byte("theirs\n")
	b := newBox(t)
	b.o.Judge = func(context.Context, Record) error {
		b.put(t, pathA, theirs)
		return errors.New("no")
	}
	e := b.engine(t)
	_, err := e.Apply(context.Background(), b.job())
	r := b.failed(t, err, StepJudge, Conflict)
	b.holds(t, theirs, oldB)
	b.clean(t)
	f := r.Files[0]
	if f.Found != host.Digest(theirs) || !strings.Contains(f.Conflict, f.Found) || !strings.Contains(f.Conflict, f.New) || r.Files[1].Conflict != "" {
		t.Errorf("%+v", r.Files)
	}
	j := b.job()
	j.Files[0].Was = host.Digest(theirs)
	b.o.Judge = nil
	e.Close()
	if _, err := b.engine(t).Apply(context.Background(), j); err != nil {
		t.Errorf("a conflict is an end, but: %v", err)
	}
}

// The second file is edited before it is this job's turn to write it.
func TestAnEditBeforeItsFileIsReplacedTakesTheJobBackWithoutConflict(t *testing.T) {
	theirs := []byte("theirs\n")
	for _, step := range []string{"create new content of ", "look again at ", "swap "} {
		b := newBox(t)
		b.o.Step = func(name string) error {
			if name == step+pathB {
				b.put(t, pathB, theirs)
			}
			return nil
		}
		_, err := b.engine(t).Apply(context.Background(), b.job())
		r := b.failed(t, err, StepReplace, Restored)
		if !errors.Is(err, replace.ErrChanged) || !r.Files[1].Untouched {
			t.Errorf("at %q: %v", step, err)
		}
		b.holds(t, oldA, theirs)
		b.clean(t)
	}
}

func TestLinksThatAppearInTheMiddleAreNotFollowed(t *testing.T) {
	tricks := map[string]func(b *box){
		"file": func(b *box) {
			must(t, os.Rename(b.root+pathA, b.root+"/etc/victim"))
			must(t, os.Symlink("/etc/victim", b.root+pathA))
		},
		"folder": func(b *box) {
			must(t, os.Rename(b.root+"/etc/ssh", b.root+"/etc/victim"))
			must(t, os.Symlink("victim", b.root+"/etc/ssh"))
		},
	}
	for trick, do := range tricks {
		for _, step := range []string{"create new content of ", "look again at ", "swap "} {
			t.Run(trick+" at "+step, func(t *testing.T) {
				b := newBox(t)
				b.o.Step = func(name string) error {
					if name == step+pathA {
						do(b)
					}
					return nil
				}
				_, err := b.engine(t).Apply(context.Background(), b.job())
				var f *FailedError
				if !errors.As(err, &f) || !replace.Refused(err) || !f.Record.State.Final() {
					t.Fatalf("got %v", err)
				}
				real := b.root + "/etc/victim"
				if trick == "folder" {
					real += "/sshd_config"
				}
				if got, err := os.ReadFile(real); err != nil || !bytes.Equal(got, oldA) {
					t.Errorf("what the link leads to holds %q, %v", got, err)
				}
				if b.get(t, pathB) != string(oldB) {
					t.Error("the other file was left new")
				}
			})
		}
	}
}

func TestAPlanThatWaitsIsConfirmedOrTakenBack(t *testing.T) {
	b := newBox(t)
	j := b.job()
	j.Confirm = 10 * time.Minute
	e := b.engine(t)
	r, err := e.Apply(context.Background(), j)
	must(t, err)
	if at, ok := e.Deadline(); r.State != Waiting || !ok || !at.Equal(b.clock.Add(10*time.Minute)) {
		t.Fatalf("%s until %v", r.State, at)
	}
	var w *WaitingError
	j2 := Job{Files: []FileChange{{Path: pathA, Was: host.Digest(newA), New: []byte("x")}}}
	if _, err := e.Apply(context.Background(), j2); !errors.As(err, &w) || w.Waits != r.ID {
		t.Errorf("got %v", err)
	}
	b.clock = b.clock.Add(10*time.Minute - time.Second)
	if did, err := e.Recover(context.Background()); err != nil || len(did) != 0 {
		t.Errorf("too early: %+v, %v", did, err)
	}
	if _, err := e.Confirm("nothing", Who{}); !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v", err)
	}
	c, err := e.Confirm(r.ID, Who{UID: 5})
	if err != nil || c.State != Done || c.ConfirmedBy.UID != 5 {
		t.Errorf("%+v, %v", c, err)
	}
	var s *StateError
	if _, err := e.Confirm(r.ID, Who{}); !errors.As(err, &s) {
		t.Errorf("a second time: %v", err)
	}
	b.clock = b.clock.Add(time.Hour)
	if did, err := e.Overdue(context.Background()); err != nil || len(did) != 0 {
		t.Errorf("confirmed, and yet: %+v, %v", did, err)
	}
	b.holds(t, newA, newB)
}

func TestWhatNobodyConfirmsIsTakenBackAlsoAcrossARestart(t *testing.T) {
	for name, wait := range map[string]time.Duration{"in time": 10 * time.Minute, "clock set back": -2 * time.Minute} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprint(name, restart), func(t *testing.T) {
				b := newBox(t)
				j := b.job()
				j.Confirm = 10 * time.Minute
				e := b.engine(t)
				r, err := e.Apply(context.Background(), j)
				must(t, err)
				b.clock = b.clock.Add(wait)
				b.reloaded = nil
				if _, err := e.Confirm(r.ID, Who{}); !errors.Is(err, ErrTooLate) {
					t.Errorf("got %v", err)
				}
				again := e.Overdue
				if restart {
					e.Close()
					e = b.engine(t)
					again = e.Recover
				}
				did, err := again(context.Background())
				if err != nil || len(did) != 1 || did[0].From != Waiting || did[0].Record.State != Restored || did[0].Record.Failed.Step != StepConfirm {
					t.Fatalf("%+v, %v", did, err)
				}
				b.holds(t, oldA, oldB)
				b.clean(t)
				if len(b.reloaded) != 2 {
					t.Errorf("reloaded %v", b.reloaded)
				}
				if did, err := again(context.Background()); err != nil || len(did) != 0 {
					t.Errorf("again: %+v, %v", did, err)
				}
			})
		}
	}
}

func TestUndoRefusesWhatItCannotGiveBackExactly(t *testing.T) {
	b := newBox(t)
	e := b.engine(t)
	undo := func(id string) error {
		_, err := e.Undo(context.Background(), id, Who{}, "")
		return err
	}
	first, err := e.Apply(context.Background(), b.job())
	must(t, err)
	second, err := e.Apply(context.Background(), Job{Files: []FileChange{{Path: pathA, Was: host.Digest(newA), New: []byte("second\n")}}})
	must(t, err)
	var newer *NewerError
	if err := undo(first.ID); !errors.As(err, &newer) || newer.Newer != second.ID || newer.Path != pathA {
		t.Errorf("got %v", err)
	}
	b.put(t, pathA, []byte("edited\n"))
	var edited *EditedError
	if err := undo(second.ID); !errors.As(err, &edited) || edited.Path != pathA || string(edited.NowBytes) != "edited\n" ||
		string(edited.WroteBytes) != "second\n" || edited.Now != host.Digest([]byte("edited\n")) {
		t.Errorf("got %v", err)
	}
	if strings.Contains(edited.Error(), "edited\n") {
		t.Error("the error shows the bytes, which may hold secrets")
	}
	b.put(t, pathA, []byte("second\n"))
	must(t, undo(second.ID))
	var state *StateError
	if err := undo(second.ID); !errors.As(err, &state) || state.State != Undone {
		t.Errorf("got %v", err)
	}
	if err := undo(e.History()[0].ID); !errors.As(err, &state) {
		t.Errorf("an undo of an undo: %v", err)
	}
	must(t, undo(first.ID)) // the second one no longer stands in the way
	b.holds(t, oldA, oldB)
	if err := undo("nothing"); !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v", err)
	}
	if n := len(e.History()); n != 4 {
		t.Errorf("%d plans", n)
	}
}

func TestAnUndoThatFailsLeavesThePlanStanding(t *testing.T) {
	b := newBox(t)
	e := b.engine(t)
	r, err := e.Apply(context.Background(), b.job())
	must(t, err)
	e.Close()
	n := 0
	b.o.Reload = func(context.Context, []string) error {
		if n++; n == 1 {
			return errors.New("no")
		}
		return nil
	}
	e = b.engine(t)
	_, err = e.Undo(context.Background(), r.ID, Who{}, "")
	b.failed(t, err, StepReload, Restored)
	b.holds(t, newA, newB)
	if now, _ := e.Plan(r.ID); now.State != Done {
		t.Errorf("it is %s", now.State)
	}
	must(t, second(e.Undo(context.Background(), r.ID, Who{}, "")))
	b.holds(t, oldA, oldB)
}

func second[T any](_ T, err error) error { return err }

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
