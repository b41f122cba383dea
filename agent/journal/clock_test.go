package journal

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The wall clock jumps; the time that the agent runs goes on.
func TestAClockThatJumpsChangesNoOrderAndDropsNothing(t *testing.T) {
	for name, jump := range map[string]time.Duration{"back": -time.Hour, "forward": 10 * 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			now, ran := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), 5*time.Hour
			told := map[string]uint64{}
			o := in(dir)
			o.Now, o.Elapsed = func() time.Time { return now }, func() time.Duration { return ran }
			o.OnDropped = func(sink string, n uint64) { told[sink] += n }
			o.Sinks = map[string]Bounds{"siem": {Age: 30 * time.Minute, Most: 8}}
			pass := func(d time.Duration) { now, ran = now.Add(d), ran+d }
			j := open(t, o)
			var first Key
			if err := TakeKey(dir, func(k Key) error { first = k; return nil }); err != nil {
				t.Fatal(err)
			}
			var all []uint64
			for i := range 6 {
				if i == 3 {
					now = now.Add(jump)
				}
				r := alertOf(j)
				r.At = now
				all = append(all, r.Seq)
				j.Put(nil, r)
				j.commit()
				pass(time.Minute)
			}
			j.Done("siem", all[1])
			j.commit()
			j.crash()
			now, ran = now.Add(-jump), 0 // another boot, by a clock that is right again
			j = open(t, o)
			note := func() { j.Put(nil, Record{Kind: Pass, At: now}); j.commit() }
			pass(25 * time.Minute)
			note()
			if d := cmp.Diff(all[2:], seqs(t, j.Next("siem", j.Cursor("siem"), 10))); d != "" || len(told) > 0 {
				t.Errorf("%v dropped: %s", told, d)
			}
			pass(time.Minute + time.Second) // the third was recorded four minutes before the crash
			note()
			if d := cmp.Diff(map[string]uint64{"siem": 1}, told); d != "" {
				t.Error(d)
			}
			for range 6 { // the other bound does not ask any clock
				j.Put(nil, alertOf(j))
			}
			now = now.Add(jump)
			pass(time.Second)
			j.commit()
			if d := cmp.Diff(map[string]uint64{"siem": 2}, told); d != "" || waiting(j, "siem") != 8 {
				t.Errorf("%d wait: %s", waiting(j, "siem"), d)
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			if err := Verify(&first, nil, func(begin func(Extent) error, visit func(Sealed) error) error {
				return ReadFile(dir, 0, begin, visit)
			}); err != nil {
				t.Error(err)
			}
		})
	}
}
