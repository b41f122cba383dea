package watch

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// act is one line of a script: at a time in milliseconds, something happens to
// path, or (empty) only time passes. Then exactly these paths are due.
type act struct {
	ms   int
	what string
	path string
	due  []string
}

func TestSettle(t *testing.T) {
	a := []string{"a"}
	cases := map[string][]act{
		"a finished write is due at once, without a timer": {
			{0, "modified", "a", nil}, {1, "modified", "a", nil}, {2, "finished", "a", a}, {500, "", "", nil},
		},
		"an open file is due after the quiet time since its last write": {
			{0, "modified", "a", nil}, {200, "modified", "a", nil}, {499, "", "", nil}, {500, "", "", a},
		},
		"pauses below the quiet time do not split a write": {
			{0, "modified", "a", nil}, {299, "modified", "a", nil}, {598, "modified", "a", nil}, {700, "finished", "a", a},
		},
		"a constant writer is reported at the ceiling, again and again": {
			{0, "modified", "a", nil}, {290, "modified", "a", nil}, {580, "modified", "a", nil}, {870, "modified", "a", nil},
			{1160, "modified", "a", nil}, {1450, "modified", "a", nil}, {1740, "modified", "a", nil}, {1999, "modified", "a", nil},
			{2000, "", "", a}, {2001, "modified", "a", nil}, {2300, "", "", nil}, {2301, "", "", a},
		},
		"the first of many is due at once, the rest once each gap, the last within it": {
			{0, "finished", "a", a}, {1, "finished", "a", nil}, {5, "finished", "a", nil}, {9, "finished", "a", nil},
			{10, "finished", "a", a}, {11, "finished", "a", nil}, {19, "", "", nil}, {20, "", "", a}, {100, "", "", nil},
		},
		"steady changes, each after a calm moment, are not held back": {
			{0, "finished", "a", a}, {3, "finished", "a", a}, {6, "modified", "a", nil}, {7, "finished", "a", a},
			{8, "finished", "a", nil}, {17, "", "", a},
		},
		"a file that is open again when the gap ends waits for its close": {
			{0, "finished", "a", a}, {1, "finished", "a", nil}, {6, "modified", "a", nil}, {10, "", "", nil}, {12, "finished", "a", a},
		},
		"a path that changes all the time is reported half as often": storm(),
		"a change beside the content counts at once": {
			{0, "touched", "a", a}, {500, "", "", nil},
		},
		"but not while it is being written": {
			{0, "modified", "a", nil}, {1, "touched", "a", nil}, {2, "finished", "a", a},
		},
		"a name that is gone may come back within the grace": {
			{0, "vanished", "a", nil}, {5, "modified", "a", nil}, {9, "finished", "a", a}, {50, "", "", nil},
		},
		"and is reported after it": {
			{0, "vanished", "a", nil}, {19, "", "", nil}, {20, "", "", a},
		},
		"paths do not wait for each other": {
			{0, "modified", "a", nil}, {1, "finished", "b", []string{"b"}}, {300, "", "", a},
		},
	}
	for name, script := range cases {
		t.Run(name, func(t *testing.T) { play(t, script) })
	}
}

// storm is a path that changes each millisecond, and then stops.
func storm() []act {
	a := []string{"a"}
	var script []act
	for ms, next := 0, 0; ms <= 200; ms++ {
		line := act{ms, "finished", "a", nil}
		if ms == next {
			line.due = a
			next += 10
			if ms >= 10*hot {
				next += 10
			}
		}
		script = append(script, line)
	}
	last := script[len(script)-1]
	if last.due == nil {
		script = append(script, act{220, "", "", a})
	}
	return append(script, act{300, "finished", "a", a}, act{301, "finished", "a", nil}, act{310, "", "", a})
}

func play(t *testing.T, script []act) {
	start := time.Unix(1e9, 0)
	s := newSettle(Options{Vanish: 20 * time.Millisecond}.withDefaults())
	acts := map[string]func(string, time.Time){
		"modified": s.modified, "finished": s.finished, "touched": s.touched, "vanished": s.vanished,
		"": func(string, time.Time) {},
	}
	for _, a := range script {
		now := start.Add(time.Duration(a.ms) * time.Millisecond)
		acts[a.what](a.path, now)
		due := collected(s, now)
		if d := cmp.Diff(a.due, due); d != "" {
			t.Errorf("at %d ms, %s %s: %s", a.ms, a.what, a.path, d)
		}
		if busy := s.busy("a"); busy && s.next.IsZero() {
			t.Errorf("at %d ms: busy, and nothing will end it", a.ms)
		}
	}
	collected(s, start.Add(time.Hour))
	if !s.next.IsZero() || len(s.waiting) > 0 {
		t.Errorf("something still waits: %v, next %v", s.waiting, s.next)
	}
}

