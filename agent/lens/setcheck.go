package lens

import (
	"cmp"
	"slices"
)

// settled hands edits out when they hold, by reading the files as they will be: the list is the one that is planned, the lens's other questions have
// the answers that they had, and every node that no edit touches is still there.
func settled(l Lens, files []*File, q Query, edits []Edit, p listPlan, others ...string) ([]Edit, error) {
	after, err := edited(l, files, edits)
	if err != nil {
		return nil, err
	}
	vs, err := l.Get(after, q)
	if err != nil {
		return nil, refuse("the files would not be of the format any more (%v)", err)
	}
	if !p.gives(vs) {
		return nil, refuse("the files would not say what is wanted where that counts")
	}
	for _, path := range others {
		was, err := l.Get(files, Query{Path: path})
		if err != nil {
			return nil, err
		}
		is, err := l.Get(after, Query{Path: path})
		if err != nil || !slices.Equal(keysOf(was), keysOf(is)) {
			return nil, refuse("the answer for %q would change too", path)
		}
	}
	return edits, nil
}

func keysOf(vs []Value) []string {
	var keys []string
	for _, v := range vs {
		keys = append(keys, fieldsKey(v.Fields))
	}
	return keys
}

// gives says whether vs is what is kept, and one more for each missing want.
func (p listPlan) gives(vs []Value) bool {
	kept := map[string]int{}
	for _, s := range p.kept {
		kept[fieldsKey(s.Fields)]++
	}
	var fresh []standing
	for _, v := range vs {
		if key := fieldsKey(v.Fields); kept[key] > 0 {
			kept[key]--
			continue
		}
		fresh = append(fresh, standing{Value: v})
	}
	if len(vs) != len(p.kept)+len(p.missing) || len(fresh) != len(p.missing) {
		return false
	}
	_, taken, err := pairs(fresh, p.missing)
	return err == nil && !slices.Contains(taken, false)
}

// edited gives files as they are after edits, where those change nothing else.
func edited(l Lens, files []*File, edits []Edit) ([]*File, error) {
	r := rewriting{lens: l, edits: edits, docs: map[*Doc]*Doc{}, files: map[*File]*File{}}
	after, err := r.all(files)
	if err != nil {
		return nil, refuse("the files would not be of the format any more (%v)", err)
	}
	for old, doc := range r.docs {
		was, is := touched(doc.Name, edits)
		if old != doc && !slices.Equal(untouched(old.Root, was, nil), untouched(doc.Root, is, nil)) {
			return nil, refuse("%s: more than the setting would change", doc.Name)
		}
	}
	return after, nil
}

// span is a range of bytes.
type span struct{ start, end int }

// touched gives the ranges of a file that edits replace, and what stands there
// afterwards, both in order.
func touched(name string, edits []Edit) (was, is []span) {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(x, y Edit) int { return cmp.Or(x.Start-y.Start, x.End-y.End) })
	by := 0
	for _, e := range edits {
		if e.File == name {
			was = append(was, span{e.Start, e.End})
			is = append(is, span{e.Start + by, e.Start + by + len(e.Text)})
			by += len(e.Text) - (e.End - e.Start)
		}
	}
	return was, is
}

// seen is one node as it is compared.
type seen struct {
	name, value string
	end         bool
}

// untouched lists the nodes below n that lie in none of the spans. Of those that
// a span meets, and of those whose value is their children, only the name counts.
func untouched(n *Node, spans []span, all []seen) []seen {
	for _, c := range n.Children {
		if (span{c.Start, c.End}).within(spans) {
			continue
		}
		value := c.Value
		if (span{c.ValStart, c.ValEnd}).met(spans) || len(c.Children) > 0 && c.ValEnd > c.Children[0].Start {
			value = ""
		}
		all = append(all, seen{name: c.Name, value: value})
		all = append(untouched(c, spans, all), seen{end: true})
	}
	return all
}

// from gives those of spans, which are in order, that may reach into s.
func (s span) from(spans []span) []span {
	i, _ := slices.BinarySearchFunc(spans, s.start, func(other span, at int) int { return other.start - at })
	return spans[max(0, i-1):]
}

// met says whether one of the spans, which are in order, shares bytes with s or
// lies inside it.
func (s span) met(spans []span) bool {
	for _, other := range s.from(spans) {
		if other.start >= s.end {
			return false
		}
		if other.end > s.start {
			return true
		}
	}
	return false
}

// within says whether one of the spans covers s.
func (s span) within(spans []span) bool {
	for _, other := range s.from(spans) {
		if other.start > s.start {
			return false
		}
		if s.end <= other.end {
			return true
		}
	}
	return false
}
