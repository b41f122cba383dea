package enforce

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"stigwatch/agent/host"
)

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
				must(t, os.Chmod(b.root+pathA, 0o600)) // it gets its old mode back, too
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
				if st, err := os.Stat(b.root + pathA); err != nil || st.Mode() != 0o640 {
					t.Errorf("%v, %v", st.Mode(), err)
				}
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
