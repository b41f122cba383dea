package alert

import "stigwatch/agent/finding"

// The captions of the schema, by their numbers.
var (
	ocsfSeverities = map[int]string{0: "Unknown", 1: "Informational", 2: "Low", 3: "Medium", 4: "High"}
	ocsfActivities = map[int]string{1: "Create", 2: "Update", 3: "Close"}
	ocsfStatuses   = map[int]string{1: "New", 2: "In Progress", 3: "Suppressed", 4: "Resolved"}
)

// ocsfSeverity is the rule's own, whatever happened to it, unless it was announced.
// News about the agent is low, unless its severity says otherwise; a heartbeat is
// informational.
func ocsfSeverity(m *Message) int {
	if m.Announced != "" {
		return 1
	}
	switch m.Severity {
	case finding.High:
		return 4
	case finding.Medium:
		return 3
	case finding.Low:
		return 2
	}
	switch {
	case m.Rule != "":
		return 0
	case m.Event == finding.Agent:
		return 2
	}
	return 1
}

// ocsfLifecycle is what happened to a finding, and what it is then.
func ocsfLifecycle(m *Message) (activity, status int) {
	switch {
	case m.Event == finding.Resolved, m.Event == finding.Regained:
		return 3, 4
	case (m.Waived || m.Announced != "") && m.Event == finding.Opened:
		return 1, 3
	case m.Waived, m.Announced != "":
		return 2, 3
	case m.Event == finding.Opened:
		return 1, 1
	}
	return 2, 2
}

// ocsfVerdict is a compliance status. Warning is what the schema calls a check
// that gave no result.
func ocsfVerdict(o finding.Outcome) (id int, name string) {
	switch o {
	case finding.Pass:
		return 1, "Pass"
	case finding.NotChecked, finding.Error:
		return 2, "Warning"
	case finding.Fail:
		return 3, "Fail"
	case finding.NotApplicable:
		return 99, "Not Applicable"
	}
	return 0, "Unknown"
}
