package learn

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"stigwatch/agent/lens"
)

// The lenses that are tried, as mappings call them.
const (
	xml        = "xml"
	properties = "properties"
	keyvalue   = "keyvalue"
)

// place is where a mapping could point.
type place struct{ file, lens, path string }

// stand is what stands at a place.
type stand struct {
	texts []string
	line  int // of the last
}

// scan is everything that mappings could point at in one picture.
type scan struct {
	places map[place]stand
	read   map[string]bool   // files that could be read
	why    map[string]string // the others, as far as they are there
}

func (s scan) unread(file string) string {
	if why := s.why[file]; why != "" {
		return why
	}
	return "it was not there"
}

func scanOf(p Picture) scan {
	s := scan{places: map[place]stand{}, read: map[string]bool{}, why: map[string]string{}}
	for file, why := range p.Unread {
		s.why[file] = why
	}
	for _, file := range p.files() {
		if err := s.add(file, p.Files[file]); err != nil {
			s.why[file] = err.Error()
		} else {
			s.read[file] = true
		}
	}
	return s
}

// add reads a file as what it looks like. An empty one may be half a rewrite.
func (s scan) add(file string, b []byte) error {
	text := bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\uFEFF")))
	switch {
	case len(text) == 0:
		return fmt.Errorf("it was empty")
	case text[0] == '<':
		return s.try(file, xml, b, s.elements)
	}
	if err := s.try(file, properties, b, s.settings); err != nil {
		return err
	}
	return s.try(file, keyvalue, b, s.settings)
}

func (s scan) try(file, name string, b []byte, collect func(at place, root *lens.Node)) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the lens panicked: %v", v)
		}
	}()
	l, ok := lens.ByName(name)
	if !ok {
		return fmt.Errorf("there is no lens %q", name)
	}
	doc, err := l.Parse(file, b)
	if err != nil {
		return err
	}
	collect(place{file: file, lens: name}, doc.Root)
	return nil
}

// elements notes elements and attributes, the empty ones aside, as the xml lens
// answers for them.
func (s scan) elements(at place, n *lens.Node) {
	for _, c := range n.Children {
		below := place{at.file, at.lens, at.path + "/" + c.Name}
		if c.Value != "" {
			got := s.places[below]
			s.places[below] = stand{append(got.texts, c.Value), c.Line}
		}
		s.elements(below, c)
	}
}

// settings notes keys, of which the last one counts.
func (s scan) settings(at place, root *lens.Node) {
	for _, n := range root.Children {
		if n.Name != "" && utf8.ValidString(n.Name) {
			s.places[place{at.file, at.lens, n.Name}] = stand{[]string{n.Value}, n.Line}
		}
	}
}
