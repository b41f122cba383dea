package enforce

import (
	"time"

	"stigwatch/agent/replace"
)

// Job is what is to be done: all files, or none.
type Job struct {
	Rules   []string
	By      Who
	Reason  string
	Files   []FileChange
	Auto    bool          // nobody asked
	Confirm time.Duration // more than 0: taken back unless confirmed within it
}

// Who asked, as the kernel and the name service have it.
type Who struct {
	UID  int    `json:"uid"`
	Name string `json:"name,omitempty"`
}

// FileChange gives one file new bytes.
type FileChange struct {
	Path  string   // inside the root
	Was   string   // the digest that it has to have
	New   []byte   // its content from now on
	Units []string // what has to be reloaded to use it
	Facts []string // what the change is about, for the record
}

// State of a plan. What it announces may have been begun.
type State string

// States in the order of a plan's life.
const (
	Prepared  State = "prepared"  // copies are saved; candidates may be beside the files, and files may have been replaced
	Written   State = "written"   // all files are replaced; units may have been reloaded, rules judged
	Judged    State = "judged"    // it stands; old files may have been removed from beside the new ones
	Waiting   State = "waiting"   // it stands until Deadline, unless it is confirmed
	Done      State = "done"      // it stands
	Restoring State = "restoring" // it failed, and files are given their old content back
	Restored  State = "restored"  // all files have their old content
	Conflict  State = "conflict"  // it was to be restored, and somebody else had written a file; the others are old
	Undone    State = "undone"    // Undo has taken it back
)

// Final says whether nothing is left to be done for a plan.
func (s State) Final() bool {
	switch s {
	case Done, Restored, Conflict, Undone:
		return true
	}
	return false
}

// unfinished says whether Recover has to look at it, whatever the time is.
func (s State) unfinished() bool {
	return !s.Final() && s != Waiting
}

// Record is one plan of the ledger.
type Record struct {
	ID       string        `json:"id"`
	Seq      uint64        `json:"seq"` // grows by one; the order of plans, whatever the clock does
	State    State         `json:"state"`
	Rules    []string      `json:"rules"`
	By       Who           `json:"by"`
	Reason   string        `json:"reason,omitempty"`
	Auto     bool          `json:"auto,omitempty"`   // nobody asked
	Undoes   string        `json:"undoes,omitempty"` // the plan that this one takes back
	Files    []FileRecord  `json:"files"`
	Made     time.Time     `json:"made"`
	Ended    time.Time     `json:"ended,omitzero"`
	Confirm  time.Duration `json:"confirm,omitempty"`
	Deadline time.Time     `json:"deadline,omitzero"`

	ConfirmedBy *Who     `json:"confirmed_by,omitempty"`
	UndoneBy    string   `json:"undone_by,omitempty"` // the plan that took this one back
	Failed      *Failure `json:"failed,omitempty"`
	Checks      []Check  `json:"checks"`
	Notes       []string `json:"notes"` // what went wrong on the way back, in sentences
	CopiesGone  bool     `json:"copies_gone,omitempty"`
}

// FileRecord is one file of a plan.
type FileRecord struct {
	Path      string       `json:"path"`
	Was       string       `json:"was"` // digests
	New       string       `json:"new"`
	WasMeta   replace.Meta `json:"was_meta"`
	Units     []string     `json:"units"`
	Facts     []string     `json:"facts,omitempty"`
	Untouched bool         `json:"untouched,omitempty"` // known never to have been replaced, in a plan that failed

	Conflict string `json:"conflict,omitempty"` // why it was not restored
	Found    string `json:"found,omitempty"`    // then, the digest of what somebody else wrote, where it could be read
}

// Failure is why a plan was taken back.
type Failure struct {
	Step  Step   `json:"step"`
	Error string `json:"error"`
}

// Step is what a plan failed at.
type Step string

// Steps in order.
const (
	StepStage   Step = "stage"   // writing candidates
	StepCheck   Step = "check"   // a program does not accept a file
	StepReplace Step = "replace" // putting a candidate in place
	StepReload  Step = "reload"
	StepHealth  Step = "health"
	StepJudge   Step = "judge"
	StepRecord  Step = "record"  // the ledger
	StepTidy    Step = "tidy"    // removing what was beside the files
	StepCrash   Step = "crash"   // the process ended in the middle
	StepConfirm Step = "confirm" // nobody confirmed it in time
)

func (r Record) paths() map[string]bool {
	m := map[string]bool{}
	for _, f := range r.Files {
		m[f.Path] = true
	}
	return m
}

func (f FileRecord) pair() replace.Pair {
	return replace.Pair{Was: f.Was, New: f.New}
}

// pairBack is the replacement that takes this one back.
func (f FileRecord) pairBack() replace.Pair {
	return replace.Pair{Was: f.New, New: f.Was}
}
