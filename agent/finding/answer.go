package finding

import "time"

// Answer is what a person attested about one fact of one rule, because it cannot
// be read: off the box, or nobody knows where it lies.
type Answer struct {
	Rule      string
	Fact      string  // or the name of an off-box question
	Status    Outcome // Pass, Fail or NotApplicable
	Statement string
	By        string
	Role      string
	When      time.Time
	Expires   time.Time
	Void      string // why it does not hold any more; empty while it is in force
}

// Waiver is an accepted deviation. The result stays what it is.
type Waiver struct {
	Reason   string
	Approver string
	Ticket   string
	Expires  time.Time
}

// InForce tells whether the answer holds.
func (a *Answer) InForce() bool { return a != nil && a.Void == "" }
