package alert

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
)

var damped = Damp{Changes: 3, Within: "10m"}

// change is the next change of a rule, which fails and passes in turn.
func change(seq uint64, rule string, at time.Time, fails bool, severity finding.Severity) *Message {
	c := opened()
	c.At, c.Rule.ID, c.Rule.Severity = at, rule, severity
	c.Result.Rule, c.Result.Turn = rule, seq
	if !fails {
		c.Event, c.Result.Outcome, c.Result.Reason = finding.Resolved, finding.Pass, ""
	}
	m := FromChange(c, "sentry1", seq)
	return &m
}

func TestFlappingRuleIsToldInSummaries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []*Message
		sink := &fakeSink{answer: func(_ context.Context, m *Message) error { got = append(got, m); return nil }}
		o := outletOf(sink, OutletOptions{Config: Config{Damp: damped}})
		stop := running(t, o)
		for seq := uint64(1); seq <= 15; seq++ {
			offerOne(o, change(seq, "V-250989", time.Now(), seq%2 == 1, finding.Medium))
			time.Sleep(10 * time.Second)
		}
		offerOne(o, change(16, "V-250990", time.Now(), true, finding.Medium))
		synctest.Wait()
		if d := cmp.Diff([]uint64{1, 2, 3, 16}, sink.got); d != "" {
			t.Error(d)
		}
		if s := o.Stats(); s.Queued != 13 {
			t.Errorf("%d are not done", s.Queued)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if d := cmp.Diff([]uint64{1, 2, 3, 16, 15}, sink.got); d != "" {
			t.Fatal(d)
		}
		last := change(15, "V-250989", got[4].Time, true, finding.Medium)
		want := *last
		want.ID, want.Counters = got[4].ID, map[string]uint64{"changes": 12}
		want.Text = "V-250989 flapping: 12 changes in 10 min, now fail: minimum length is 8, must be at least 15 (/mi/config-system/startup_config/identityconfig.xml:12)"
		if d := cmp.Diff(&want, got[4]); d != "" || want.ID == last.ID || len(want.ID) != 32 {
			t.Error(d)
		}
		if s := o.Stats(); s.Queued != 0 {
			t.Errorf("%d are not done", s.Queued)
		}
		offerOne(o, change(17, "V-250989", time.Now(), false, finding.Medium))
		synctest.Wait() // it had rested: told at once again
		if n := len(sink.got); sink.got[n-1] != 17 {
			t.Error(sink.got)
		}
		must(t, stop())
	})
}

func TestStopTellsWhatIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &fakeSink{}
		o := outletOf(sink, OutletOptions{Config: Config{Damp: damped}})
		stop := running(t, o)
		for seq := uint64(1); seq <= 8; seq++ {
			offerOne(o, change(seq, "V-250989", time.Now(), seq%2 == 1, finding.Medium))
		}
		synctest.Wait()
		must(t, stop())
		if d := cmp.Diff([]uint64{1, 2, 3, 8}, sink.got); d != "" {
			t.Error(d)
		}
	})
}

func TestNewsOfTheAgentIsNeverHeld(t *testing.T) {
	d := newDamper(damped)
	for seq := uint64(1); seq <= 100; seq++ {
		m := AgentMessage("watch-lost", "events were lost", "", "sentry1", seq, at)
		if out := d.put(&m, at); len(out) != 1 || out[0].message != &m {
			t.Fatalf("%d: %v", seq, out)
		}
	}
}

func TestOneHeldChangeStaysAsItIs(t *testing.T) {
	d := newDamper(Damp{Changes: 1, Within: "1m"})
	first, second := change(1, "V-250989", at, true, finding.Low), change(2, "V-250989", at, false, finding.Low)
	if out := d.put(first, at); len(out) != 1 || out[0].message != first {
		t.Error(out)
	}
	if out := d.put(second, at); len(out) != 0 {
		t.Error(out)
	}
	if out := d.due(at.Add(time.Minute)); len(out) != 1 || out[0].message != second {
		t.Error(out)
	}
}

// What is held is held by a clock that cannot be set.
func TestWhatIsHeldIsNotHeldLongerWhenTheClockIsSet(t *testing.T) {
	d := newDamper(Damp{Changes: 1, Within: "1m"})
	now := time.Now()
	d.put(change(1, "V-250989", now, true, finding.Low), now)
	d.put(change(2, "V-250989", now, false, finding.Low), now)
	at, any := d.next()
	if !any || at == at.Round(0) {
		t.Errorf("%v %v is a time of the wall clock", at, any)
	}
	if left := at.Sub(now); left > time.Minute || left < time.Minute-time.Second {
		t.Errorf("it is held for %v", left)
	}
}

func TestAChangeFromBeforeTheClockWasSetBackHoldsNone(t *testing.T) {
	d := newDamper(Damp{Changes: 1, Within: "1m"})
	now := time.Now()
	d.put(change(1, "V-250989", now.Add(time.Hour), true, finding.Low), now)
	if got := d.put(change(2, "V-250989", now, false, finding.Low), now); len(got) != 1 {
		t.Errorf("a change was held because of one an hour ahead: %v", got)
	}
}

func TestRuleTakenForInOrderOpensAtOnceInTheHighestCategory(t *testing.T) {
	d := newDamper(Damp{Changes: 2, Within: "10m"})
	var got []uint64
	for seq := uint64(1); seq <= 9; seq++ {
		for _, out := range d.put(change(seq, "V-250989", at, seq%2 == 1, finding.High), at) {
			got = append(got, out.message.Seq)
		}
	}
	// 1 opened, 2 resolved; 3 opens at once, and after it the receiver knows.
	if d := cmp.Diff([]uint64{1, 2, 3}, got); d != "" {
		t.Error(d)
	}
	if out := d.due(at.Add(10 * time.Minute)); len(out) != 1 || out[0].message.Counters["changes"] != 6 || out[0].from != 4 {
		t.Error(out)
	}
}