func collected(s *settle, now time.Time) (due []string) {
	s.collect(now, func(path string, _ time.Time) { due = append(due, path) })
	return due
}

func TestSettleTellsTheFirstSign(t *testing.T) {
	s := newSettle(Options{}.withDefaults())
	start := time.Unix(1e9, 0)
	s.modified("a", start)
	s.finished("a", start.Add(time.Millisecond))
	s.collect(start.Add(time.Second), func(_ string, first time.Time) {
		if !first.Equal(start) {
			t.Errorf("first is %v, not %v", first, start)
		}
	})
}

func TestSettleBusy(t *testing.T) {
	s := newSettle(Options{}.withDefaults())
	now := time.Unix(1e9, 0)
	step := func(d time.Duration, want bool, what func(string, time.Time)) {
		t.Helper()
		now = now.Add(d)
		what("a", now)
		collected(s, now)
		if s.busy("a") != want {
			t.Errorf("busy is %v", !want)
		}
	}
	look := func(string, time.Time) {}
	step(0, false, look)
	step(0, true, s.modified)
	step(300*time.Millisecond, false, look) // reported by quiet time
	step(time.Millisecond, false, s.modified)
	step(20*time.Millisecond, false, s.finished)   // and closed
	step(time.Millisecond, true, s.modified)       // another writer
	step(300*time.Millisecond, false, look)        // that never closes either
	step(3*time.Second, true, s.modified)          // long after: a new one
	step(time.Millisecond, false, s.finished)      //
	step(time.Millisecond, true, s.finished)       // within the gap
	step(DefaultGap-time.Millisecond, false, look) //
}

func TestSettleFound(t *testing.T) {
	s := newSettle(Options{}.withDefaults())
	since := time.Unix(1e9, 0)
	now := since.Add(time.Millisecond)
	s.finished("same", since.Add(-99*time.Millisecond))
	s.vanished("other", since.Add(-99*time.Millisecond))
	collected(s, since.Add(-99*time.Millisecond))
	s.found("old", time.Hour, false, since, now)
	s.found("fresh", 100*time.Millisecond, false, since, now)
	s.found("same", 100*time.Millisecond, true, since, now)
	s.found("other", 100*time.Millisecond, true, since, now)
	s.finished("closed", now)
	s.found("closed", 0, false, since, now)
	if d := cmp.Diff([]string{"closed", "old", "same"}, sorted(collected(s, now))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"fresh", "other"}, sorted(collected(s, now.Add(200*time.Millisecond)))); d != "" {
		t.Error(d)
	}
}

func TestSettleForgetsNames(t *testing.T) {
	s := newSettle(Options{}.withDefaults())
	now := time.Unix(1e9, 0)
	for i := range 50 * minKeep {
		now = now.Add(10 * time.Millisecond)
		s.modified(fmt.Sprint(i), now)
		collected(s, now)
	}
	if len(s.files) > 4*minKeep {
		t.Errorf("%d files are remembered", len(s.files))
	}
}

func TestSettleExcusesNoLongerThanTheCeiling(t *testing.T) {
	s := newSettle(Options{}.withDefaults())
	start := time.Unix(1e9, 0)
	for _, c := range []struct {
		ms         int
		busy, want bool
	}{
		{0, true, true}, {1500, true, true}, {2000, true, true}, {2001, true, false}, // a stubborn writer
		{2002, true, true}, {3000, false, false}, {3001, true, true}, {4500, true, true}, // a pause starts it anew
		{9000, true, true}, {10500, true, true}, {11001, true, false}, // so does not asking
	} {
		if got := s.excuse("a", c.busy, start.Add(time.Duration(c.ms)*time.Millisecond)); got != c.want {
			t.Errorf("at %d ms: %v", c.ms, got)
		}
	}
	if len(s.excused) != 0 {
		t.Errorf("left: %v", s.excused)
	}
}
