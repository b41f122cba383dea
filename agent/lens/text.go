package lens

import (
	"bytes"
	"strings"
)

// Text takes a whole file as one value: a banner, a flag under /proc.
//
// Path "" or "trimmed" gives the text without white space around it (no value
// when nothing is left); "bool01" gives "true" for 1 and "false" for 0.
type Text struct{}

// Parse reads one file; the root itself is the text.
func (Text) Parse(name string, b []byte) (*Doc, error) {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return nil, syntaxAt(name, b, i, "a NUL byte: this is no text file")
	}
	text := string(b)
	start := len(text) - len(strings.TrimLeft(text, whiteSpace))
	text = strings.Trim(text, whiteSpace)
	root := &Node{Value: text, Line: 1, End: len(b), ValStart: start, ValEnd: start + len(text)}
	return &Doc{Name: name, Root: root, raw: b}, nil
}

const whiteSpace = " \t\r\n\v\f"

// Includes is empty: the format has none.
func (Text) Includes(*Doc) []Include { return nil }

// Get gives the text of each file.
func (Text) Get(files []*File, q Query) ([]Value, error) {
	var vs []Value
	for _, f := range files {
		n := f.Root
		v := Value{Text: cleanText(maskSecrets(n.Value)), File: f.Name, Line: 1, Start: n.ValStart, End: n.ValEnd}
		v.Raw = clip(v.Text)
		switch q.Path {
		case "", "trimmed":
			if v.Text == "" {
				continue
			}
		case "bool01":
			switch v.Text {
			case "0":
				v.Text = "false"
			case "1":
				v.Text = "true"
			default:
				return nil, &SyntaxError{File: f.Name, Line: 1, Msg: "neither 0 nor 1"}
			}
		default:
			return nil, unknownPath("text", q.Path)
		}
		vs = append(vs, v)
	}
	return vs, nil
}
