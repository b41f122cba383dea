package finding

import "time"

// Event names what happened to a finding, a fact or the agent.
type Event string

// The events that an alert may carry.
const (
	Opened   Event = "opened"   // the rule fails now and did not before
	Resolved Event = "resolved" // the rule failed before and passes, or does not apply, now
	Changed  Event = "changed"  // still failing, on other evidence
	Lost     Event = "lost"     // it cannot be told any more: pass or fail before, notchecked or error now
	Regained Event = "regained" // it can be told again, and passes
	Agent    Event = "agent"    // about stigwatch itself

	Heartbeat   Event = "heartbeat"   // it lives, and how everything stands
	SelfTest    Event = "selftest"    // it tries whether a change would be told; nothing has changed
	Maintenance Event = "maintenance" // a window was opened or has ended
)

// Change is one difference between two passes.
type Change struct {
	Event  Event
	Rule   *Rule
	Was    Result // before; its zero value when there was no pass before
	Result Result
	At     time.Time // when the pass that shows it ended
	Epoch  string    // of the journal that the result's turn is counted in
}
