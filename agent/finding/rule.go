package finding

// Severity is a rule's severity in XCCDF's words. CAT I is high.
type Severity string

// The severities, worst first.
const (
	High   Severity = "high"
	Medium Severity = "medium"
	Low    Severity = "low"
)

// CAT is the DISA category of a severity: 1, 2 or 3; 0 for an unknown word.
func (s Severity) CAT() int {
	switch s {
	case High:
		return 1
	case Medium:
		return 2
	case Low:
		return 3
	}
	return 0
}

// Question is what only a person can answer, under the name of a fact, so that
// an attestation can name it.
type Question struct {
	Fact string `json:"fact"` // "core.backup_schedule"
	Ask  string `json:"ask"`  // a sentence that has to be true
}

// Rule is one STIG rule as the catalogue and its policy's METADATA give it.
type Rule struct {
	ID        string   // "V-250989"
	StigID    string   // "MOIS-ND-000420"
	Benchmark string   // "ndm" or "alg"
	Severity  Severity //
	SRG       string   // "SRG-APP-000164-NDM-000252"
	CCIs      []string //
	Title     string   // our own words
	Digest    string   // of the policy files that it is judged by; "" without a policy
	HasPolicy bool     // false: notchecked, "no policy yet"

	Requires          []string          // facts that must be known for a pass
	OffBox            []Question        // what must hold besides and cannot be read on the box
	NotApplicableWhen string            // what a person may attest to make it not applicable; "" for nothing
	Corroborates      []string          // facts that can fail the rule but not pass it
	Applied           map[string]string // what is in effect → what was saved for it
	Site              []string          // site values that must be set
	SiteOptional      []string          // site values that it reads but can do without
	RemedySite        []string          // site values that its remedies are made of; nil when it offers none
	AbsentOK          []string          // required facts whose absence is compliant
	MissingOK         map[string]string // required fact → the alternative fact that answers for it
	GUI               string            // System Manager path that fixes it
	CLI               string            // command line that fixes it, if there is one
	Remark            string            // what the STIG's text leaves open
}

// Questions gives the names under which a person answers what cannot be read.
func (r *Rule) Questions() []string {
	var names []string
	for _, q := range r.OffBox {
		names = append(names, q.Fact)
	}
	return names
}
