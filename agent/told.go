package agent

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
	"stigwatch/agent/maintenance"
)

// An alert may leave before the journal has it. When the agent was killed in
// between, the journal's last pass is not what the receivers heard last, nor did each
// of them hear the same: whoever could not take the last change at once got none of
// it. So such a rule is always told again, though nothing seems to have changed. Found
// as it was told, it is the same change, under the same id; found otherwise, it is one
// more.

// takeUpTold brings what was judged before to what was told, for rules whose last
// change left and was not recorded. It comes before the first pass is compared.
func (l *loop) takeUpTold(evaluated []finding.Result) {
	for i := range evaluated {
		rule := evaluated[i].Rule
		told, known := l.told[rule]
		delete(l.told, rule)
		was := l.before[rule]
		if !known || told.Turn <= was.Turn {
			continue
		}
		if l.before == nil {
			l.before = map[string]finding.Result{}
		}
		l.windows.book.Stood(rule, was) // what is not recorded left in the window, for information
		l.before[rule] = l.heard(told, was, evaluated[i])
	}
}

// heard gives the result from which what is found now is told as a change.
func (l *loop) heard(told journal.Told, was, now finding.Result) finding.Result {
	first := finding.Result{Rule: told.Rule, Outcome: told.Was, Turn: told.Turn - 1}
	last := finding.Result{Rule: told.Rule, Outcome: told.Outcome, Turn: told.Turn}
	if now.Outcome == told.Outcome {
		if was.Outcome == told.Was { // it has evidence too
			was.Rule, was.Turn = first.Rule, first.Turn
			if l.differ(was, now) {
				return was
			}
		}
		return first
	}
	if l.differ(last, now) {
		return last
	}
	first.Turn = last.Turn // both are in order, and what came before them was not
	return first
}

// differ tells whether there is something to tell from one result to the other.
func (l *loop) differ(was, now finding.Result) bool {
	before := map[string]finding.Result{now.Rule: was}
	return len(finding.Diff(l.a.parts.Engine.Rules, before, []finding.Result{now}, time.Time{})) > 0
}

// The end of a window of maintenance is noted too, before anything leaves because of
// it: a window that a person closed would be open again after a kill, and what its
// end told at full rank could change in it, for information only.

// endSlot is where the note of a window's end stands. No more ends than windows may be
// open are unrecorded at a time.
func endSlot(n int) string { return fmt.Sprintf("window %d", n%maintenance.MostOpen) }

// tellingEnd notes that the end of a window is about to be told.
func (l *loop) tellingEnd(id, how string, seq uint64) {
	number, _ := strconv.ParseUint(strings.TrimPrefix(id, windowPrefix), 10, 64)
	l.a.store.telling(journal.Told{Rule: endSlot(l.windows.ends), Outcome: finding.Outcome(how), Turn: number, Seq: seq})
	l.windows.ends++
}

// takeUpEnds finds the windows whose end was told and not recorded.
func (l *loop) takeUpEnds() {
	l.windows.ended = map[string]string{}
	for n := range maintenance.MostOpen {
		if told, known := l.told[endSlot(n)]; known {
			l.windows.ended[windowPrefix+strconv.FormatUint(told.Turn, 10)] = string(told.Outcome)
		}
	}
}

// endAgain tells those ends again, under the same ids.
func (l *loop) endAgain(now time.Time) {
	for _, w := range slices.Clone(l.windows.book.Windows) {
		if how, ended := l.windows.ended[w.ID]; ended {
			l.endWindow(w.ID, how, "", now)
		}
	}
	l.windows.ended = nil
}
