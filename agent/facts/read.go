package facts

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"stigwatch/agent/finding"
	"stigwatch/agent/lens"
	"stigwatch/agent/mapping"
)

// read makes one fact of its sources.
func (r *Reader) read(name string, snap finding.Snapshot) *finding.Fact {
	f := &finding.Fact{Name: name, Assurance: finding.Unknown}
	was, u := r.uses[name], &use{}
	r.uses[name] = u
	defer func() {
		if was == nil || !slices.Equal(was.trees, u.trees) {
			r.index = nil
		}
	}()
	e, mapped := r.o.Mapping[name]
	if !mapped {
		f.State, f.Reason = finding.Unmapped, "no mapping says where it lives"
		return f
	}
	r.fromSources(f, u, &e, snap)
	if usable, why := e.Usable(r.release(name, snap), r.o.HostName); !usable {
		f.State, f.Assurance, f.Reason = finding.Unconfirmed, finding.Unknown, why
		return f
	}
	if f.State == finding.Known || f.State == finding.Absent {
		f.Assurance = e.Assurance
		if len(f.Evidence) > 0 && strings.HasPrefix(f.Evidence[0].File, EvidencePrefix) {
			f.Assurance = finding.Attested // a person captured it
		}
	}
	return f
}

// release is what the appliance says it runs; "" for the release itself.
func (r *Reader) release(name string, snap finding.Snapshot) string {
	if f := snap[releaseFact]; name != releaseFact && f != nil && f.State == finding.Known {
		v, _ := f.Value.(string)
		return v
	}
	return ""
}

// fromSources asks the sources in order. The first that sets the fact wins; one
// that cannot be read hides what comes after it, since it might have set it.
func (r *Reader) fromSources(f *finding.Fact, u *use, e *mapping.Entry, snap finding.Snapshot) {
	f.State = finding.Missing
	for i := range e.From {
		src := &e.From[i]
		files, ok := r.filesOf(src, f, snap)
		if !ok {
			if f.State == finding.Unreadable {
				return
			}
			continue
		}
		t := r.source(files, src.Lens)
		u.trees = append(u.trees, t)
		switch {
		case t.fault != nil:
			f.State, f.Reason, f.Evidence = finding.Unreadable, explain(t.fault.err), t.evidence()
			return
		case !t.there():
			if f.State == finding.Missing && len(f.Evidence) == 0 {
				f.Evidence = t.evidence()
			}
			continue
		}
		if r.ask(f, t, src); f.State == finding.Known || f.State == finding.Unreadable {
			return
		}
	}
	switch f.State {
	case finding.Missing:
		f.Reason = "no file that could set it is there"
	case finding.Absent:
		f.Reason = "it is not set"
	}
}

// filesOf gives the files of a source. For one that another fact names it gives
// that fact's state when there is no name.
func (r *Reader) filesOf(src *mapping.Source, f *finding.Fact, snap finding.Snapshot) ([]string, bool) {
	if src.FileOf == "" {
		return src.Files, true
	}
	by := snap[src.FileOf]
	if by == nil {
		return nil, false
	}
	if by.State == finding.Known {
		p, _ := by.Value.(string)
		if strings.HasPrefix(p, "/") && !strings.ContainsAny(p, "*?[\x00") {
			return []string{p}, true
		}
		f.State, f.Reason, f.Evidence = finding.Unreadable, fmt.Sprintf("%s names %q, which is not a path", src.FileOf, p), by.Evidence
		return nil, false
	}
	f.State, f.Reason, f.Evidence = by.State, fmt.Sprintf("%s: %s", src.FileOf, by.Reason), by.Evidence
	return nil, false
}

// ask puts the mapping's question to the lens and types the answer.
func (r *Reader) ask(f *finding.Fact, t *tree, src *mapping.Source) {
	l, _ := lens.ByName(src.Lens)
	values, err := get(l, t.files, lens.Query{Path: src.Path, Fields: src.Fields})
	if err == nil && len(values) == 0 {
		if f.State != finding.Absent {
			f.State, f.Evidence = finding.Absent, t.evidence()
		}
		return
	}
	if err == nil {
		f.Evidence = f.Evidence[:0]
		for i := range values {
			f.Evidence = append(f.Evidence, place(&values[i], t))
		}
		f.Value, err = r.typed(f.Name, src, values)
	}
	if err != nil {
		f.State, f.Reason, f.Value = finding.Unreadable, explain(err), nil
		f.Evidence = append(f.Evidence, where(err, t)...)
		return
	}
	f.State, f.Reason = finding.Known, ""
	if list, ok := f.Value.([]any); ok {
		f.Items = f.Evidence
		f.Shown = r.o.Schema[f.Name].Shown(list, func(value string) {
			for i := range f.Evidence {
				f.Evidence[i].Raw = strings.ReplaceAll(f.Evidence[i].Raw, value, finding.Masked(value))
			}
		})
	}
}

func get(l lens.Lens, files []*lens.File, q lens.Query) (v []lens.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			v, err = nil, fmt.Errorf("the lens panicked: %v", p)
		}
	}()
	return l.Get(files, q)
}

func place(v *lens.Value, t *tree) finding.Evidence {
	return finding.Evidence{File: v.File, Line: v.Line, Raw: v.Raw, Digest: t.digest(v.File)}
}

func where(err error, t *tree) []finding.Evidence {
	var syntax *lens.SyntaxError
	if errors.As(err, &syntax) {
		return []finding.Evidence{{File: syntax.File, Line: syntax.Line}}
	}
	return t.evidence()
}

// explain is the error in a sentence for people, without what evidence says.
func explain(err error) string {
	var syntax *lens.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("line %d: %s", syntax.Line, syntax.Msg)
	}
	return err.Error()
}

// sameValue tells whether two facts are the same to every rule.
func sameValue(a, b *finding.Fact) bool {
	return a.State == b.State && a.Reason == b.Reason && a.Assurance == b.Assurance && sameAny(a.Value, b.Value)
}

// sameAny compares scalars without reflection: most facts are one.
func sameAny(a, b any) bool {
	switch a := a.(type) {
	case int64:
		v, ok := b.(int64)
		return ok && a == v
	case bool:
		v, ok := b.(bool)
		return ok && a == v
	case string:
		v, ok := b.(string)
		return ok && a == v
	}
	return reflect.DeepEqual(a, b)
}

// samePlace tells whether two facts were read at the same places of the same
// files.
func samePlace(a, b *finding.Fact) bool { return slices.Equal(a.Evidence, b.Evidence) }
