package lens

import (
	"strings"
)

// Limits reads limits.conf and limits.d/*.conf, in the order given, as
// pam_limits does.
//
// Path "all/maxsyslogins" gives the limit of sign-ins on the whole system,
// "all/maxlogins" the limit for each user without a line of their own.
// pam_limits has one place for both: `%` alone (with maxlogins; it refuses
// maxsyslogins there) beats `*`, among equals the later line wins, and the
// item of the last line says which of the two it is. So a later
// `* hard maxlogins 10` takes an earlier `* hard maxsyslogins 5` away. The
// type of a line does not matter. No limit is "-1".
type Limits struct{}

const limitWords = 4 // domain, type, item, value

// Parse reads one file. Lines that are not whole mean nothing to pam_limits
// and are left out.
func (Limits) Parse(name string, b []byte) (*Doc, error) {
	g := newGrow(name, b)
	err := eachLine(name, b, func(l textLine) error {
		text, _, _ := strings.Cut(l.text, "#")
		words, _ := bare().split(text, 0)
		if len(words) < limitWords {
			return nil
		}
		return addLimit(g, plain(l), words[:limitWords])
	})
	if err != nil {
		return nil, err
	}
	return g.doc, nil
}

// addLimit adds a line: a node named after its item, with the value of its
// last word, and its domain and type for children.
func addLimit(g *grow, l joinedLine, words []piece) error {
	value := words[3]
	n := Node{Name: strings.ToLower(words[2].text), Value: value.text, Line: l.no}
	n.Start, n.End, n.ValStart, n.ValEnd = l.pos(words[0].start), l.pos(value.end), l.pos(value.start), l.pos(value.end)
	line, err := g.add(g.doc.Root, n)
	if err != nil {
		return err
	}
	if _, err = addPiece(g, line, l, "domain", words[0]); err != nil {
		return err
	}
	_, err = addPiece(g, line, l, "type", words[1])
	return err
}

// Includes is empty: the mapping lists limits.d.
func (Limits) Includes(*Doc) []Include { return nil }

// Get plays the files through for a user whom no line names.
func (Limits) Get(files []*File, q Query) ([]Value, error) {
	if q.Path != "all/maxsyslogins" && q.Path != "all/maxlogins" {
		return nil, unknownPath("limits", q.Path)
	}
	var s loginLimit
	for _, f := range files {
		for _, n := range f.Root.Children {
			s.line(f, n)
		}
	}
	if s.value == nil || (s.wholeSystem || s.everybody) != (q.Path == "all/maxsyslogins") {
		return nil, nil
	}
	return []Value{*s.value}, nil
}

// loginLimit is the one limit of sign-ins that pam_limits keeps.
type loginLimit struct {
	value       *Value
	everybody   bool // set for the domain %, which beats *
	wholeSystem bool // the last line was one of maxsyslogins
}

func (s *loginLimit) line(f *File, n *Node) {
	domain := n.Children[0].Value
	if n.Name != "maxlogins" && n.Name != "maxsyslogins" || domain != "*" && domain != "%" {
		return
	}
	s.wholeSystem = n.Name == "maxsyslogins"
	v, ok := limitValue(f, n)
	everybody := domain == "%"
	if !ok || everybody && s.wholeSystem || s.everybody && !everybody {
		return
	}
	s.value, s.everybody = &v, everybody
}

// limitValue reads a number as strtol does: as far as it goes.
func limitValue(f *File, n *Node) (Value, bool) {
	v := valueOf(f, n)
	text := strings.ToLower(n.Value)
	switch text {
	case "-1", "-", "unlimited", "infinity":
		v.Text = "-1"
		return v, true
	}
	sign := 0
	if text[0] == '+' || text[0] == '-' {
		sign = 1
	}
	digits := sign
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	if digits == sign {
		return v, false
	}
	v.Start, v.End, v.Text = n.ValStart+sign, n.ValStart+digits, text[sign:digits]
	if text[0] == '-' {
		v.Start, v.Text = n.ValStart, "-1" // pam_limits takes any number below zero for no limit
	}
	return v, true
}
