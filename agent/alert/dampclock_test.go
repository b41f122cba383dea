package alert

import (
	"testing"
	"time"

	"stigwatch/agent/finding"
)

// Messages have the wall clock's time, which may jump between one and the next, and
// between a message and the moment in which it is taken.
func TestAClockThatJumpsHoldsNothingForLonger(t *testing.T) {
	for name, tt := range map[string]struct {
		at   time.Duration // of the change that is held, as its message has it, from now
		want time.Duration // for which it is held
	}{
		"now":                         {0, 10 * time.Minute},
		"taken later":                 {-4 * time.Minute, 6 * time.Minute},
		"set back since":              {time.Hour, 10 * time.Minute},
		"set forward since, or away":  {-time.Hour, 0},
		"set forward by far too much": {-100 * 365 * 24 * time.Hour, 0},
	} {
		d, now := newDamper(Damp{Changes: 1, Within: "10m"}), time.Now()
		at := now.Round(0).Add(tt.at)
		d.put(change(1, "V-1", at, true, finding.Medium), now)
		if out := d.put(change(2, "V-1", at, false, finding.Medium), now); len(out) > 0 {
			t.Fatalf("%s: %d go out", name, len(out))
		}
		until, _ := d.next()
		if got := until.Sub(now).Round(time.Millisecond); got != tt.want {
			t.Errorf("%s: held for %s, want %s", name, got, tt.want)
		}
		if until == until.Round(0) {
			t.Errorf("%s: it is held until a time of the wall clock, which may be set", name)
		}
	}
}

func TestChangesOnBothSidesOfASetBackAreToldAsTheyCome(t *testing.T) {
	d, now := newDamper(Damp{Changes: 1, Within: "10m"}), time.Now()
	d.put(change(1, "V-1", now, true, finding.Medium), now)
	if out := d.put(change(2, "V-1", now.Add(-time.Hour), false, finding.Medium), now); len(out) != 1 {
		t.Errorf("%d go out", len(out))
	}
	if out := d.put(change(3, "V-1", now.Add(-time.Hour+time.Minute), true, finding.Medium), now); len(out) != 0 {
		t.Errorf("%d go out", len(out))
	}
}
