package finding

import "time"

// Snapshot is all facts at one instant, by name. It is never changed after it
// was handed out; a new one shares the facts that did not change.
type Snapshot map[string]*Fact

// Diff compares the results of two passes, both by rule, and tells what an
// alert has to tell. A first pass (before is nil) opens each failing rule.
// The changes come in the order of after, whose turns it counts on.
func Diff(rules map[string]*Rule, before map[string]Result, after []Result, at time.Time) []Change {
	var changes []Change
	for i := range after {
		was, known := before[after[i].Rule]
		event := transition(was, after[i], known)
		after[i].Turn = was.Turn
		if event == "" {
			continue
		}
		after[i].Turn++
		changes = append(changes, Change{
			Event: event, Rule: rules[after[i].Rule], Was: was, Result: after[i], At: at,
		})
	}
	return changes
}

// transition names the change from one result to the next; "" when there is
// nothing to tell.
func transition(was, now Result, known bool) Event {
	switch {
	case !known:
		if now.Outcome == Fail {
			return Opened
		}
		return ""
	case now.Outcome == Fail && was.Outcome != Fail:
		return Opened
	case now.Outcome == Fail:
		if sameEvidence(was, now) && (was.Waiver == nil) == (now.Waiver == nil) {
			return ""
		}
		return Changed
	case settled(now.Outcome) && was.Outcome == Fail:
		return Resolved
	case settled(now.Outcome) && !settled(was.Outcome):
		return Regained
	case !settled(now.Outcome) && (settled(was.Outcome) || was.Outcome == Fail):
		return Lost
	case now.Outcome == Error && was.Outcome != Error:
		return Lost
	}
	return ""
}

// settled tells the outcomes that say a rule is in order.
func settled(o Outcome) bool { return o == Pass || o == NotApplicable }

// sameEvidence compares what a failing rule was seen to fail on: the reason and
// the offending items with their places. A file whose other lines changed does
// not count: digests are left out, and so are line numbers.
func sameEvidence(a, b Result) bool {
	if a.Reason != b.Reason {
		return false
	}
	x, y := offending(a), offending(b)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i].Fact != y[i].Fact || x[i].File != y[i].File || x[i].Expected != y[i].Expected || x[i].Reason != y[i].Reason {
			return false
		}
	}
	return true
}

func offending(r Result) []Item {
	for i := range r.Evidence {
		if r.Evidence[i].Expected == "" {
			return r.Evidence[:i]
		}
	}
	return r.Evidence
}

// Carry gives each result of after the time since which its outcome has held:
// the one of before when the outcome is the same, else now.
func Carry(before map[string]Result, after []Result, now time.Time) {
	for i := range after {
		if was, ok := before[after[i].Rule]; ok && was.Outcome == after[i].Outcome && !was.Since.IsZero() {
			after[i].Since = was.Since
			continue
		}
		after[i].Since = now
	}
}
