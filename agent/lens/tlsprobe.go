package lens

import "strings"

// TLSProbe reads what a port of the appliance answered when it was asked for each
// TLS version: a line "TLSv1.1 off" for each, and behind it why. A version that
// got no clear answer is in neither list; where none got one the text is an error.
//
// Paths "on" and "off" give the versions.
type TLSProbe struct{}

// Parse reads one answer. Each version is a child of the root, named by its state.
func (TLSProbe) Parse(name string, b []byte) (*Doc, error) {
	g := newGrow(name, b)
	silent := ""
	err := eachLine(name, b, func(l textLine) error {
		version, rest, _ := strings.Cut(l.text, " ")
		state, why, _ := strings.Cut(rest, " ")
		if state != "on" && state != "off" {
			silent = why
			return nil
		}
		n := Node{Name: state, Line: l.no, End: len(l.text), ValEnd: len(version), Value: version}
		_, err := g.add(g.doc.Root, shifted(n, l.start))
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(g.doc.Root.Children) == 0 {
		return nil, &SyntaxError{File: name, Line: 1, Msg: "no version got a clear answer: " + silent}
	}
	return g.doc, nil
}

// Includes is empty: the format has none.
func (TLSProbe) Includes(*Doc) []Include { return nil }

// Get gives the versions in the order in which they were asked for.
func (TLSProbe) Get(files []*File, q Query) ([]Value, error) {
	if q.Path != "on" && q.Path != "off" {
		return nil, unknownPath("tlsprobe", q.Path)
	}
	var vs []Value
	for _, f := range files {
		for _, n := range f.Root.Children {
			if n.Name == q.Path {
				vs = append(vs, valueOf(f, n))
			}
		}
	}
	return vs, nil
}
