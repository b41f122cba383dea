package service_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"stigwatch/agent/service"
)

// raise sends this process a signal.
func raise(t *testing.T, s unix.Signal) {
	t.Helper()
	if err := unix.Kill(os.Getpid(), s); err != nil {
		t.Fatal(err)
	}
}

func TestSignalsEndTheLoop(t *testing.T) {
	for _, s := range []unix.Signal{unix.SIGTERM, unix.SIGINT} {
		err := service.Run(t.Context(), "stigwatch", func(ctx context.Context, _ <-chan struct{}) error {
			raise(t, s)
			<-ctx.Done()
			return ctx.Err()
		})
		if err != nil {
			t.Errorf("%v: %v", s, err)
		}
	}
}

func TestContextEndsTheLoop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := service.Run(ctx, "stigwatch", func(ctx context.Context, _ <-chan struct{}) error {
		cancel()
		<-ctx.Done()
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestHangupAsksForReload(t *testing.T) {
	err := service.Run(t.Context(), "stigwatch", func(ctx context.Context, reload <-chan struct{}) error {
		for range 3 {
			raise(t, unix.SIGHUP)
			<-reload
		}
		if ctx.Err() != nil {
			t.Error("a hang-up ended the loop")
		}
		raise(t, unix.SIGTERM)
		<-ctx.Done()
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestDeadLoopIsNoticed(t *testing.T) {
	broken := errors.New("cannot go on")
	err := service.Run(t.Context(), "stigwatch", func(context.Context, <-chan struct{}) error { return broken })
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	err = service.Run(t.Context(), "stigwatch", func(context.Context, <-chan struct{}) error { return nil })
	if err == nil {
		t.Error("a loop that ended by itself passed for one that was told to")
	}
}

func TestALoopThatIsNotNeededAnyMoreMayEnd(t *testing.T) {
	if err := service.Run(t.Context(), "stigwatch", func(context.Context, <-chan struct{}) error { return service.ErrDone }); err != nil {
		t.Error(err)
	}
}

func TestErrorWhileStoppingIsKept(t *testing.T) {
	broken := errors.New("cannot close the journal")
	ctx, cancel := context.WithCancel(t.Context())
	err := service.Run(ctx, "stigwatch", func(context.Context, <-chan struct{}) error {
		cancel()
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
