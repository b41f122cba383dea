package agent

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
)

// bench is a loop on a journal, whose passes the test makes up.
type bench struct {
	t     *testing.T
	a     *Agent
	l     *loop
	dir   string
	rules []string
	told  []alert.Message
	leave func() // is called when a message leaves; nil: nothing is
}

// inBench runs a test in a bubble of its own time, from a first pass in which all
// is in order.
func inBench(t *testing.T, test func(*testing.T, *bench)) {
	t.Helper()
	b := newBench(t)
	synctest.Test(t, func(t *testing.T) {
		b.begin(t)
		defer b.end()
		test(t, b)
	})
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{dir: t.TempDir()}
	o := Options{Options: optionsIn(rig.New(t, "compliant"))}
	o.OnAlert = func(m alert.Message) {
		b.told = append(b.told, m)
		if b.leave != nil {
			b.leave()
		}
	}
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	b.a, b.rules = a, a.parts.Engine.Order[:4]
	return b
}

func (b *bench) begin(t *testing.T) {
	b.t = t
	b.start()
	var all []finding.Result
	for _, rule := range b.rules {
		all = append(all, finding.Result{Rule: rule, Outcome: finding.Pass})
	}
	b.l.settle(all, time.Now(), true)
}

func (b *bench) start() {
	b.t.Helper()
	j, err := journal.Open(journal.Options{Dir: b.dir})
	if err != nil {
		b.t.Fatal(err)
	}
	b.a.store.journal = j
	b.a.windows.Store(nil)
	b.l = newLoop(b.a)
}

func (b *bench) end() {
	b.t.Helper()
	if err := b.a.store.journal.Close(); err != nil {
		b.t.Fatal(err)
	}
}

// pass judges one rule.
func (b *bench) pass(rule string, outcome finding.Outcome, reason string) {
	r := finding.Result{Rule: rule, Outcome: outcome, Reason: reason}
	if outcome == finding.Fail {
		r.Evidence = []finding.Item{{Fact: "f", File: "/etc/x", Expected: ">= 15", Actual: int64(8)}}
	}
	b.l.settle([]finding.Result{r}, time.Now(), false)
}

func (b *bench) open(ticket string, length time.Duration, rules ...string) string {
	b.t.Helper()
	w, err := b.l.openWindow(&api.WindowRequest{Ticket: ticket, Seconds: int64(length / time.Second), Rules: rules}, "root", 0)
	if err != nil {
		b.t.Fatal(err)
	}
	return w.ID
}

// news gives what was told since it was asked last, as event, rule and ticket.
func (b *bench) news() []string {
	var out []string
	for _, m := range b.told {
		out = append(out, strings.TrimSpace(string(m.Event)+" "+m.Rule+m.Code+" "+m.Announced))
	}
	b.told = nil
	return out
}

func (b *bench) want(want ...string) {
	b.t.Helper()
	if got := b.news(); !slices.Equal(got, want) {
		b.t.Errorf("told %q, want %q", got, want)
	}
}

func TestChangesInAWindowAreToldAgainWhenTheyOutliveIt(t *testing.T) {
	inBench(t, func(t *testing.T, b *bench) {
		gone, left, back, other := b.rules[0], b.rules[1], b.rules[2], b.rules[3]
		b.pass(back, finding.Fail, "bad")
		b.told = nil
		id := b.open("CHG1", time.Hour, gone, left, back)
		b.pass(gone, finding.Fail, "bad")
		b.pass(left, finding.Fail, "bad")
		b.pass(other, finding.Fail, "bad")
		b.pass(gone, finding.Pass, "")
		b.pass(back, finding.Pass, "")
		b.want("maintenance maintenance-opened CHG1", "opened "+gone+" CHG1", "opened "+left+" CHG1", "opened "+other,
			"resolved "+gone+" CHG1", "resolved "+back+" CHG1")
		silent := b.l.before[left].Turn
		end, ok := b.l.endWindow(id, "closed", "root", time.Now())
		if !ok || len(end.Changed) != 3 || !slices.Equal(end.Opened, []string{left}) || end.Window.Changes != 4 {
			t.Errorf("%+v", end)
		}
		if want := "maintenance CHG1 closed by root: 4 changes of 3 rules, 1 open that was not before: " + left + " pass → fail, " + back + " fail → pass"; end.Text != want {
			t.Errorf("%q, want %q", end.Text, want)
		}
		if again := b.told[1]; again.Event != finding.Opened || !strings.Contains(again.Text, "(left by maintenance CHG1)") || b.l.before[left].Turn <= silent {
			t.Errorf("%+v", again)
		}
		b.want("maintenance maintenance-closed CHG1", "opened "+left, "resolved "+back)
	})
}

func TestAWindowEndsByItselfToTheSecond(t *testing.T) {
	inBench(t, func(t *testing.T, b *bench) {
		if b.l.windows.end != nil {
			t.Error("a timer runs while no window is open")
		}
		b.open("CHG1", 45*time.Minute)
		b.open("CHG2", 50*time.Minute, b.rules[1])
		b.pass(b.rules[0], finding.Fail, "bad")
		b.pass(b.rules[1], finding.Fail, "bad")
		b.news()
		opened := time.Now()
		<-b.l.windows.end
		b.l.endedByTime()
		if d := time.Since(opened); d != 45*time.Minute {
			t.Errorf("it ended after %s", d)
		}
		b.want("maintenance maintenance-expired CHG1", "opened "+b.rules[0]) // the other rule is in a window still
		<-b.l.windows.end
		b.l.endedByTime()
		b.want("maintenance maintenance-expired CHG2", "opened "+b.rules[1])
		if b.l.windows.end != nil || len(*b.a.windows.Load()) > 0 {
			t.Error("a window is left")
		}
	})
}

