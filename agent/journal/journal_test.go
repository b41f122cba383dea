package journal

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"stigwatch/agent/finding"
)

// note is the body of the tests' records.
type note struct {
	Seq  uint64 `json:"seq"`
	Text string `json:"text"`
}

func open(t testing.TB, o Options) *Journal {
	t.Helper()
	if o.OnFresh == nil {
		o.OnFresh = func(why string) { t.Errorf("a fresh journal: %s", why) }
	}
	j, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func in(dir string) Options {
	return Options{Dir: dir, Sinks: map[string]Bounds{"siem": {}, "mail": {}}}
}

// crash leaves the journal as a kill would: nothing more is committed.
func (j *Journal) crash() { _ = j.db.Close(); _ = j.sealer.close() }

func alertOf(j *Journal) Record {
	seq := j.Seq()
	return Record{Kind: Alert, At: time.Now(), Seq: seq, Body: &note{Seq: seq, Text: "opened"}}
}

// seqs gives the numbers of alerts, and checks that the body is the alert's own.
func seqs(t testing.TB, alerts []StoredAlert) []uint64 {
	t.Helper()
	out := []uint64{}
	for _, a := range alerts {
		n, live := a.Live.(*note)
		if !live {
			n = &note{}
			if err := json.Unmarshal(a.JSON, n); err != nil {
				t.Fatal(err)
			}
		}
		if n.Seq != a.Seq {
			t.Fatalf("alert %d has the body of %d", a.Seq, n.Seq)
		}
		out = append(out, a.Seq)
	}
	return out
}

func waiting(j *Journal, sink string) int { return j.Waiting(sink, j.Cursor(sink)) }

func kinds(t testing.TB, j *Journal) string {
	t.Helper()
	var out []string
	if err := j.Walk(0, func(Extent) error { return nil }, func(s Sealed) error {
		e, err := s.Entry()
		out = append(out, string(e.Kind))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func TestLastPassOutlivesTheProcess(t *testing.T) {
	dir := t.TempDir()
	j := open(t, in(dir))
	want := map[string]finding.Result{
		"V-250989": {Rule: "V-250989", Outcome: finding.Fail, Reason: "minimum length is 8", Turn: 3,
			Evidence: []finding.Item{{Fact: "a.b", File: "/x", Line: 3, Expected: ">= 15"}},
			Since:    time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)},
		"V-250990": {Rule: "V-250990", Outcome: finding.Pass},
	}
	for _, r := range want {
		j.Put([]finding.Result{r})
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, in(dir))
	defer j.Close()
	if d := cmp.Diff(want, j.Last()); d != "" {
		t.Error(d)
	}
}

func TestNoSequenceNumberIsUsedTwice(t *testing.T) {
	dir := t.TempDir()
	last := uint64(0)
	for range 3 {
		j := open(t, in(dir))
		for range 2*seqBlock + 7 {
			n := j.Seq()
			if n <= last {
				t.Fatalf("%d after %d", n, last)
			}
			last = n
		}
		j.crash()
	}
}

func TestSecondHolderIsRefused(t *testing.T) {
	dir := t.TempDir()
	j := open(t, in(dir))
	defer j.Close()
	if _, err := Open(in(dir)); !errors.Is(err, ErrHeld) {
		t.Fatalf("two holders: %v", err)
	}
}

func TestBrokenJournalIsKeptAsideAndNumbersGoOn(t *testing.T) {
	for name, spoil := range map[string]func(dir string) error{
		"no journal at all": func(dir string) error { return os.WriteFile(filepath.Join(dir, fileName), make([]byte, 9000), 0o600) },
		"cut short":         func(dir string) error { return os.Truncate(filepath.Join(dir, fileName), 6000) },
		"no key":            func(dir string) error { return os.Remove(filepath.Join(dir, keyName)) },
		"another key": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, keyName), make([]byte, keyBytes), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j := open(t, in(dir))
			r := alertOf(j)
			j.Put(nil, r)
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			if err := spoil(dir); err != nil {
				t.Fatal(err)
			}
			o, why := in(dir), ""
			o.OnFresh = func(w string) { why = w }
			j, err := Open(o)
			if err != nil {
				t.Fatal(err)
			}
			defer j.Close()
			if got, _ := filepath.Glob(filepath.Join(dir, fileName+".broken-*")); len(got) != 1 || !strings.Contains(why, got[0]) {
				t.Errorf("kept aside: %v; said %q", got, why)
			}
			if len(j.Last()) != 0 || j.Seq() <= r.Seq {
				t.Error("the fresh journal knows something, or uses a number again")
			}
			j.commit()
			if got := kinds(t, j); got != "fresh" {
				t.Errorf("entries: %s", got)
			}
		})
	}
}

