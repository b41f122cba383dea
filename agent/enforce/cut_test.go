package enforce

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The environment of a child that is killed in the middle.
const (
	childDir  = "STIGWATCH_TEST_ENFORCE_DIR"
	childDoes = "STIGWATCH_TEST_ENFORCE_DOES"
	childDies = "STIGWATCH_TEST_ENFORCE_DIES" // at which step, counted from 1
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

// ways are what may be cut short: what has to be done before, and the thing itself.
var ways = map[string]struct {
	before, do func(b *box, e *Engine) error
}{
	"apply": {nil, func(b *box, e *Engine) error { return second(e.Apply(context.Background(), b.job())) }},
	"apply that fails": {nil, func(b *box, e *Engine) error {
		e.opts.Judge = func(context.Context, Record) error { return errors.New("no") }
		err := second(e.Apply(context.Background(), b.job()))
		var f *FailedError
		if errors.As(err, &f) && f.Record.State == Restored && f.Record.Failed.Step == StepJudge {
			return nil
		}
		return err
	}},
	"apply that waits": {nil, func(b *box, e *Engine) error {
		j := b.job()
		j.Confirm = time.Minute
		return second(e.Apply(context.Background(), j))
	}},
	"undo": {
		func(b *box, e *Engine) error { return second(e.Apply(context.Background(), b.job())) },
		func(_ *box, e *Engine) error {
			return second(e.Undo(context.Background(), e.all()[0].ID, Who{}, ""))
		},
	},
	"take back": {
		func(b *box, e *Engine) error {
			j := b.job()
			j.Confirm = time.Minute
			return second(e.Apply(context.Background(), j))
		},
		func(b *box, e *Engine) error {
			b.clock = b.clock.Add(time.Hour)
			return second(e.Overdue(context.Background()))
		},
	},
	"confirm": {
		func(b *box, e *Engine) error {
			j := b.job()
			j.Confirm = time.Minute
			return second(e.Apply(context.Background(), j))
		},
		func(_ *box, e *Engine) error { return second(e.Confirm(e.all()[0].ID, Who{})) },
	},
	"expire": {
		func(b *box, e *Engine) error { return second(e.Apply(context.Background(), b.job())) },
		func(_ *box, e *Engine) error { return second(e.Expire(0, 1)) },
	},
	"recover": { // of a plan that was all written
		func(b *box, e *Engine) error {
			e.opts.Judge = func(context.Context, Record) error { panic(stop{}) }
			defer func() { _ = recover() }()
			return second(e.Apply(context.Background(), b.job()))
		},
		func(_ *box, e *Engine) error { return second(e.Recover(context.Background())) },
	},
}

// renaming is before the name of a way that does without RENAME_EXCHANGE.
const renaming = "renaming: "

func wayOf(what string) (before, do func(b *box, e *Engine) error) {
	w := ways[strings.TrimPrefix(what, renaming)]
	return w.before, w.do
}

// allWays gives every way, and those that replace files by renaming, too.
func allWays() []string {
	all := []string{renaming + "apply", renaming + "apply that fails", renaming + "undo", renaming + "recover"}
	for what := range ways {
		all = append(all, what)
	}
	return all
}

type stop struct{}

// child does one thing and kills itself at a step of it.
func child(dir string) int {
	b := &box{root: dir + "/root", state: dir + "/state"}
	dies, err := strconv.Atoi(os.Getenv(childDies))
	if err == nil {
		err = b.cutShort(dir, os.Getenv(childDoes), dies, func(string) error {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		})
	}
	fmt.Fprintln(os.Stderr, "the child lived on:", err)
	return 3
}

// cutShort does a thing, with trouble at its n-th step. When it is
// for good, at all steps after it too.
func (b *box) cutShort(dir, what string, n int, trouble func(name string) error) error {
	forGood := b.forGood
	*b = *boxAt(nil, dir)
	b.forGood = forGood
	b.o.Files.NoExchange = strings.HasPrefix(what, renaming)
	b.clock = b.clock.Add(time.Second)
	b.o.Now = func() time.Time { return b.clock }
	i := 0
	b.o.Step = func(name string) error {
		if i++; i == n || b.forGood && i > n {
			return trouble(name)
		}
		return nil
	}
	e, err := Open(b.o)
	if err != nil {
		return err
	}
	defer e.Close()
	i = 0
	_, do := wayOf(what)
	err = do(b, e)
	if i < n {
		return fmt.Errorf("it took %d steps, no trouble came at number %d", i, n)
	}
	return err
}

// inMemory gives a folder where syncing takes no time, if there is one.
func inMemory(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "stigwatch-enforce-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// start makes a box on which the thing can be done.
func start(t *testing.T, what string) (*box, string) {
	t.Helper()
	dir := inMemory(t)
	b := boxAt(t, dir)
	b.o.Files.NoExchange = strings.HasPrefix(what, renaming)
	if before, _ := wayOf(what); before != nil {
		e, err := Open(b.o)
		must(t, err)
		must(t, before(b, e))
		must(t, e.Close())
	}
	return b, dir
}

// stepsOf gives the names of the steps of a thing that nothing cuts short.
func stepsOf(t *testing.T, what string) []string {
	t.Helper()
	b, _ := start(t, what)
	var names []string
	b.o.Step = func(name string) error {
		names = append(names, name)
		return nil
	}
	e := b.engine(t)
	names = nil
	_, do := wayOf(what)
	if err := do(b, e); err != nil {
		t.Fatalf("%s without any trouble: %v", what, err)
	}
	e.Close()
	return names
}

// sound recovers in a process that knows nothing, and holds the box to what has to
// be true then, whatever happened.
func (b *box) sound(t *testing.T, when string) {
	t.Helper()
	whole := func() (a, other bool) {
		gotA, gotB := b.get(t, pathA), b.get(t, pathB)
		if gotA != string(oldA) && gotA != string(newA) || gotB != string(oldB) && gotB != string(newB) {
			t.Fatalf("%s: a file is neither old nor new: %.40q %.40q", when, gotA, gotB)
		}
		return gotA == string(newA), gotB == string(newB)
	}
	whole()
	b.o.Step, b.o.Judge = nil, nil
	e, err := Open(b.o)
	must(t, err)
	defer e.Close()
	if _, err := e.Recover(context.Background()); err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	a, other := whole()
	if a != other {
		t.Errorf("%s: one file is old and one is new", when)
	}
	b.clean(t)
	b.tidy(t, e, when)
	stands := false
	for _, r := range e.all() {
		if !r.State.Final() && r.State != Waiting || r.State == Conflict {
			t.Errorf("%s: plan %s is %s", when, r.ID, r.State)
		}
		stands = stands || r.Undoes == "" && (r.State == Done || r.State == Waiting)
	}
	if stands != a {
		t.Errorf("%s: the ledger says that a plan stands: %v, the files are new: %v", when, stands, a)
	}
	before, beside := tell(t, b.root), tell(t, b.state)
	if did, err := e.Recover(context.Background()); err != nil || len(did) != 0 {
		t.Errorf("%s: a second time: %+v, %v", when, did, err)
	}
	if d := cmp.Diff(before, tell(t, b.root)) + cmp.Diff(beside, tell(t, b.state)); d != "" {
		t.Errorf("%s: a second time it changed %s", when, d)
	}
}

// tidy fails when the state folder holds something that no plan needs.
func (b *box) tidy(t *testing.T, e *Engine, when string) {
	t.Helper()
	want := map[string]bool{}
	for _, r := range e.all() {
		want[r.ID+"/plan.json"] = true
		for i := range r.Files {
			want[fmt.Sprintf("%s/was/%d", r.ID, i)] = !r.CopiesGone
			want[fmt.Sprintf("%s/new/%d", r.ID, i)] = !r.CopiesGone
		}
	}
	must(t, filepath.WalkDir(b.state+"/plans", func(p string, d fs.DirEntry, err error) error {
		if name, _ := filepath.Rel(b.state+"/plans", p); err == nil && !d.IsDir() && !want[name] {
			t.Errorf("%s: the state folder holds %q", when, name)
		}
		return err
	}))
	dirs, err := os.ReadDir(b.state + "/plans")
	if err != nil || len(dirs) != len(e.all()) {
		t.Errorf("%s: %d folders for %d plans, %v", when, len(dirs), len(e.all()), err)
	}
}
