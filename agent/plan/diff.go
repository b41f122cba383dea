package plan

import (
	"github.com/rogpeppe/go-internal/diff"

	"stigwatch/agent/lens"
)

// Diff is the file's change as a unified diff with three lines of context, secrets
// masked.
func (f *File) Diff() string {
	return string(diff.Diff("a"+f.Path, lens.MaskFile(f.Old), "b"+f.Path, lens.MaskFile(f.New)))
}