func TestWhatWasPutTogetherIsCommittedTogetherOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	o := in(dir)
	full := syscall.ENOSPC
	var fault atomic.Pointer[syscall.Errno]
	o.Fault = func(*bbolt.Tx) error {
		if e := fault.Load(); e != nil {
			return *e
		}
		return nil
	}
	j := open(t, o)
	fault.Store(&full)
	r := alertOf(j)
	j.Put([]finding.Result{{Rule: "V-250989", Outcome: finding.Fail}}, Record{Kind: Change}, r)
	if again := j.commit(); again == 0 || !errors.Is(j.Fault(), full) {
		t.Fatalf("again after %v, fault %v", again, j.Fault())
	}
	if d := cmp.Diff([]uint64{r.Seq}, seqs(t, j.Next("siem", 0, 10))); d != "" {
		t.Errorf("the alert does not wait in memory: %s", d)
	}
	if got := kinds(t, j); got != "" {
		t.Errorf("half of it was committed: %s", got)
	}
	fault.Store(nil)
	if again := j.commit(); again != 0 || j.Fault() != nil {
		t.Fatalf("again after %v, fault %v", again, j.Fault())
	}
	if got := kinds(t, j); got != "change alert" {
		t.Errorf("entries: %s", got)
	}
	j.crash()
	j = open(t, in(dir))
	defer j.Close()
	if len(j.Last()) != 1 || len(j.Next("siem", 0, 10)) != 1 {
		t.Error("what was committed is gone")
	}
}

func TestADiskThatStaysFullBoundsMemoryAndCountsTheLoss(t *testing.T) {
	o := in(t.TempDir())
	var full atomic.Bool
	o.Fault = func(*bbolt.Tx) error {
		if full.Load() {
			return syscall.ENOSPC
		}
		return nil
	}
	told := map[string]uint64{}
	o.OnDropped = func(sink string, n uint64) { told[sink] += n }
	j := open(t, o)
	full.Store(true)
	defer j.Close()
	const many = mostPending + 5000
	var all []uint64
	for range many {
		r := alertOf(j)
		all = append(all, r.Seq)
		j.Put(nil, r)
	}
	j.Done("siem", all[len(all)-1]) // it gets them as they come
	kept := len(j.pending.records)
	if kept > mostPending {
		t.Errorf("%d records wait", kept)
	}
	full.Store(false)
	j.commit()
	if told["mail"] != uint64(many-kept) || told["siem"] != uint64(many-kept) && told["siem"] != 0 {
		t.Errorf("told of %v, %d went", told, many-kept)
	}
	if d := cmp.Diff(all[many-kept:], seqs(t, j.Next("mail", 0, many))); d != "" {
		t.Error(d)
	}
	if got := kinds(t, j); !strings.HasPrefix(got, "gap alert") {
		t.Errorf("the gap is not told: %.60s", got)
	}
}

func TestEachSinkGetsEveryAlertFromWhereItIs(t *testing.T) {
	dir := t.TempDir()
	j := open(t, in(dir))
	var all []uint64
	for i := range 30 {
		r := alertOf(j)
		all = append(all, r.Seq)
		j.Put(nil, r)
		if i%7 == 3 {
			j.commit()
		}
	}
	for _, limit := range []int{1, 3, 100} {
		var got []uint64
		for after := uint64(0); ; {
			next := seqs(t, j.Next("siem", after, limit))
			if len(next) == 0 {
				break
			}
			if len(next) > limit {
				t.Fatalf("%d at once", len(next))
			}
			got = append(got, next...)
			after = next[len(next)-1]
		}
		if d := cmp.Diff(all, got); d != "" {
			t.Errorf("%d at a time: %s", limit, d)
		}
	}
	j.Done("siem", all[9])
	if waiting(j, "siem") != 20 || waiting(j, "mail") != 30 {
		t.Errorf("%d and %d wait", waiting(j, "siem"), waiting(j, "mail"))
	}
	j.commit()
	j.crash()
	o := in(dir)
	o.Sinks["late"] = Bounds{}
	delete(o.Sinks, "mail")
	j = open(t, o)
	defer j.Close()
	if j.Cursor("siem") != all[9] || waiting(j, "siem") != 20 || waiting(j, "late") != 0 {
		t.Errorf("siem is at %d with %d waiting; late has %d", j.Cursor("siem"), waiting(j, "siem"), waiting(j, "late"))
	}
	r := alertOf(j)
	j.Put(nil, r)
	if d := cmp.Diff([]uint64{r.Seq}, seqs(t, j.Next("late", j.Cursor("late"), 10))); d != "" {
		t.Error(d)
	}
}

