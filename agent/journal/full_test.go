package journal

import (
	"errors"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"stigwatch/agent/finding"
)

func TestAJournalOpensOnAFullDiskAndGoesOnWhereItWas(t *testing.T) {
	dir := t.TempDir()
	j := open(t, in(dir))
	first := alertOf(j)
	j.Put([]finding.Result{{Rule: "V-250989", Outcome: finding.Fail, Turn: 1}}, first)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	o := in(dir)
	full, news := true, 0
	o.Fault = func(*bbolt.Tx) error {
		if full {
			return syscall.ENOSPC
		}
		return nil
	}
	o.OnFault = func() { news++ }
	j = open(t, o)
	if !errors.Is(j.Fault(), syscall.ENOSPC) || len(j.Last()) != 1 || waiting(j, "siem") != 1 {
		t.Fatalf("%v, %d results, %d wait", j.Fault(), len(j.Last()), waiting(j, "siem"))
	}
	second := alertOf(j)
	j.Put(nil, second)
	j.commit()
	full = false
	j.commit()
	if j.Fault() != nil || news != 1 {
		t.Errorf("%v, told %d times", j.Fault(), news)
	}
	if d := cmp.Diff([]uint64{first.Seq, second.Seq}, seqs(t, j.Next("siem", 0, 10))); d != "" || second.Seq <= first.Seq {
		t.Error(d)
	}
	j.crash()
	j = open(t, in(dir))
	defer j.Close()
	if n := j.Seq(); n <= second.Seq {
		t.Errorf("number %d after %d", n, second.Seq)
	}
}

func TestWhatMemoryHasNoRoomForTakesNothingFromWhatWaitsOnDisk(t *testing.T) {
	o := in(t.TempDir())
	full := false
	o.Fault = func(*bbolt.Tx) error {
		if full {
			return syscall.ENOSPC
		}
		return nil
	}
	told := map[string]uint64{}
	o.OnDropped = func(sink string, n uint64) { told[sink] += n }
	j := open(t, o)
	defer j.Close()
	r := alertOf(j)
	j.Put(nil, r)
	j.commit()
	full = true
	for range mostPending + 1 {
		j.Put(nil, alertOf(j))
	}
	full = false
	j.commit()
	if got := seqs(t, j.Next("siem", 0, 1)); len(got) != 1 || got[0] != r.Seq {
		t.Errorf("first comes %d, and %d waited on disk", got, r.Seq)
	}
	if told["siem"] != uint64(mostPending+2-waiting(j, "siem")) {
		t.Errorf("told of %d, and %d of %d wait", told["siem"], waiting(j, "siem"), mostPending+2)
	}
}
