package lens

import "strings"

// TLSFlight reads what a port of the appliance said of client certificates when a
// TLS handshake was begun with it: lines before the certificates that it showed,
// which are the pem lens's to read. A text that does not say it once is an error.
//
// Path "asks" gives "true" when the port asked for one in its first flight, else
// "false": it may still ask later, for some paths only.
type TLSFlight struct{}

// Parse reads one answer. The line about client certificates is the child of the
// root.
func (TLSFlight) Parse(name string, b []byte) (*Doc, error) {
	const mark = "client certificate "
	g, head := newGrow(name, b), true
	err := eachLine(name, b, func(l textLine) error {
		head = head && !strings.HasPrefix(l.text, pemBegin)
		said, ok := strings.CutPrefix(l.text, mark)
		if !head || !ok {
			return nil
		}
		n := Node{Name: "asks", Line: l.no, End: len(l.text), ValStart: len(mark), ValEnd: len(l.text), Value: "true"}
		switch said {
		case "requested":
		case "not requested":
			n.Value = "false"
		default:
			return &SyntaxError{File: name, Line: l.no, Msg: "it is neither requested nor not requested"}
		}
		_, err := g.add(g.doc.Root, shifted(n, l.start))
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(g.doc.Root.Children) != 1 {
		return nil, &SyntaxError{File: name, Line: 1, Msg: "it does not say once whether a client certificate was requested"}
	}
	return g.doc, nil
}

// Includes is empty: the format has none.
func (TLSFlight) Includes(*Doc) []Include { return nil }

// Get gives the answer.
func (TLSFlight) Get(files []*File, q Query) ([]Value, error) {
	if q.Path != "asks" {
		return nil, unknownPath("tlsflight", q.Path)
	}
	return lastNamed(files, q.Path), nil
}
