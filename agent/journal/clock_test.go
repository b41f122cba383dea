package journal

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAClockSetBackAnHourChangesNoOrderAndDropsNothing(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	told := map[string]uint64{}
	o := in(dir)
	o.Now = func() time.Time { return now }
	o.OnDropped = func(sink string, n uint64) { told[sink] += n }
	o.Sinks = map[string]Bounds{"siem": {Age: 30 * time.Minute, Most: 8}}
	j := open(t, o)
	var first Key
	if err := TakeKey(dir, func(k Key) error { first = k; return nil }); err != nil {
		t.Fatal(err)
	}
	var all []uint64
	for i := range 6 {
		if i == 3 {
			now = now.Add(-time.Hour)
		}
		r := alertOf(j)
		r.At = now
		all = append(all, r.Seq)
		j.Put(nil, r)
		j.commit()
		now = now.Add(time.Minute)
	}
	j.Done("siem", all[1])
	j.commit()
	j.crash()
	j = open(t, o)
	if d := cmp.Diff(all[2:], seqs(t, j.Next("siem", j.Cursor("siem"), 10))); d != "" || len(told) > 0 {
		t.Errorf("%v dropped: %s", told, d)
	}
	now = now.Add(40 * time.Minute) // the third was an hour later, by the clock of then: it is not old yet
	j.Put(nil, Record{Kind: Pass, At: now})
	j.commit()
	if d := cmp.Diff(map[string]uint64{}, told); d != "" {
		t.Error(d)
	}
	for range 6 { // the other bound does not ask the clock
		j.Put(nil, alertOf(j))
	}
	now = now.Add(-time.Hour)
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
}
