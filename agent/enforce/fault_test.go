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

	"golang.org/x/sys/unix"
)

func TestAFaultAtAnyStepEndsAllOldOrAllNew(t *testing.T) {
	for _, what := range allWays() {
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
	for _, what := range allWays() {
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
		for _, what := range allWays() {
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
	if err != nil || len(did) != 1 || did[0].From != Prepared || did[0].Record.State != Restored {
		t.Errorf("%+v, %v", did, err)
	}
	b.holds(t, oldA, []byte("theirs"))
	b.clean(t)
}

// The same in the state before: nothing has been replaced then.
func TestAFileThatWasEditedBeforeItsTurnIsNoConflictAfterACrash(t *testing.T) {
	b := newBox(t)
	b.o.Step = func(name string) error {
		if name == "create new content of "+pathA {
			b.put(t, pathA, []byte("theirs"))
			panic(stop{})
		}
		return nil
	}
	e := b.engine(t)
	func() {
		defer func() { _ = recover() }()
		_, _ = e.Apply(context.Background(), b.job())
	}()
	if _, err := e.Undo(context.Background(), e.all()[0].ID, Who{}, ""); !errors.Is(err, ErrUnfinished) {
		t.Errorf("undo in the middle: %v", err)
	}
	must(t, e.Close())
	b.o.Step, b.reloaded = nil, nil
	did, err := b.engine(t).Recover(context.Background())
	if err != nil || len(did) != 1 || did[0].From != Prepared || did[0].Record.State != Restored || b.reloaded != nil {
		t.Errorf("%+v, %v, reloaded %v", did, err, b.reloaded)
	}
	b.holds(t, []byte("theirs"), oldB)
}
