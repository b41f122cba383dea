package maintenance

import (
	"slices"
	"testing"
	"time"

	"stigwatch/agent/finding"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func window(id string, rules ...string) Window {
	return Window{ID: id, Ticket: "CHG-" + id, Rules: rules, Opened: noon, Until: noon.Add(time.Hour)}
}

func open(t *testing.T, windows ...Window) *Book {
	t.Helper()
	b := &Book{}
	for _, w := range windows {
		if err := b.Open(w); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func TestTheOldestWindowGivesTheTicket(t *testing.T) {
	b := open(t, window("1", "V-1"), window("2"), window("3", "V-2"))
	for rule, want := range map[string]string{"V-1": "CHG-1", "V-2": "CHG-2", "V-3": "CHG-2"} {
		if got, ok := b.Covering(rule); got != want || !ok {
			t.Errorf("%s: %q", rule, got)
		}
	}
	if _, ok := (&Book{}).Covering("V-1"); ok {
		t.Error("no window covers a rule")
	}
}

func TestAClockThatIsSetBackEndsAWindow(t *testing.T) {
	b := open(t, window("1"))
	for at, want := range map[time.Duration]bool{
		0: false, -30 * time.Second: false, -2 * time.Minute: true, 59 * time.Minute: false, time.Hour: true, 48 * time.Hour: true,
	} {
		if got := len(b.Due(noon.Add(at))) > 0; got != want {
			t.Errorf("after %s: over %v", at, got)
		}
	}
}

func TestWhatIsInAnotherWindowIsNotUncovered(t *testing.T) {
	b := open(t, window("1"), window("2", "V-2"))
	for _, rule := range []string{"V-1", "V-2"} {
		b.Note(&finding.Change{Was: finding.Result{Rule: rule, Outcome: finding.Pass}, Result: finding.Result{Rule: rule, Outcome: finding.Fail}})
	}
	_, uncovered, ok := b.End("1")
	if !ok || len(uncovered) != 1 || uncovered["V-1"].Outcome != finding.Pass {
		t.Errorf("%+v", uncovered)
	}
	if _, uncovered, _ = b.End("2"); len(uncovered) != 1 || uncovered["V-2"].Outcome != finding.Pass {
		t.Errorf("%+v", uncovered)
	}
	if _, _, ok := b.End("2"); ok {
		t.Error("it ended twice")
	}
}

func TestAWindowKeepsHowEachRuleStoodAtItsOpening(t *testing.T) {
	b := open(t, window("1"))
	for _, o := range []finding.Outcome{finding.Fail, finding.Pass, finding.Fail} {
		was := finding.Pass
		if o == finding.Pass {
			was = finding.Fail
		}
		b.Note(&finding.Change{Was: finding.Result{Rule: "V-1", Outcome: was}, Result: finding.Result{Rule: "V-1", Outcome: o}})
	}
	kept := b.Clone()
	w, _, _ := b.End("1")
	if w.Changes != 3 || w.Was["V-1"] != finding.Pass {
		t.Errorf("%+v", w)
	}
	if len(kept.Windows) != 1 || len(kept.Told) != 1 {
		t.Errorf("the copy changed: %+v", kept)
	}
}

func TestLeftTellsOnlyWhatDiffers(t *testing.T) {
	result := func(rule string, o finding.Outcome, turn uint64) finding.Result {
		return finding.Result{Rule: rule, Outcome: o, Turn: turn}
	}
	told := map[string]finding.Result{
		"V-1": result("V-1", finding.Pass, 1), "V-2": result("V-2", finding.Pass, 1), "V-3": result("V-3", finding.Fail, 1),
		"V-4": {}, "V-5": {}, "V-6": result("V-6", finding.Pass, 1),
	}
	now := map[string]finding.Result{
		"V-1": result("V-1", finding.Fail, 4), "V-2": result("V-2", finding.Pass, 3), "V-3": result("V-3", finding.Pass, 2),
		"V-4": result("V-4", finding.Fail, 1), "V-5": result("V-5", finding.Pass, 1), "V-6": result("V-6", finding.Fail, 2),
	}
	rules := map[string]*finding.Rule{}
	for _, id := range []string{"V-1", "V-2", "V-3", "V-4", "V-5"} { // V-6 is no rule any more
		rules[id] = &finding.Rule{ID: id}
	}
	var got []string
	for _, c := range Left(rules, told, now, noon) {
		got = append(got, c.Result.Rule+" "+string(c.Event))
		if c.Result.Turn != now[c.Result.Rule].Turn+1 {
			t.Errorf("%s has turn %d", c.Result.Rule, c.Result.Turn)
		}
	}
	if want := []string{"V-1 opened", "V-3 resolved", "V-4 opened"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