func TestAChangeAtTheVeryEndIsToldAtItsFullRank(t *testing.T) {
	inBench(t, func(_ *testing.T, b *bench) {
		b.open("CHG1", time.Minute)
		time.Sleep(time.Minute) // the loop has not seen its timer
		b.pass(b.rules[0], finding.Fail, "bad")
		b.want("maintenance maintenance-opened CHG1", "maintenance maintenance-expired CHG1", "opened "+b.rules[0])
	})
}

func TestAWindowOutlivesARestartAndEndsWhileTheAgentIsDown(t *testing.T) {
	inBench(t, func(t *testing.T, b *bench) {
		b.open("CHG1", time.Hour)
		b.pass(b.rules[0], finding.Fail, "bad")
		b.end()
		b.start()
		b.pass(b.rules[1], finding.Fail, "bad")
		b.want("maintenance maintenance-opened CHG1", "opened "+b.rules[0]+" CHG1", "opened "+b.rules[1]+" CHG1")
		b.end()
		time.Sleep(2 * time.Hour)
		b.start()
		b.pass(b.rules[2], finding.Fail, "bad")
		if text := b.told[0].Text; !strings.Contains(text, "2 changes of 2 rules, 2 open that were not before") {
			t.Error(text)
		}
		b.want("maintenance maintenance-expired CHG1", "opened "+b.rules[0], "opened "+b.rules[1], "opened "+b.rules[2])
		b.end()
		b.start()
		b.pass(b.rules[2], finding.Pass, "")
		b.want("resolved " + b.rules[2])
	})
}

func TestNoMoreThanSixteenWindows(t *testing.T) {
	inBench(t, func(t *testing.T, b *bench) {
		for range 16 {
			b.open("CHG1", time.Hour)
		}
		if _, err := b.l.openWindow(&api.WindowRequest{Ticket: "CHG2", Seconds: 60}, "root", 0); err == nil {
			t.Error("a seventeenth one is open")
		}
	})
}

// siem is a receiver that ignores what is for information.
type siem map[string]string

func (s siem) take(m *alert.Message) {
	if m.Rule == "" || m.Announced != "" {
		return
	}
	switch m.Event {
	case finding.Opened, finding.Changed:
		s[m.Rule] = "open: " + m.Reason
	case finding.Resolved, finding.Regained:
		delete(s, m.Rule)
	case finding.Lost:
		s[m.Rule] = "unknown"
	}
}

func known(r finding.Result) string {
	switch r.Outcome {
	case finding.Fail:
		return "open: " + r.Reason
	case finding.NotChecked:
		return "unknown"
	}
	return ""
}

func TestWhoIgnoresInformationKnowsEveryOpenFinding(t *testing.T) {
	inBench(t, func(t *testing.T, b *bench) {
		for seed := range uint64(100) {
			if !b.storm(rand.New(rand.NewPCG(seed, 1))) {
				t.Fatalf("seed %d", seed)
			}
		}
	})
}

// storm does this and that at random, and compares what a receiver knows of each
// rule that is in no window with how it stands.
func (b *bench) storm(r *rand.Rand) bool {
	s := siem{}
	for _, id := range b.l.windowIDs() {
		b.l.endWindow(id, "closed", "root", time.Now())
	}
	for _, rule := range b.rules {
		b.pass(rule, finding.Pass, "")
	}
	b.told = nil
	ids := map[uint64]bool{}
	for range 60 {
		rule := b.rules[r.IntN(len(b.rules))]
		switch n := r.IntN(20); {
		case n < 9:
			outcome := []finding.Outcome{finding.Pass, finding.Fail, finding.Fail, finding.NotChecked, finding.NotApplicable}[r.IntN(5)]
			b.pass(rule, outcome, map[bool]string{true: "bad", false: "worse"}[r.IntN(2) == 0])
		case n < 12 && len(b.l.windowIDs()) < 16:
			b.open("CHG", time.Duration(1+r.IntN(100))*time.Second, b.rules[:r.IntN(len(b.rules)+1)]...)
		case n < 15:
			if open := b.l.windowIDs(); len(open) > 0 {
				b.l.endWindow(open[r.IntN(len(open))], "closed", "root", time.Now())
			}
		case n < 18:
			time.Sleep(time.Duration(r.IntN(40)) * time.Second)
			b.l.endedByTime()
		default:
			b.end()
			b.start()
			b.l.endWindows(time.Now())
		}
		for i := range b.told {
			if ids[b.told[i].Seq] {
				b.t.Errorf("number %d was told twice", b.told[i].Seq)
			}
			ids[b.told[i].Seq] = true
			s.take(&b.told[i])
		}
		b.told = nil
		for _, rule := range b.rules {
			if _, open := b.l.inWindow(rule); !open && s[rule] != known(b.l.before[rule]) {
				b.t.Errorf("%s is %q, the receiver takes it for %q", rule, known(b.l.before[rule]), s[rule])
				return false
			}
		}
	}
	return true
}

func (l *loop) windowIDs() []string {
	var ids []string
	for _, w := range l.windows.book.Windows {
		ids = append(ids, w.ID)
	}
	return ids
}
