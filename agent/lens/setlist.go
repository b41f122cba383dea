package lens

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxLoose bounds the wants that leave fields open, each of which is tried
// against every value that stands.
const maxLoose = 256

// standing is one value that Get gives, and the node that says it.
type standing struct {
	Value
	at statementAt
}

func stands(f *File, n *Node, fields map[string]string) standing {
	return standing{recordOf(f, n, fields), statementAt{f, n}}
}

func valuesOf(found []standing) []Value {
	var vs []Value
	for _, s := range found {
		vs = append(vs, s.Value)
	}
	return vs
}

// listPlan is what has to be done so that a list becomes the one that is wanted.
type listPlan struct {
	kept    []standing
	gone    []standing // one for each node
	missing []Want     // in the order of the want
}

func (p listPlan) empty() bool { return len(p.gone) == 0 && len(p.missing) == 0 }

// planList pairs what stands with what is wanted. A want that leaves a field out
// takes any value of that field. known are the fields that there are.
func planList(found []standing, want []Want, known ...string) (listPlan, error) {
	for _, w := range want {
		if err := knownFields(w, known); err != nil {
			return listPlan{}, err
		}
	}
	owner, taken, err := pairs(found, want)
	if err != nil {
		return listPlan{}, err
	}
	var p listPlan
	for i, w := range want {
		if !taken[i] {
			p.missing = append(p.missing, w)
		}
	}
	return p, p.sort(found, owner)
}

// sort tells what stays from what goes. Values of one node go together.
func (p *listPlan) sort(found []standing, owner []int) error {
	type place struct {
		file  string
		start int
	}
	stays := map[place]bool{}
	for i, s := range found {
		at := place{s.File, s.at.n.Start}
		was, seen := stays[at]
		stays[at] = owner[i] >= 0
		switch {
		case seen && was != stays[at]:
			return cannotWrite(s.File, s.Line, "one statement gives several values, of which only some are wanted")
		case owner[i] >= 0:
			p.kept = append(p.kept, s)
		case !seen:
			p.gone = append(p.gone, s)
		}
	}
	return nil
}

func knownFields(w Want, known []string) error {
	if w.Fields == nil {
		return refuse("a list holds records, and %q is none", clip(w.Text))
	}
	for _, name := range slices.Sorted(maps.Keys(w.Fields)) {
		if !slices.Contains(known, name) {
			return refuse("there is no field %q", clip(name))
		}
	}
	return nil
}

// asks says whether a value is one that is wanted.
func (w Want) asks(fields map[string]string) bool {
	for name, text := range w.Fields {
		if got, ok := fields[name]; !ok || got != text {
			return false
		}
	}
	return true
}

// pairs gives each value its want, or -1, so that as many as can be are paired:
// wants that name every field first, then the others, by augmenting paths.
func pairs(found []standing, want []Want) (owner []int, taken []bool, err error) {
	owner, taken = slices.Repeat([]int{-1}, len(found)), make([]bool, len(want))
	same := map[string][]int{}
	for i, s := range found {
		key := fieldsKey(s.Fields)
		same[key] = append(same[key], i)
	}
	var loose []int
	for i, w := range want {
		key := fieldsKey(w.Fields)
		if at := same[key]; len(at) > 0 {
			owner[at[0]], taken[i], same[key] = i, true, at[1:]
			continue
		}
		loose = append(loose, i)
	}
	if len(loose) > maxLoose {
		return nil, nil, refuse("more than %d values that do not stand yet", maxLoose)
	}
	for _, i := range loose {
		taken[i] = augment(found, want, owner, i, make([]bool, len(found)))
	}
	return owner, taken, nil
}

// augment finds a value for want i, moving others where that helps.
func augment(found []standing, want []Want, owner []int, i int, tried []bool) bool {
	for j, s := range found {
		if tried[j] || !want[i].asks(s.Fields) {
			continue
		}
		tried[j] = true
		if owner[j] < 0 || augment(found, want, owner, owner[j], tried) {
			owner[j] = i
			return true
		}
	}
	return false
}

func fieldsKey(fields map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		fmt.Fprintf(&b, "%q=%q ", name, fields[name])
	}
	return b.String()
}

// oneOfMany is the error for a value that goes where another stays that the
// answer cannot tell from it, though their lines differ.
func (p listPlan) oneOfMany() error {
	stay := map[string]string{}
	for _, s := range p.kept {
		stay[fieldsKey(s.Fields)] = statementText(s)
	}
	for _, s := range p.gone {
		if text, ok := stay[fieldsKey(s.Fields)]; ok && text != statementText(s) {
			return cannotWrite(s.File, s.Line, "more than one line is of this kind, and nothing says which is to stay")
		}
	}
	return nil
}

func statementText(s standing) string { return string(s.at.f.raw[s.at.n.Start:s.at.n.End]) }

// refuse says what no file could hold.
func refuse(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrCannotWrite)
}
