package remedy

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	t0    = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	three = Bounds{Times: 3, Within: 10 * time.Minute}
)

func TestARuleThatIsSetBackTooOftenIsLeftAlone(t *testing.T) {
	var b Book
	for i := range 3 {
		now := t0.Add(time.Duration(i) * time.Minute)
		if !b.May("V-1", now) {
			t.Fatalf("not put right the %d. time", i+1)
		}
		b.Done("V-1", "plan", now)
		stopped := b.Fell("V-1", now.Add(time.Second), three)
		if (stopped != "") != (i == 2) {
			t.Errorf("after the %d. time: %q", i+1, stopped)
		}
	}
	if b.May("V-1", t0.Add(24*time.Hour)) || b.Of("V-1").Stopped == "" {
		t.Error("it goes on")
	}
	if !b.Resume("V-1") || !b.May("V-1", t0) || b.Resume("V-1") {
		t.Error("it is not taken up again")
	}
}

func TestSetBackSeldomIsNoFight(t *testing.T) {
	var b Book
	for i := range 20 {
		now := t0.Add(time.Duration(i) * 6 * time.Minute) // two within ten minutes
		b.Done("V-1", "plan", now)
		if stopped := b.Fell("V-1", now.Add(time.Second), three); stopped != "" {
			t.Fatalf("%d: %s", i, stopped)
		}
	}
	b.Done("V-2", "plan", t0)
	if b.Fell("V-2", t0.Add(11*time.Minute), Bounds{1, 10 * time.Minute}) != "" {
		t.Error("long after the plan is no fight")
	}
	if b.Fell("V-3", t0, Bounds{1, time.Hour}) != "" {
		t.Error("a rule that was never put right is in a fight")
	}
}

func TestTriesThatComeToNothingEnd(t *testing.T) {
	var b Book
	news, stopped := b.Failed("V-1", "disk full", t0)
	if !news || stopped != "" || b.May("V-1", t0.Add(59*time.Second)) || !b.May("V-1", t0.Add(time.Minute)) {
		t.Errorf("%v %q %+v", news, stopped, b.Of("V-1"))
	}
	news, stopped = b.Failed("V-1", "disk full", t0)
	if news || stopped != "" || b.May("V-1", t0.Add(time.Minute)) {
		t.Errorf("%v %q", news, stopped)
	}
	if news, stopped = b.Failed("V-1", "read-only", t0); !news || stopped == "" || b.May("V-1", t0.Add(time.Hour)) {
		t.Errorf("%v %q", news, stopped)
	}
	b.Failed("V-2", "x", t0)
	b.Failed("V-2", "x", t0)
	b.Done("V-2", "plan", t0)
	if _, stopped = b.Failed("V-2", "x", t0); stopped != "" {
		t.Error("failures before a success count")
	}
}

func TestWaitingIsToldOnce(t *testing.T) {
	var b Book
	if !b.Wait("V-1", "away", t0.Add(time.Minute)) || b.Wait("V-1", "away", t0.Add(time.Minute)) || b.May("V-1", t0) || !b.May("V-1", t0.Add(time.Minute)) {
		t.Errorf("%+v", b.Of("V-1"))
	}
	if b.Of("V-1").Failures != 0 || !b.Stop("V-1", "not confirmed", t0) || b.Stop("V-1", "again", t0) || b.May("V-1", t0.Add(time.Hour)) {
		t.Errorf("%+v", b.Of("V-1"))
	}
}

func TestChangesOfMode(t *testing.T) {
	var b Book
	if _, changed := b.Changed("V-1", "alert"); changed {
		t.Error("alert is what there is at first")
	}
	if was, changed := b.Changed("V-1", "enforce"); !changed || was != "alert" {
		t.Error(was, changed)
	}
	if was, changed := b.Changed("V-1", "alert"); !changed || was != "enforce" || len(b.Modes) != 0 {
		t.Error(was, changed)
	}
}

func TestTheBookOutlivesARestart(t *testing.T) {
	var b, back Book
	b.Done("V-1", "plan", t0)
	b.Fell("V-1", t0, three)
	b.Changed("V-1", "plan")
	c := b.Clone()
	b.Fell("V-1", t0, three)
	text, err := json.Marshal(c)
	if err == nil {
		err = json.Unmarshal(text, &back)
	}
	if d := cmp.Diff(*c, back); d != "" || err != nil {
		t.Error(err, d)
	}
	if len(c.Rules["V-1"].Back) != 1 {
		t.Error("the clone is the book itself")
	}
}
