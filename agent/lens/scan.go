package lens

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	maxRaw = 256 // bytes of evidence
	masked = "********"
)

// textLine is one line without its end.
type textLine struct {
	text  string
	start int // byte position in the file
	no    int // 1-based
}

func (l textLine) end() int { return l.start + len(l.text) }

// eachLine hands the lines of a text file to each, until it says an error. It
// refuses what no text file has: NUL bytes, and lines beyond MaxLine.
func eachLine(name string, b []byte, each func(textLine) error) error {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return syntaxAt(name, b, i, "a NUL byte: this is no text file")
	}
	s := string(b)
	for pos, no := 0, 1; pos < len(s); no++ {
		end, next := len(s), len(s)
		if i := strings.IndexByte(s[pos:], '\n'); i >= 0 {
			end, next = pos+i, pos+i+1
		}
		if end-pos > MaxLine {
			return &SyntaxError{File: name, Line: no, Msg: fmt.Sprintf("a line of more than %d bytes", MaxLine)}
		}
		if err := each(textLine{strings.TrimSuffix(s[pos:end], "\r"), pos, no}); err != nil {
			return err
		}
		pos = next
	}
	return nil
}

// syntaxAt makes the error for a byte position.
func syntaxAt(name string, b []byte, pos int, format string, args ...any) error {
	line := 1 + bytes.Count(b[:min(pos, len(b))], []byte{'\n'})
	return &SyntaxError{File: name, Line: line, Msg: fmt.Sprintf(format, args...)}
}

// unknownPath is the error for a path that a lens does not know.
func unknownPath(lens, path string) error {
	return fmt.Errorf("cannot ask the %s lens for %q: it knows no such path", lens, path)
}

// grow collects the nodes of one file and keeps MaxNodes.
type grow struct {
	doc   *Doc
	count int
}

func newGrow(name string, b []byte) *grow {
	return &grow{doc: &Doc{Name: name, Root: &Node{Line: 1, End: len(b)}, raw: b}}
}

// add hangs a copy of n under parent.
func (g *grow) add(parent *Node, n Node) (*Node, error) {
	if g.count++; g.count > MaxNodes {
		return nil, tooManyNodes(g.doc.Name, n.Line)
	}
	parent.Children = append(parent.Children, &n)
	return &n, nil
}

func tooManyNodes(name string, line int) error {
	return &SyntaxError{File: name, Line: line, Msg: fmt.Sprintf("more than %d entries", MaxNodes)}
}

// lastNamed answers for formats where the last setting of a key wins, in the
// order of the files.
func lastNamed(files []*File, key string) []Value {
	for i := len(files) - 1; i >= 0; i-- {
		kids := files[i].Root.Children
		for j := len(kids) - 1; j >= 0; j-- {
			if kids[j].Name == key {
				return []Value{valueOf(files[i], kids[j])}
			}
		}
	}
	return nil
}

// valueOf answers with a node's value; the evidence is the node's whole text.
func valueOf(f *File, n *Node) Value {
	return Value{
		Text:  cleanText(maskSecrets(n.Value)),
		File:  f.Name,
		Line:  n.Line,
		Start: n.ValStart,
		End:   n.ValEnd,
		Raw:   evidence(f, n),
	}
}

// evidence is a node's text, without what its name says is a secret.
func evidence(f *File, n *Node) string {
	if isSecret(n.Name, n.Value) {
		return clip(string(f.raw[n.Start:n.ValStart]) + masked)
	}
	return clip(string(f.raw[n.Start:n.End]))
}

// clip makes evidence of any text: secrets masked, valid UTF-8, not too long.
func clip(s string) string {
	s = cleanText(maskSecrets(s))
	if len(s) <= maxRaw {
		return s
	}
	s = s[:maxRaw-len("…")]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "…"
}

func cleanText(s string) string {
	return strings.ToValidUTF8(s, "\uFFFD")
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// trimRange shrinks the range start..end of s by white space at both ends.
func trimRange(s string, start, end int) (int, int) {
	for start < end && isBlank(s[start]) {
		start++
	}
	for end > start && isBlank(s[end-1]) {
		end--
	}
	return start, end
}

func trimmed(s string) string {
	start, end := trimRange(s, 0, len(s))
	return s[start:end]
}

func skipBlank(s string, at, end int) int {
	for at < end && isBlank(s[at]) {
		at++
	}
	return at
}

// shifted moves a node's positions from those in a line to those in the file.
func shifted(n Node, by int) Node {
	n.Start, n.End = n.Start+by, n.End+by
	n.ValStart, n.ValEnd = n.ValStart+by, n.ValEnd+by
	return n
}
