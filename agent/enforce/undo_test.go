package enforce

import (
	"context"
	"errors"
	"strings"
	"testing"

	"stigwatch/agent/host"
)

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
