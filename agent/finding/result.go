package finding

import "time"

// Outcome is what a rule came to in one pass, in XCCDF's words.
type Outcome string

// The outcomes.
const (
	Pass          Outcome = "pass"
	Fail          Outcome = "fail"
	NotApplicable Outcome = "notapplicable"
	NotChecked    Outcome = "notchecked"
	Error         Outcome = "error"
)

// Assurance says how a result is known.
type Assurance string

// The assurances, strongest first.
const (
	Direct   Assurance = "direct"   // read where the product uses it
	Proxy    Assurance = "proxy"    // inferred from a file of the operating system
	Attested Assurance = "attested" // a person says so
	Unknown  Assurance = "unknown"
)

// Weaker returns the weaker of two assurances.
func (a Assurance) Weaker(b Assurance) Assurance {
	if b.rank() > a.rank() {
		return b
	}
	return a
}

func (a Assurance) rank() int {
	switch a {
	case Direct:
		return 0
	case Proxy:
		return 1
	case Attested:
		return 2
	}
	return 3
}

// Role says why a fact is listed under a result.
type Role string

// The roles. A required fact must be known good; a corroborating one must not
// be known bad.
const (
	Required      Role = "required"
	Corroborating Role = "corroborating"
)

// Item is one fact that a result rests on, with the place that shows it.
type Item struct {
	Fact     string
	Role     Role
	State    State
	File     string
	Line     int
	Digest   string
	Actual   any     // nil when absent or not known
	Expected string  // empty when the fact does not offend
	Reason   string  // what is wrong with it, or why it is not known
	Answer   *Answer // what a person attested instead; nil when nobody did or it can be read
}

// At sets the place that shows the fact.
func (it *Item) At(e Evidence) { it.File, it.Line, it.Digest = e.File, e.Line, e.Digest }

// Result is a rule's outcome in one pass.
type Result struct {
	Rule      string
	Outcome   Outcome
	Assurance Assurance
	Reason    string  // one line: why not pass; empty for a pass
	Remark    string  // what a reader should know besides
	Evidence  []Item  // offending items first
	Waiver    *Waiver // of a fail that was accepted; nil: it was not
	Since     time.Time
	Evaluated time.Time
	Turn      uint64 // grows with each change that is told, so that two like ones can be told apart
}

// Open reports whether the result is an open finding.
func (r Result) Open() bool { return r.Outcome == Fail }

// Summary counts the results of a pass.
type Summary struct {
	Pass, Fail, NotChecked, NotApplicable, Error int
	Open                                         map[Severity]int
}

// Summarize counts results, with the open ones by the severity of their rule.
func Summarize(rules map[string]*Rule, results []Result) Summary {
	s := Summary{Open: map[Severity]int{High: 0, Medium: 0, Low: 0}}
	for i := range results {
		switch r := &results[i]; r.Outcome {
		case Pass:
			s.Pass++
		case Fail:
			s.Fail++
			if rule := rules[r.Rule]; rule != nil {
				s.Open[rule.Severity]++
			}
		case NotApplicable:
			s.NotApplicable++
		case NotChecked:
			s.NotChecked++
		default:
			s.Error++
		}
	}
	return s
}
