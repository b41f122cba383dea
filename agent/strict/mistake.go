package strict

import (
	"fmt"
	"slices"
	"strings"
)

// Mistake is one thing that is wrong in a file, said to the person who wrote it.
type Mistake struct {
	File string // as it was named to us
	Line int    // 1-based; 0 when no line applies
	Key  string // "sinks[0].address"; empty when no key applies
	Msg  string // what is wrong, and the next step
}

// String gives "file:line: key: message", leaving out what does not apply.
func (m Mistake) String() string {
	var b strings.Builder
	b.WriteString(m.File)
	if m.Line > 0 {
		fmt.Fprintf(&b, ":%d", m.Line)
	}
	if m.Key != "" {
		b.WriteString(": " + m.Key)
	}
	return b.String() + ": " + m.Msg
}

// Mistakes is every mistake that was found, as one error.
type Mistakes []Mistake

// Error gives one line for each mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].String()
	}
	return strings.Join(lines, "\n")
}

// Err gives m as an error, or nil when there is no mistake.
func (m Mistakes) Err() error {
	if len(m) == 0 {
		return nil
	}
	return m
}

// sorted orders the mistakes of one file by line; those without one come first.
func (m Mistakes) sorted() Mistakes {
	slices.SortStableFunc(m, func(a, b Mistake) int { return a.Line - b.Line })
	return m
}
