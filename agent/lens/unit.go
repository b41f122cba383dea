package lens

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Unit reads the state of a systemd unit in the form of systemctl's show: the lines
// Id, LoadState, ActiveState, SubState and Job, each once and nothing else; Job is
// the number of the job that waits for the unit, 0 for none.
//
// Path "state" gives a record for each file: unit, load, active, sub, pending. It
// stands where ActiveState does.
type Unit struct{}

var unitKeys = []string{"Id", "LoadState", "ActiveState", "SubState", "Job"}

// Parse reads one answer. Each line is a child of the root.
func (Unit) Parse(name string, b []byte) (*Doc, error) {
	g := newGrow(name, b)
	seen := map[string]bool{}
	err := eachLine(name, b, func(l textLine) error {
		key, value, _ := strings.Cut(l.text, "=")
		if !slices.Contains(unitKeys, key) || seen[key] || value == "" {
			return &SyntaxError{File: name, Line: l.no, Msg: "no property of a unit, or one that was there before"}
		}
		if _, err := strconv.ParseUint(value, 10, 32); key == "Job" && err != nil {
			return &SyntaxError{File: name, Line: l.no, Msg: "no number of a job"}
		}
		seen[key] = true
		n := Node{Name: key, Value: value, Line: l.no, End: len(l.text), ValStart: len(key) + 1, ValEnd: len(l.text)}
		_, err := g.add(g.doc.Root, shifted(n, l.start))
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(seen) != len(unitKeys) {
		return nil, &SyntaxError{File: name, Line: 1, Msg: fmt.Sprintf("not all of %s are there", strings.Join(unitKeys, ", "))}
	}
	return g.doc, nil
}

// Includes is empty: the format has none.
func (Unit) Includes(*Doc) []Include { return nil }

// Get gives the states in the order of the files.
func (Unit) Get(files []*File, q Query) ([]Value, error) {
	if q.Path != "state" {
		return nil, unknownPath("unit", q.Path)
	}
	var vs []Value
	for _, f := range files {
		at, said := f.Root, map[string]string{}
		for _, n := range f.Root.Children {
			said[n.Name] = n.Value
			if n.Name == "ActiveState" {
				at = n
			}
		}
		number, _ := strconv.ParseUint(said["Job"], 10, 32)
		vs = append(vs, recordOf(f, at, map[string]string{
			"unit": said["Id"], "load": said["LoadState"], "active": said["ActiveState"], "sub": said["SubState"],
			"pending": strconv.FormatBool(number != 0),
		}))
	}
	return vs, nil
}
