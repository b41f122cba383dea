package lens

import (
	"fmt"
	"slices"
	"strings"
)

// XML reads the appliance's configuration documents. It is strict where being
// lenient would mean to see something else than the program that owns the file:
// a document that is not well-formed, not UTF-8, or with declarations of its own
// (entities) is a *SyntaxError. Namespaces are dropped. A line may have any length.
//
// Path is /a/b/c or /a/b/@attribute, from the root element: one value for each
// element or attribute that is there and not empty, in document order. An
// element's text is its own, without that of the elements in it, and without
// white space around it. With Fields, Path names elements: one record for each,
// whose fields are paths below it ("x/y", "@a", "x/@a", "." for itself). Where
// such a path names several, the first that is not empty counts; a field that is
// not set is not in the record.
type XML struct{}

// Parse reads one document. Elements are nodes, attributes are nodes named
// "@name" before an element's other children; namespace declarations are left out.
func (XML) Parse(name string, b []byte) (*Doc, error) {
	root, err := parseXML(name, b)
	if err != nil {
		return nil, err
	}
	return &Doc{Name: name, Root: root, raw: b}, nil
}

// Includes is empty: the lens follows none.
func (XML) Includes(*Doc) []Include { return nil }

// Get gives the values or records at q.Path, in the order of the files.
func (XML) Get(files []*File, q Query) ([]Value, error) {
	path, ok := strings.CutPrefix(q.Path, "/")
	if !ok || !isXMLPath(path) || len(q.Fields) > 0 && strings.Contains(path, "@") {
		return nil, unknownPath("xml", q.Path)
	}
	if err := checkXMLFields(q.Fields); err != nil {
		return nil, err
	}
	var vs []Value
	for _, f := range files {
		eachXML(f.Root, path, func(n *Node) bool {
			switch {
			case len(q.Fields) > 0:
				vs = append(vs, xmlRecord(f, n, q.Fields))
			case n.Value != "":
				vs = append(vs, xmlValue(f, n))
			}
			return true
		})
	}
	return vs, nil
}

func checkXMLFields(fields map[string]string) error {
	for name, path := range fields {
		if path != "." && !isXMLPath(path) {
			return fmt.Errorf("cannot ask the xml lens for field %q: it knows no such path as %q", name, path)
		}
	}
	return nil
}

// isXMLPath says whether each component names something, attributes last.
func isXMLPath(path string) bool {
	for {
		name, rest, more := strings.Cut(path, "/")
		bare := strings.TrimPrefix(name, "@")
		if bare == "" || bare == "." || strings.Contains(bare, "@") || more && bare != name {
			return false
		}
		if !more {
			return true
		}
		path = rest
	}
}

// eachXML calls each with the nodes at path below n until it says false.
func eachXML(n *Node, path string, each func(*Node) bool) bool {
	if path == "." {
		return each(n)
	}
	name, rest, more := strings.Cut(path, "/")
	for _, c := range n.Children {
		if c.Name != name {
			continue
		}
		if more && !eachXML(c, rest, each) || !more && !each(c) {
			return false
		}
	}
	return true
}

func xmlValue(f *File, n *Node) Value {
	v := Value{Text: maskSecrets(n.Value), File: f.Name, Line: n.Line, Start: n.ValStart, End: n.ValEnd}
	v.Raw = clip(xmlShown(n.Name, n.Value))
	return v
}

func xmlRecord(f *File, n *Node, fields map[string]string) Value {
	v := Value{Fields: make(map[string]string, len(fields)), File: f.Name, Line: n.Line, Start: n.Start, End: n.End}
	var shown []string
	for name, path := range fields {
		eachXML(n, path, func(c *Node) bool {
			if c.Value == "" {
				return true
			}
			v.Fields[name] = maskSecrets(c.Value)
			shown = append(shown, xmlShown(path, c.Value))
			return false
		})
	}
	slices.Sort(shown)
	v.Raw = clip(strings.Join(shown, " "))
	return v
}

// xmlShown is the evidence for one value: never the source around it, in which
// there may be secrets.
func xmlShown(name, value string) string {
	if isSecret(name, value) {
		value = masked
	}
	return name + "=" + value
}