func TestWhatWaitsTooLongOrIsTooMuchIsDroppedAndCounted(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	told := map[string]uint64{}
	begin := now
	o := Options{
		Dir: t.TempDir(), Now: func() time.Time { return now }, Elapsed: func() time.Duration { return now.Sub(begin) }, OnDropped: func(sink string, n uint64) { told[sink] += n },
		Sinks: map[string]Bounds{"few": {Most: 4}, "young": {Age: time.Hour}, "all": {}},
	}
	j := open(t, o)
	defer j.Close()
	var all []uint64
	for range 10 {
		r := alertOf(j)
		r.At = now
		all = append(all, r.Seq)
		j.Put(nil, r)
		j.commit()
		now = now.Add(10 * time.Minute)
	}
	j.Put(nil, Record{Kind: Pass, At: now})
	j.commit()
	if d := cmp.Diff(map[string]uint64{"few": 6, "young": 4}, told); d != "" {
		t.Error(d)
	}
	for sink, want := range map[string][]uint64{"few": all[6:], "young": all[4:], "all": all} {
		if d := cmp.Diff(want, seqs(t, j.Next(sink, 0, 100))); d != "" {
			t.Errorf("%s: %s", sink, d)
		}
		if n := waiting(j, sink); n != len(want) {
			t.Errorf("%s: %d wait", sink, n)
		}
	}
}

func TestPagesThatBreakAtRunTimeBeginAFreshJournal(t *testing.T) {
	dir := t.TempDir()
	o := in(dir)
	fresh := make(chan string, 1)
	o.OnFresh = func(why string) { fresh <- why }
	j := open(t, o)
	for range 500 {
		j.Put(nil, alertOf(j))
	}
	j.commit()
	if err := os.Truncate(filepath.Join(dir, fileName), 4096); err != nil {
		t.Fatal(err)
	}
	j.Next("siem", 0, 1000) // reads where there is nothing any more
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- j.Run(ctx) }()
	r := alertOf(j)
	j.Put([]finding.Result{{Rule: "V-250989"}}, r)
	select {
	case <-fresh:
	case <-time.After(10 * time.Second):
		t.Fatal("no fresh journal")
	}
	for deadline := time.Now().Add(10 * time.Second); len(j.Last()) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing is recorded any more: %v", j.Fault())
		}
	}
	if got := seqs(t, j.Next("siem", r.Seq-1, 10)); len(got) != 1 || got[0] != r.Seq {
		t.Errorf("alerts: %v", got)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}

func TestAnEpochOutlivesACrashAndEndsWithItsJournal(t *testing.T) {
	dir := t.TempDir()
	j := open(t, in(dir))
	one := j.Epoch()
	j.Put(nil, alertOf(j))
	j.commit()
	j.crash()
	j = open(t, in(dir))
	if len(one) < 16 || j.Epoch() != one {
		t.Errorf("%q after a crash, before it was %q", j.Epoch(), one)
	}
	j.crash()
	if err := os.WriteFile(filepath.Join(dir, keyName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o := in(dir)
	o.OnFresh = func(string) {}
	j = open(t, o)
	if two := j.Epoch(); two == one || len(two) < 16 {
		t.Errorf("%q of a fresh journal, before it was %q", two, one)
	}
	if err := j.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyEpoch) }); err != nil {
		t.Fatal(err)
	}
	j.crash()
	j = open(t, in(dir))
	defer j.Close()
	if j.Epoch() != "" {
		t.Errorf("a journal that had no epoch has %q now", j.Epoch())
	}
}
