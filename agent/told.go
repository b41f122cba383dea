package agent

import (
	"time"

	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
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
		if was := l.before[r.Rule]; known && l.before != nil && told.Turn > was.Turn && !l.comesAgain(r, told, now) {
			l.before[r.Rule] = finding.Result{Rule: r.Rule, Outcome: told.Outcome, Turn: told.Turn}
		}
	}
}

// comesAgain tells whether the change that was told is what is found now.
func (l *loop) comesAgain(r finding.Result, told journal.Told, now time.Time) bool {
	changes := finding.Diff(l.a.parts.engine.Rules, l.before, []finding.Result{r}, now)
	return len(changes) == 1 && changes[0].Result.Outcome == told.Outcome && changes[0].Result.Turn == told.Turn
}
