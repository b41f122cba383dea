// Package api owns what crosses the status socket: the JSON types, how they are
// made from the words of package finding, and the client. The same types are
// what `--json` prints, so a script sees one shape wherever it looks.
//
// Lists are never null and times are whole seconds in UTC; a time that is not
// known is the empty string. Fields are added, never renamed or removed, as
// long as Schema stays what it is.
package api

// Schema names the shape of every document of this package.
const Schema = "stigwatch/v1"

// Report is one pass over the rules. Check prints it; status adds Agent.
type Report struct {
	Schema  string   `json:"schema"`
	Host    string   `json:"host"`
	Time    Time     `json:"time"`
	Policy  Policy   `json:"policy"`
	Summary Summary  `json:"summary"`
	Results []Result `json:"results"` // sorted by rule
	Agent   *Agent   `json:"agent,omitempty"`
}

// Policy says which policies judged.
type Policy struct {
	Digest string `json:"digest"` // "sha256:…"
	Source string `json:"source"` // "embedded"
}

// Summary counts results.
type Summary struct {
	Pass          int  `json:"pass"`
	Fail          int  `json:"fail"`
	NotChecked    int  `json:"notchecked"`
	NotApplicable int  `json:"notapplicable"`
	Error         int  `json:"error"`
	Open          Open `json:"open"`
}

// Open counts open findings by severity.
type Open struct {
	High   int `json:"high"`
	Medium int `json:"medium"`
	Low    int `json:"low"`
}

// Result is a rule's outcome.
type Result struct {
	Rule      string     `json:"rule"`
	StigID    string     `json:"stig_id"`
	Benchmark string     `json:"benchmark"`
	Severity  string     `json:"severity"`
	Title     string     `json:"title"`
	Result    string     `json:"result"`
	Assurance string     `json:"assurance"`
	Reason    string     `json:"reason"`
	Evidence  []Evidence `json:"evidence"`
	Remark    string     `json:"remark"`
	Waived    bool       `json:"waived"` // accepted, and open all the same
	Waiver    *Waiver    `json:"waiver,omitempty"`
	Since     Time       `json:"since"` // when it became what it is; empty without a journal
	Evaluated Time       `json:"evaluated"`
}

// Evidence is one fact that a result rests on.
type Evidence struct {
	Fact     string `json:"fact"`
	Role     string `json:"role"`
	State    string `json:"state"`
	File     string `json:"file"`
	Line     int    `json:"line"` // 0 when no line applies
	Digest   string `json:"digest"`
	Actual   any    `json:"actual"` // null when absent or not known
	Expected string `json:"expected"`
	Reason   string `json:"reason"`

	Attestation *Attestation `json:"attestation,omitempty"` // what a person said instead
}

// Attestation is what a person attested of a fact that cannot be read.
type Attestation struct {
	Status    string `json:"status"`
	Statement string `json:"statement"`
	By        string `json:"by"`
	Role      string `json:"role"`
	When      Time   `json:"when"`
	Expires   Time   `json:"expires"`
}

// Waiver is why and until when an open finding is accepted.
type Waiver struct {
	Reason   string `json:"reason"`
	Approver string `json:"approver"`
	Ticket   string `json:"ticket"`
	Expires  Time   `json:"expires"`
}
