package agent

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/enforcer"
)

// diskFaults are what a disk says.
var diskFaults = []error{unix.EIO, unix.ENOSPC, unix.EROFS, unix.EACCES}

// One step of each kind; all of them, each with every fault, under STIGWATCH_SOAK=1.
func TestAFaultAtAStepOfAnApplyIsToldOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "", enforcer.Options{})
	h.spoil()
	h.trouble.arm(0, nil)
	h.applied()
	names := h.trouble.calm()
	if len(names) < 40 {
		t.Fatalf("only these steps: %q", names)
	}
	taken := 0
	for i, n := range sampled(names) {
		faults := diskFaults[i%len(diskFaults):][:1]
		if soaking() {
			faults = diskFaults
		}
		for _, fault := range faults {
			when := fmt.Sprintf("%v at %q", fault, names[n-1])
			taken += h.faultAt(n, fault, when)
			if soaking() || i%12 == 0 {
				h.sameAsAFreshCheck(when)
			}
			h.applied()
			h.whole("applied after " + when)
		}
	}
	if taken < 10 {
		t.Errorf("only %d were taken back", taken)
	}
	h.sameAsAFreshCheck("at the end")
	h.toldOnce()
}

// faultAt applies with a fault at the n-th step, and holds answer, files, what the
// enforcer shows and what is told to each other. It gives 1 when that was taken back.
func (h *house) faultAt(n int, fault error, when string) int {
	h.t.Helper()
	h.spoil()
	before := len(h.jobs())
	h.trouble.arm(n, func(string) error { return fault })
	got, err := h.apply()
	if names := h.trouble.calm(); len(names) < n {
		h.t.Fatalf("%s: it took only %d steps", when, len(names))
	}
	isNew := h.whole(when)
	h.nothingBeside(when)
	if err != nil { // before anything was begun
		if refused := (*api.Refused)(nil); isNew || len(h.jobs()) != before || !errors.As(err, &refused) {
			h.t.Fatalf("%s: %v, the files are new: %v", when, err, isNew)
		}
		return 0
	}
	j, shown := got.Applied[0], h.jobs()[0]
	if shown.ID != j.ID || shown.State != j.State || shown.Why != j.Why {
		h.t.Errorf("%s: the answer is %+v, shown is %+v", when, j, shown)
	}
	if got.Failed == "" {
		if !isNew || j.State != api.JobDone {
			h.t.Errorf("%s: %s, the files are new: %v", when, j.State, isNew)
		}
		h.until(about("applied", j.ID))
		h.stand("pass")
		h.spoil()
		return 0
	}
	if isNew || j.State != api.JobRestored || !strings.Contains(j.Why, fault.Error()) || !strings.Contains(got.Failed, "restored") {
		h.t.Errorf("%s: %+v, the files are new: %v", when, got, isNew)
	}
	if m := h.until(about("apply-taken-back", j.ID)); !strings.Contains(m.Text, j.Why) {
		h.t.Errorf("%s: told is %s, and why is %s", when, m.Text, j.Why)
	}
	return 1
}

// A disk that breaks and stays so keeps the enforcer from taking back what it began.
// When it is mended nobody has to start the enforcer anew.
func TestAfterADiskIsMendedTheSameEnforcerGoesOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "", enforcer.Options{})
	h.spoil()
	h.trouble.arm(0, nil)
	h.applied()
	names := h.trouble.calm()
	points := []string{"create state written", "swap " + issueFile, "rename state judged", "create state done"}
	for _, point := range points {
		n := slices.Index(names, point) + 1
		if n == 0 {
			t.Fatalf("there is no step %q in %q", point, names)
		}
		h.spoil()
		h.trouble.fails(n, func(string) error { return unix.EIO })
		got, err := h.apply()
		if err != nil || got.Failed == "" {
			t.Fatalf("%s: %+v, %v", point, got, err)
		}
		if again, err := h.apply(); err == nil && len(again.Applied) > 0 {
			t.Errorf("%s: the disk is broken, and yet: %+v", point, again)
		}
		h.trouble.calm()
		// By itself: nobody asks for anything.
		m := h.until(func(m alert.Message) bool { return strings.Contains(m.Text, got.Applied[0].ID) })
		if isNew := h.whole(point); isNew != (m.Code == "applied") || !isNew && !strings.Contains(m.Text, unix.EIO.Error()) {
			t.Errorf("%s: told is %q, the files are new: %v", point, m.Text, isNew)
		}
		h.nothingBeside(point)
		if m.Code == "applied" {
			h.stand("pass")
			continue
		}
		h.applied()
	}
	h.sameAsAFreshCheck("at the end")
	h.toldOnce()
}
