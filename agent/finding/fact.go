package finding

// State says what is known about a fact.
type State string

// The states of a fact. Only a known fact, or one that is absent, is in the
// Rego input (absent as null).
const (
	Known       State = "known"       // read, typed, from a documented or confirmed source
	Absent      State = "absent"      // the source is there and does not set it
	Missing     State = "missing"     // the source itself does not exist
	Unreadable  State = "unreadable"  // I/O, syntax, type or unit error
	Unmapped    State = "unmapped"    // nobody has said where it lives
	Unconfirmed State = "unconfirmed" // a guess that no operator has confirmed
)

// Fact is one named value about the appliance at one instant.
type Fact struct {
	Name      string     // dotted: group first, "sshd.banner"
	State     State      //
	Value     any        // int64, bool, string, []any, map[string]any; nil unless Known or Unconfirmed
	Shown     any        // Value with what identifies a person masked; nil: as it is
	Assurance Assurance  // Direct or Proxy when Known or Absent, else Unknown
	Reason    string     // why it is not known, in a sentence without a full stop
	Evidence  []Evidence // where it was read or looked for, the winning place first
	Items     []Evidence // for a list: where each item of Value stands, same order
}

// ForPeople is the value as people may see it, wherever it leaves the agent.
func (f *Fact) ForPeople() any {
	if f.Shown != nil {
		return f.Shown
	}
	return f.Value
}

// Evidence is where a fact was read.
type Evidence struct {
	File   string // inside the root, without the root's prefix
	Line   int    // 1-based; 0 when no line applies
	Digest string // "sha256:…" of the file; empty when the file was not read
	Raw    string // the text that was read, secrets masked, at most 256 bytes
}
