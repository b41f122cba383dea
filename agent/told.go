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
// between, the journal's last pass is not what the receivers heard last: found
// again, the change is told again under the same id; not found any more, it has to
// be taken back.

// takeUpTold brings what was judged before to what was told, for rules whose last
// change left and was not recorded. It comes before the first pass is compared.
func (l *loop) takeUpTold(evaluated []finding.Result, now time.Time) {
	for _, r := range evaluated {
		told, known := l.told[r.Rule]
		delete(l.told, r.Rule)
		was := l.before[r.Rule]
		if !known || l.before == nil || told.Turn <= was.Turn {
			continue
		}
		if l.comesAgain(r, told, now) { // as the last of those that left: under that one's turn
			was.Rule, was.Turn = r.Rule, told.Turn-1
		} else {
			was = finding.Result{Rule: r.Rule, Outcome: told.Outcome, Turn: told.Turn}
		}
		l.before[r.Rule] = was
	}
}

// comesAgain tells whether the change that was told is what is found now.
func (l *loop) comesAgain(r finding.Result, told journal.Told, now time.Time) bool {
	changes := finding.Diff(l.a.parts.Engine.Rules, l.before, []finding.Result{r}, now)
	return len(changes) == 1 && changes[0].Result.Outcome == told.Outcome
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
