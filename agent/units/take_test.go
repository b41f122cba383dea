package units

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/units/rig"
)

func TestARunningUnitTakesItsFilesUp(t *testing.T) {
	s := rig.New(t)
	s.Put(rsyslog, "active", "running", 0)
	s.Put("sshd.service", "active", "running", 0)
	b := busOf(t, s.Socket)
	for unit, how := range map[string]string{rsyslog: Restart, "sshd.service": Reload} {
		if ran, err := b.Take(t.Context(), unit, how); !ran || err != nil {
			t.Errorf("%s: %v, %v", unit, ran, err)
		}
	}
	got := map[string]bool{}
	for _, one := range s.Taken() {
		got[one] = true
	}
	if d := cmp.Diff(map[string]bool{"TryRestartUnit " + rsyslog: true, "ReloadOrTryRestartUnit sshd.service": true}, got); d != "" {
		t.Error(d)
	}
}

func TestWhatDoesNotRunHasNothingToTakeUp(t *testing.T) {
	s := rig.New(t)
	s.Put(rsyslog, "inactive", "dead", 0)
	b := busOf(t, s.Socket)
	for _, unit := range []string{rsyslog, "nothing.service"} {
		if ran, err := b.Take(t.Context(), unit, Restart); ran || err != nil {
			t.Errorf("%s: %v, %v", unit, ran, err)
		}
	}
	if got := s.Taken(); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

func TestAUnitThatDoesNotComeBackIsAnError(t *testing.T) {
	s := rig.New(t)
	s.Put(rsyslog, "active", "running", 0)
	looks := 0
	s.WhenTaken(func(string, string) { s.Put(rsyslog, "activating", "start", 3) })
	b := busOf(t, s.Socket)
	go func() { // the job is seen at least once before it ends
		for range s.Asked {
			if looks++; looks == 3 {
				s.Put(rsyslog, "failed", "failed", 0)
				return
			}
		}
	}()
	if ran, err := b.Take(t.Context(), rsyslog, Restart); !ran || err == nil {
		t.Errorf("%v, %v", ran, err)
	}
}

func TestAJobThatNeverEndsIsGivenUp(t *testing.T) {
	s := rig.New(t)
	s.Put(rsyslog, "active", "running", 0)
	ctx, cancel := context.WithCancel(t.Context())
	s.WhenTaken(func(string, string) { s.Put(rsyslog, "reloading", "reload", 3); cancel() })
	if ran, err := busOf(t, s.Socket).Take(ctx, rsyslog, Reload); !ran || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", ran, err)
	}
}
