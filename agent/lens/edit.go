package lens

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrCannotWrite is why an Editor leaves a setting alone: the file says it in a
// way that no edit of a few lines can change safely. The wrapping error says which.
var ErrCannotWrite = errors.New("it is set in a way that is only safe to change by hand")

// Editor is a Lens that also writes. What it writes obeys the lens laws: the
// value that is asked for is what Get gives afterwards, setting the value that is
// there already changes no byte, and only the lines of that value change.
type Editor interface {
	Lens

	// Set gives the edits after which Get(files, q) answers want: at most one
	// value for a question with one answer, the whole list for one with many;
	// no want takes the setting out. Values that are wanted and there already
	// stay as they are, byte for byte. into is the file, one of files or of what
	// they include, that gets a setting which stands nowhere yet; where that
	// would not win, the edit lands where it does. No edits and no error: the
	// files say it already.
	//
	// The error wraps ErrCannotWrite where the files or the value do not allow
	// it; it is a *SyntaxError where Get's would be.
	Set(files []*File, q Query, want []Want, into *File) ([]Edit, error)
}

// Want is one value as Get is to give it afterwards.
type Want struct {
	Text   string            // scalar
	Fields map[string]string // record; nil for a scalar
}

// Edit replaces the bytes from Start to before End of a file.
type Edit struct {
	File       string
	Start, End int
	Text       string
}

// Apply gives the bytes of the file called name, b, after those edits that are
// of that file. The edits may come in any order. It is an error when they overlap
// or lie outside.
func Apply(name string, b []byte, edits []Edit) ([]byte, error) {
	var mine []Edit
	for _, e := range edits {
		if e.File == name {
			mine = append(mine, e)
		}
	}
	slices.SortStableFunc(mine, func(x, y Edit) int {
		if x.Start != y.Start {
			return x.Start - y.Start
		}
		return x.End - y.End
	})
	out, at := make([]byte, 0, len(b)), 0
	for _, e := range mine {
		if e.Start < at || e.End < e.Start || e.End > len(b) {
			return nil, fmt.Errorf("cannot edit bytes %d to %d of %q: they overlap another edit, or lie outside", e.Start, e.End, name)
		}
		out = append(append(out, b[at:e.Start]...), e.Text...)
		at = e.End
	}
	return append(out, b[at:]...), nil
}

// cannotWrite says what is in the way.
func cannotWrite(file string, line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s: %w", file, line, fmt.Sprintf(format, args...), ErrCannotWrite)
}

// lineEnd is how the lines of a file end: as its first one does.
func lineEnd(b []byte) string {
	if i := strings.IndexByte(string(b), '\n'); i > 0 && b[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// wholeLines widens a byte range to the lines that it stands on, with their ends.
func wholeLines(b []byte, start, end int) (int, int) {
	for start > 0 && b[start-1] != '\n' {
		start--
	}
	if end > start && b[end-1] == '\n' {
		return start, end
	}
	for end < len(b) && b[end] != '\n' {
		end++
	}
	return start, min(end+1, len(b))
}

// appended is the edit that adds a line at the end of a file. A last line without
// its end gets one, and then the new line has none: the file keeps its shape.
func appended(f *File, line string) Edit {
	b, nl := f.Bytes(), lineEnd(f.Bytes())
	if len(b) > 0 && b[len(b)-1] != '\n' {
		return Edit{File: f.Name, Start: len(b), End: len(b), Text: nl + line}
	}
	return Edit{File: f.Name, Start: len(b), End: len(b), Text: line + nl}
}
