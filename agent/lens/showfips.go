package lens

import "strings"

// ShowFIPS reads what an administrator captured of the command line's "show
// fips". Lines that do not speak of the mode, such as prompts, do not count; of
// several answers the last one does.
//
// Path "enabled" gives "true" or "false".
type ShowFIPS struct{}

// Parse reads one capture. Each answer is a child of the root; a capture without
// one is a *SyntaxError, for silence says nothing.
func (ShowFIPS) Parse(name string, b []byte) (*Doc, error) {
	const answer = "FIPS 140 mode is "
	g := newGrow(name, b)
	err := eachLine(name, b, func(l textLine) error {
		start, end := trimRange(l.text, 0, len(l.text))
		state, ok := strings.CutPrefix(strings.TrimSuffix(l.text[start:end], "."), answer)
		if !ok || state != "enabled" && state != "disabled" {
			return nil
		}
		n := Node{Name: "enabled", Line: l.no, Start: start, End: end, ValStart: start + len(answer), Value: "false"}
		n.ValEnd = n.ValStart + len(state)
		if state == "enabled" {
			n.Value = "true"
		}
		_, err := g.add(g.doc.Root, shifted(n, l.start))
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(g.doc.Root.Children) == 0 {
		return nil, &SyntaxError{File: name, Line: 1, Msg: "no line says whether FIPS 140 mode is enabled or disabled"}
	}
	return g.doc, nil
}

// Includes is empty: the format has none.
func (ShowFIPS) Includes(*Doc) []Include { return nil }

// Get gives the last answer.
func (ShowFIPS) Get(files []*File, q Query) ([]Value, error) {
	if q.Path != "enabled" {
		return nil, unknownPath("showfips", q.Path)
	}
	return lastNamed(files, q.Path), nil
}
