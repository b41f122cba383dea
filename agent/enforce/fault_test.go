package enforce

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
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
	err = ways[what].do(b, e)
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
	if before := ways[what].before; before != nil {
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
	if err := ways[what].do(b, e); err != nil {
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

func TestAFaultAtAnyStepEndsAllOldOrAllNew(t *testing.T) {
	for what := range ways {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			all := stepsOf(t, what)
			if len(all) < 3 {
				t.Fatalf("only these steps: %v", all)
			}
			for n, name := range all {
				fault := []error{unix.EIO, unix.ENOSPC, unix.EROFS, unix.EACCES}[n%4]
				b, dir := start(t, what)
				err := b.cutShort(dir, what, n+1, func(string) error { return fault })
				if err != nil && !errors.Is(err, fault) {
					t.Errorf("%v at %q: %v", fault, name, err)
				}
				b.sound(t, fmt.Sprintf("%s, %v at %q", what, fault, name))
			}
		})
	}
}

func TestEveryKindOfFaultAtAnyStepOfAJobTakesItBackAtOnce(t *testing.T) {
	all := stepsOf(t, "apply")
	for _, fault := range []error{unix.EIO, unix.ENOSPC, unix.EROFS, unix.EACCES} {
		t.Run(fault.Error(), func(t *testing.T) {
			t.Parallel()
			for n, name := range all {
				b, dir := start(t, "apply")
				err := b.cutShort(dir, "apply", n+1, func(string) error { return fault })
				if !errors.Is(err, fault) {
					t.Fatalf("%v at %q: %v", fault, name, err)
				}
				b.holds(t, oldA, oldB)
				b.clean(t)
				b.sound(t, name)
			}
		})
	}
}

// Not in parallel: a child that is just being started has a copy of what others
// have open for writing.
func TestAKillAtAnyStepEndsAllOldOrAllNew(t *testing.T) {
	for what := range ways {
		t.Run(what, func(t *testing.T) {
			for n, name := range stepsOf(t, what) {
				b, dir := start(t, what)
				c := exec.Command(os.Args[0], "-test.run=^$")
				c.Env = append(os.Environ(), childDir+"="+dir, childDoes+"="+what, childDies+"="+strconv.Itoa(n+1))
				out, err := c.CombinedOutput()
				var exit *exec.ExitError
				if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
					t.Fatalf("at %q the child was not killed: %v %s", name, err, out)
				}
				b.clock = b.clock.Add(2 * time.Second)
				b.sound(t, fmt.Sprintf("%s, killed at %q", what, name))
			}
		})
	}
}

// A disk that breaks and stays broken: the ledger's, the files', or both.
func TestADiskThatFailsForGoodIsRecoveredFromWhenItIsMended(t *testing.T) {
	disks := map[string]func(name string) bool{
		"ledger": func(name string) bool { return !strings.Contains(name, "/etc/") },
		"files":  func(name string) bool { return strings.Contains(name, "/etc/") },
		"both":   func(string) bool { return true },
	}
	for disk, breaks := range disks {
		for what := range ways {
			t.Run(disk+" "+what, func(t *testing.T) {
				t.Parallel()
				for n, name := range stepsOf(t, what) {
					b, dir := start(t, what)
					b.forGood = true
					err := b.cutShort(dir, what, n+1, func(name string) error {
						if breaks(name) {
							return unix.EIO
						}
						return nil
					})
					if err != nil && !errors.Is(err, unix.EIO) {
						t.Errorf("at %q: %v", name, err)
					}
					b.sound(t, fmt.Sprintf("%s, %s broken from %q on", what, disk, name))
				}
			})
		}
	}
}

// The way back of a judged plan is not recorded, for the ledger is broken.
func TestAJudgedPlanWhoseFilesAreOldAgainIsNotTakenForDone(t *testing.T) {
	b, dir := start(t, "apply")
	all := stepsOf(t, "apply")
	n := slices.Index(all, "sync folder of state judged") + 1
	b.forGood = true
	err := b.cutShort(dir, "apply", n, func(name string) error {
		if strings.Contains(name, "/etc/") {
			return nil
		}
		return unix.EIO
	})
	b.failed(t, err, StepRecord, Restoring)
	b.holds(t, oldA, oldB)
	b.o.Step = nil
	e := b.engine(t)
	if s := e.all()[0].State; s != Judged {
		t.Fatalf("the disk says %s", s)
	}
	did, err := e.Recover(context.Background())
	if err != nil || len(did) != 1 || did[0].Record.State != Restored {
		t.Errorf("%+v, %v", did, err)
	}
	b.holds(t, oldA, oldB)
}

// A crash comes when the second file's turn had come and somebody had edited it.
func TestACandidateThatIsStillThereShowsThatItsFileWasNotReplaced(t *testing.T) {
	b := newBox(t)
	b.o.Step = func(name string) error {
		if name == "swap "+pathB {
			b.put(t, pathB, []byte("theirs"))
			panic(stop{})
		}
		return nil
	}
	e := b.engine(t)
	func() {
		defer func() { _ = recover() }()
		_, _ = e.Apply(context.Background(), b.job())
	}()
	must(t, e.Close())
	b.o.Step = nil
	e = b.engine(t)
	b.holds(t, newA, []byte("theirs"))
	did, err := e.Recover(context.Background())
	if err != nil || len(did) != 1 || did[0].From != Staged || did[0].Record.State != Restored {
		t.Errorf("%+v, %v", did, err)
	}
	b.holds(t, oldA, []byte("theirs"))
	b.clean(t)
}
