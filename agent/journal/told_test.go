package journal

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatWasAboutToLeaveOutlivesAKill(t *testing.T) {
	dir := t.TempDir()
	j := open(t, in(dir))
	j.Telling(Told{Rule: "V-250989", Was: "notapplicable", Outcome: "fail", Turn: 1, Seq: 5})
	j.Telling(Told{Rule: "V-250982", Was: "notchecked", Outcome: "pass", Turn: 7, Seq: 6})
	j.Telling(Told{Rule: "V-250989", Was: "fail", Outcome: "pass", Turn: 2, Seq: 7})
	j.Telling(Told{Rule: "a rule whose name is too long for a slot", Outcome: "pass", Turn: 2, Seq: 8})
	j.crash()
	j = open(t, in(dir))
	defer j.Close()
	want := map[string]Told{"V-250989": {"V-250989", "fail", "pass", 2, 7}, "V-250982": {"V-250982", "notchecked", "pass", 7, 6}}
	if d := cmp.Diff(want, j.Told()); d != "" {
		t.Error(d)
	}
	read, err := ReadTold(dir)
	if d := cmp.Diff(want, read); d != "" || err != nil {
		t.Error(d, err)
	}
}

func TestNoNumberThatLeftIsUsedAgainThoughTheDiskTookNoReservation(t *testing.T) {
	dir := t.TempDir()
	j := open(t, in(dir))
	j.Telling(Told{Rule: "V-250989", Outcome: "fail", Turn: 1, Seq: 9_999_999})
	j.crash()
	j = open(t, in(dir))
	defer j.Close()
	if n := j.Seq(); n <= 9_999_999 {
		t.Errorf("number %d came again", n)
	}
}

func TestASlotThatIsHalfWrittenIsNotBelieved(t *testing.T) {
	dir := t.TempDir()
	j := open(t, in(dir))
	j.Telling(Told{Rule: "V-250989", Was: "notapplicable", Outcome: "fail", Turn: 1, Seq: 5})
	j.Telling(Told{Rule: "V-250982", Outcome: "fail", Turn: 1, Seq: 6})
	j.crash()
	path := filepath.Join(dir, toldName)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[toldHeader+ruleBytes] = 'p'
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	j = open(t, in(dir))
	defer j.Close()
	if d := cmp.Diff(map[string]Told{"V-250982": {"V-250982", "", "fail", 1, 6}}, j.Told()); d != "" {
		t.Error(d)
	}
}

// Its turns count what another journal had.
func TestAFreshJournalKnowsOfNothingThatWasTold(t *testing.T) {
	dir := t.TempDir()
	j := open(t, in(dir))
	j.Telling(Told{Rule: "V-250989", Was: "fail", Outcome: "pass", Turn: 50, Seq: 9_999_999})
	j.crash()
	if err := os.Remove(filepath.Join(dir, fileName)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		j = open(t, in(dir))
		if n := j.Seq(); len(j.Told()) > 0 || n <= 9_999_999 {
			t.Errorf("number %d is next, told was %v", n, j.Told())
		}
		j.crash()
	}
}
