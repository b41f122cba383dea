package journal

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
)

func openJournal(t *testing.T, dir string) *Journal {
	t.Helper()
	j, why, err := Open(dir)
	if err != nil || why != "" {
		t.Fatalf("Open: %v %s", err, why)
	}
	return j
}

func TestLastPassOutlivesTheProcess(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	want := map[string]finding.Result{
		"V-250989": {Rule: "V-250989", Outcome: finding.Fail, Reason: "minimum length is 8",
			Evidence: []finding.Item{{Fact: "a.b", File: "/x", Line: 3, Expected: ">= 15"}},
			Since:    time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)},
		"V-250990": {Rule: "V-250990", Outcome: finding.Pass},
	}
	for _, r := range want {
		j.Save([]finding.Result{r})
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = openJournal(t, dir)
	defer j.Close()
	if d := cmp.Diff(want, j.Last()); d != "" {
		t.Error(d)
	}
}

func TestNoSequenceNumberIsUsedTwice(t *testing.T) {
	dir := t.TempDir()
	last := uint64(0)
	for range 3 {
		j := openJournal(t, dir)
		for range 2*seqBlock + 7 {
			n := j.Seq()
			if n <= last {
				t.Fatalf("%d after %d", n, last)
			}
			last = n
		}
		j.db.Close() // as a crash would: nothing more is committed
	}
}

func TestSecondHolderIsRefused(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	defer j.Close()
	if _, _, err := Open(dir); err == nil {
		t.Fatal("two holders")
	}
}

func TestBrokenJournalIsKeptAside(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), make([]byte, 9000), 0o600); err != nil {
		t.Fatal(err)
	}
	j, why, err := Open(dir)
	if err != nil || why == "" {
		t.Fatalf("%v, %q", err, why)
	}
	defer j.Close()
	if got, _ := filepath.Glob(filepath.Join(dir, fileName+".broken-*")); len(got) != 1 {
		t.Errorf("kept aside: %v", got)
	}
	if len(j.Last()) != 0 {
		t.Error("results out of nowhere")
	}
}

func TestFailedCommitIsKeptForTheNext(t *testing.T) {
	j := openJournal(t, t.TempDir())
	j.db.Close()
	j.Save([]finding.Result{{Rule: "V-250989"}})
	j.commit()
	if j.Fault() == nil || len(j.pending) != 1 {
		t.Errorf("fault %v, %d pending", j.Fault(), len(j.pending))
	}
}
