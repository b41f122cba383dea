package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/history"
	"stigwatch/agent/journal"
)

// story is what a journal holds.
type story struct {
	life    int // of the daemon, counted by its starts
	kinds   map[journal.Kind]int
	alerts  []received
	changes []history.Change
	noted   map[uint64]journal.Told // by number: about to be told at a kill; nil: nobody looked, and the note may be gone too
}

// readJournal verifies a journal and reads it.
func readJournal(t *testing.T, dir string, key journal.Key) *story {
	t.Helper()
	s := &story{kinds: map[journal.Kind]int{}}
	err := journal.Verify(&key, nil, func(begin func(journal.Extent) error, visit func(journal.Sealed) error) error {
		return journal.ReadFile(dir, 0, begin, func(e journal.Sealed) error { return errors.Join(visit(e), s.add(e)) })
	})
	if err != nil {
		t.Errorf("the journal does not verify: %v", err)
	}
	if s.kinds[journal.Fresh] > 0 {
		t.Error("the journal broke and was replaced")
	}
	return s
}

func (s *story) add(sealed journal.Sealed) error {
	e, err := sealed.Entry()
	if err != nil {
		return err
	}
	s.kinds[e.Kind]++
	switch e.Kind {
	case journal.Alert:
		var m alert.Message
		err = json.Unmarshal(e.Body, &m)
		s.alerts = append(s.alerts, ofMessage(&m))
	case journal.Start:
		s.life++
	case journal.Change:
		var c history.Change
		err = json.Unmarshal(e.Body, &c)
		s.changes = append(s.changes, c)
	}
	return err
}

// complaints are the first few of a kind, and how many there were.
type complaints struct {
	t    testing.TB
	what string
	n    int
}

func (c *complaints) add(format string, args ...any) {
	if c.n++; c.n <= 5 {
		c.t.Errorf("%s: %s", c.what, fmt.Sprintf(format, args...))
	}
}

// checkInbox holds what one receiver got against the journal and a fresh check.
func checkInbox(t *testing.T, in *inbox, told *story, fresh *api.Report) {
	t.Helper()
	c := &complaints{t: t, what: in.name}
	for _, b := range in.bad {
		c.add("cannot be understood: %s", b)
	}
	got := in.all()
	firsts := inOrder(c, got)
	same(c, got)
	for _, a := range told.alerts {
		if !firsts[a.seq] {
			c.add("alert %d (%s %s) never arrived", a.seq, a.event, a.rule)
		}
	}
	lastState(c, got, fresh)
	t.Logf("%-5s %6d messages, %d different, %d more than once", in.name, len(got), len(firsts), len(got)-len(firsts))
	if c.n > 0 {
		t.Errorf("%s: %d complaints", in.name, c.n)
	}
}

// inOrder looks at the numbers of first arrivals, which only grow.
func inOrder(c *complaints, got []received) map[uint64]bool {
	seen, last := map[uint64]bool{}, uint64(0)
	for _, m := range got {
		if seen[m.seq] {
			continue
		}
		seen[m.seq] = true
		if m.seq < last {
			c.add("alert %d came for the first time after %d", m.seq, last)
		}
		last = max(last, m.seq)
	}
	return seen
}

// same holds duplicates against each other.
func same(c *complaints, got []received) {
	bySeq, byID := map[uint64]received{}, map[string]received{}
	for _, m := range got {
		if was, known := bySeq[m.seq]; known && was.whole != m.whole {
			c.add("two messages have number %d:\n%s\n%s", m.seq, was.whole, m.whole)
		}
		if was, known := byID[m.id]; known && was.essence != m.essence {
			c.add("two messages have the id %s:\n%s\n%s", m.id, was.essence, m.essence)
		}
		bySeq[m.seq], byID[m.id] = m, m
	}
}

// lastState holds the last that was told of each rule against what is.
func lastState(c *complaints, got []received, fresh *api.Report) {
	last := map[string]received{}
	for _, m := range got {
		if m.seq >= last[m.rule].seq {
			last[m.rule] = m
		}
	}
	for _, r := range fresh.Results {
		m, known := last[r.Rule]
		switch {
		case known && m.result != r.Result:
			c.add("of %s was told last that it is %s (%d), and it is %s", r.Rule, m.result, m.seq, r.Result)
		case !known && r.Result == "fail":
			c.add("nobody was told that %s fails", r.Rule)
		}
	}
}

// checkJournal holds the journal's changes against its alerts, and what was told
// against what was told before: no step is missing.
func checkJournal(t *testing.T, told *story, inboxes []*inbox) {
	t.Helper()
	c := &complaints{t: t, what: "journal"}
	all := map[uint64]received{} // a message may have left in the moment before a kill
	for _, in := range inboxes {
		for _, m := range in.all() {
			if was, known := all[m.seq]; known && was.id != m.id {
				c.add("number %d was used for two messages: %s %s", m.seq, was.essence, m.essence)
			} else if !known || m.previous != "" {
				all[m.seq] = m
			}
		}
	}
	alerts := map[uint64]received{}
	for _, a := range told.alerts {
		if _, twice := alerts[a.seq]; twice {
			c.add("alert %d stands there twice", a.seq)
		}
		alerts[a.seq] = a
		all[a.seq] = a
	}
	for _, change := range told.changes {
		if a := alerts[change.Alert]; a.rule != change.Result.Rule || a.result != change.Result.Result || a.event != change.Event {
			c.add("change of %s and alert %d do not fit", change.Result.Rule, change.Alert)
		}
	}
	c.what = "story"
	t.Logf("%d messages in all, %d of them left and were not recorded before a kill", len(all), len(all)-len(alerts))
	for seq, n := range told.noted {
		if m, left := all[seq]; !left || m.previous == "" {
			m.seq, m.rule, m.previous, m.result = seq, n.Rule, string(n.Was), string(n.Outcome)
			all[seq] = m
		}
	}
	stepByStep(c, all, alerts, told.noted != nil)
}

// stepByStep follows each rule: a message begins where the one before it ended, which
// may have been noted and not have left. When that was not recorded before a kill, the
// message may also begin where that one began, being the same again or in its stead;
// or, when the note is lost too, where the last that was recorded ended.
func stepByStep(c *complaints, all, recorded map[uint64]received, noted bool) {
	last, kept := map[string]received{}, map[string]string{}
	for _, seq := range slices.Sorted(maps.Keys(all)) {
		m := all[seq]
		was, known := last[m.rule]
		_, sure := recorded[was.seq]
		if m.previous == "" { // over syslog only, before a kill: in its order
			m.previous = was.result
		}
		again := !sure && (m.previous == was.previous || !noted && m.previous == kept[m.rule])
		if left := m.id != ""; left && m.rule != "" && known && m.previous != was.result && !again {
			c.add("%s: %d says %s → %s (%s), and %d before it said %s → %s", m.rule, m.seq, m.previous, m.result, m.event, was.seq, was.previous, was.result)
		}
		last[m.rule] = m
		if _, sure := recorded[seq]; sure {
			kept[m.rule] = m.result
		}
	}
}
