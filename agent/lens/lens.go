// Package lens reads configuration file formats into trees that know their byte
// positions, and answers questions about them as the program that owns the
// format would. One file per format. It does no I/O: included files are handed
// in by the caller (package facts), which reads them through package host.
//
// A lens that is an Editor also says which bytes to change for another answer. It
// reads the files as they would be before it says so: what cannot be read back,
// or would change another answer, is refused and left to a person.
package lens

import "fmt"

// Limits that every lens keeps. A file beyond them is a SyntaxError, never a hang.
const (
	MaxDepth = 64      // nesting of elements or sections
	MaxNodes = 200_000 // nodes in one file
	MaxLine  = 64 << 10
)

// Lens reads one file format.
type Lens interface {
	// Parse reads one file. It keeps b; the caller must not change it. The
	// error, if any, is a *SyntaxError.
	Parse(name string, b []byte) (*Doc, error)

	// Includes lists, in order of appearance, the files that doc pulls in.
	Includes(doc *Doc) []Include

	// Get answers a question about files read in order, each with its includes
	// spliced in where they stand. Nil with no error means: nothing sets it.
	// The values come in the order of the files, or, for a question with one
	// answer, the winning value alone. The meaning of q.Path is the lens's own
	// and stands in its doc comment; a path that the lens does not know is an
	// error (a fault of the mapping, not of the file).
	Get(files []*File, q Query) ([]Value, error)
}

// Query is what a mapping asks of a lens.
type Query struct {
	Path   string
	Fields map[string]string // for records: name of the field → path below Path
}

// File is a Doc and the files that its includes pulled in.
type File struct {
	*Doc
	Included map[*Node][]*File // by the include's node
}

// Include is a request for other files.
type Include struct {
	Node     *Node
	Pattern  string // absolute path or glob; relative ones are already made absolute
	Optional bool   // no match is not an error for the program
}

// Doc is one parsed file.
type Doc struct {
	Name string // path inside the root, for evidence
	Root *Node
	raw  []byte
}

// Bytes gives back the very bytes that were parsed.
func (d *Doc) Bytes() []byte { return d.raw }

// Node is one element of a file. Its byte range lies inside its parent's, and
// siblings are in order and do not overlap.
type Node struct {
	Name             string  // keyword, key or element name; "" for a pure container
	Value            string  // decoded text, quotes and escapes undone
	Line             int     // 1-based line of Start
	Start, End       int     // byte range of the whole node
	ValStart, ValEnd int     // byte range of the raw value, quotes excluded; equal when there is none
	Children         []*Node //
}

// Value is one answer of a lens.
type Value struct {
	Text       string            // scalar
	Fields     map[string]string // record; nil for a scalar. A field that is not set is not in the map
	DER        []byte            // the certificate, for the pem lens
	File       string            //
	Line       int               //
	Start, End int               // byte range of the raw value in File
	Raw        string            // the text to show as evidence, secrets masked, at most 256 bytes
}

// SyntaxError says that a file is not of the format.
type SyntaxError struct {
	File string
	Line int
	Msg  string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
}
