package finding

// Remedy is what a rule says would put one of its violations right: the whole
// value that a fact should have, of the fact's type, and why in a sentence. It is
// a wish; whether it can be written, and may be, is decided elsewhere.
type Remedy struct {
	Rule  string
	Fact  string
	Value any // int64, bool, string, []any, map[string]any; a record may leave fields out
	Why   string
}