// viewer is what somebody knows who gets the messages of an outlet.
type viewer struct {
	knows map[string]finding.Outcome
	seq   map[string]uint64
	stand uint64 // changes that were told, each by itself or in a summary
}

func (r *viewer) get(t *testing.T, m *Message) {
	t.Helper()
	if m.Seq <= r.seq[m.Rule] {
		t.Fatalf("%s: %d came after %d", m.Rule, m.Seq, r.seq[m.Rule])
	}
	r.knows[m.Rule], r.seq[m.Rule] = m.Result, m.Seq
	r.stand += max(1, m.Counters["changes"])
}

// TestFinalStateIsNeverHidden plays random changes: what the receiver knows of
// each rule is true again no later than `within` after each change.
func TestFinalStateIsNeverHidden(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		config := Damp{Changes: 1 + random.IntN(5), Within: fmt.Sprintf("%ds", 1+random.IntN(300))}
		d, within := newDamper(config), span(config.Within, 0)
		r := viewer{map[string]finding.Outcome{}, map[string]uint64{}, 0}
		truth, changed := map[string]finding.Outcome{}, map[string]time.Time{}
		now := at
		get := func(out []told) {
			for _, m := range out {
				r.get(t, m.message)
			}
		}
		const last = 200
		for seq := uint64(1); seq <= last; seq++ {
			for step := range 5 { // time goes by
				now = now.Add(time.Duration(random.Int64N(int64(within) / int64(1+step*seed0(seed)))))
				get(d.due(now))
			}
			rule, severity := fmt.Sprintf("V-25098%d", random.IntN(3)), []finding.Severity{finding.High, finding.Low}[random.IntN(2)]
			fails := random.IntN(2) == 0
			if r.knows[rule] != truth[rule] && now.Sub(changed[rule]) > within {
				t.Fatalf("seed %d: %s is %s for %v, and the receiver knows %s", seed, rule, truth[rule], now.Sub(changed[rule]), r.knows[rule])
			}
			m := change(seq, rule, now, fails, severity)
			knew := r.knows[rule]
			if knew == truth[rule] { // from now on it may be wrong
				changed[rule] = now
			}
			truth[rule] = m.Result
			get(d.put(m, now))
			if fails && severity == finding.High && r.knows[rule] != finding.Fail {
				t.Fatalf("seed %d: an open CAT I is held although the receiver knows %s", seed, knew)
			}
		}
		get(d.due(now.Add(within)))
		if diff := cmp.Diff(truth, r.knows); diff != "" || r.stand != last {
			t.Fatalf("seed %d: %d of %d changes were told: %s", seed, r.stand, last, diff)
		}
	}
}

// seed0 makes some of the sequences quick and some slow.
func seed0(seed uint64) int { return int(seed%4) * 20 }

// TestCrashWhileDampingLosesNothing ends outlets without their last second, and
// goes on where the spool says.
func TestCrashWhileDampingLosesNothing(t *testing.T) {
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 2))
		spool := NewMemorySpool(func(string, uint64) {})
		spool.Cursor("siem")
		knows, truth := map[string]finding.Outcome{}, map[string]finding.Outcome{}
		seq, now := uint64(0), at
		for range 5 {
			o := NewOutlet(&fakeSink{}, OutletOptions{Config: Config{Name: "siem", Damp: damped}, Spool: spool})
			for range 20 {
				seq++
				now = now.Add(time.Duration(random.IntN(100)) * time.Second)
				m := change(seq, fmt.Sprintf("V-25098%d", random.IntN(3)), now, random.IntN(2) == 0, finding.Low)
				truth[m.Rule] = m.Result
				spool.Put(m)
				if random.IntN(3) > 0 {
					continue
				}
				batch := o.take()
				n := random.IntN(len(batch) + 1)
				for _, m := range batch[:n] {
					knows[m.Rule] = m.Result
				}
				o.took(batch[:n])
			}
		}
		o := NewOutlet(&fakeSink{}, OutletOptions{Config: Config{Name: "siem", Damp: damped}, Spool: spool})
		o.endDamping()
		for batch := o.take(); len(batch) > 0; batch = o.take() {
			for _, m := range batch {
				knows[m.Rule] = m.Result
			}
			o.took(batch)
		}
		if d := cmp.Diff(truth, knows); d != "" || o.done != seq {
			t.Fatalf("seed %d: done to %d of %d: %s", seed, o.done, seq, d)
		}
	}
}

// What is for information must not swallow in a summary what ranks higher, nor
// pass for what the receiver knows.
func TestSummariesEndWhereAWindowBeginsOrEnds(t *testing.T) {
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	d := newDamper(damped)
	var got []string
	put := func(seq uint64, fails bool, ticket string) {
		m := change(seq, "V-250989", start.Add(time.Duration(seq)*time.Second), fails, finding.High)
		if ticket != "" {
			m.Announce(ticket)
		}
		for _, o := range d.put(m, m.Time) {
			got = append(got, fmt.Sprintf("%d %s %d", o.from, o.message.Announced, o.message.Seq))
		}
	}
	for seq := uint64(1); seq <= 5; seq++ {
		put(seq, seq%2 == 0, "") // the last two are held
	}
	put(6, true, "CHG1")
	put(7, false, "CHG1")
	put(8, true, "CHG1")
	put(9, true, "") // left by the window: the receiver takes the rule for passing
	want := []string{"1  1", "2  2", "3  3", "4  4", "5  5", "6 CHG1 6", "7 CHG1 8", "9  9"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
