package api

// Plan says which edits would make failing rules pass. It holds no file's bytes:
// who applies it works them out again and compares.
type Plan struct {
	Schema  string        `json:"schema"`
	Host    string        `json:"host"`
	Time    Time          `json:"time"`
	Policy  Policy        `json:"policy"`
	Rules   []string      `json:"rules"` // that were asked for; empty: all that fail
	Class   string        `json:"class"` // auto, or confirm when it waits for a person's word afterwards
	Files   []PlanFile    `json:"files"`
	Changes []PlanChange  `json:"changes"`
	Closes  []PlanRule    `json:"closes"`
	Cannot  []PlanRefusal `json:"cannot"`

	NotChecked []string `json:"not_checked"` // rules asked for that could not be judged, or are in error
}

// PlanFile is one file that would change.
type PlanFile struct {
	Path    string `json:"path"`
	Was     string `json:"was"` // digest
	Now     string `json:"now"` // digest
	Class   string `json:"class"`
	Check   string `json:"check"`   // program that looks at the candidate first; empty: none knows this file
	Service string `json:"service"` // unit that takes it up; empty: each use reads it anew
	How     string `json:"how"`     // reload or restart
	Diff    string `json:"diff"`    // unified, secrets masked
}

// PlanChange is one fact that would get another value.
type PlanChange struct {
	Rule  string   `json:"rule"`
	Fact  string   `json:"fact"`
	Files []string `json:"files"`
	Line  int      `json:"line"` // where it is set now; 0: nowhere
	From  any      `json:"from"` // null: not set
	To    any      `json:"to"`
	Why   string   `json:"why"`
	Class string   `json:"class"`
}

// PlanRule is a rule that the plan closes.
type PlanRule struct {
	Rule     string `json:"rule"`
	StigID   string `json:"stig_id"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
}

// PlanRefusal is a rule that the plan does not close.
type PlanRefusal struct {
	PlanRule
	Code   string   `json:"code,omitempty"` // a stable word, where programs may branch on it
	Reason string   `json:"reason"`
	GUI    string   `json:"gui"` // path in the System Manager
	CLI    []string `json:"cli"` // lines
}
