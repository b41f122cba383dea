package plan

import (
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"stigwatch/agent/lens"
)

// Diff is the file's change as a unified diff with three lines of context, secrets
// masked.
func (f *File) Diff() string {
	text := string(diff.Diff("a"+f.Path, lens.MaskFile(f.Old), "b"+f.Path, lens.MaskFile(f.New)))
	_, text, _ = strings.Cut(text, "\n") // its own first line names both files once more
	return text
}
