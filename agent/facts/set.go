package facts

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"stigwatch/agent/finding"
	"stigwatch/agent/lens"
	"stigwatch/agent/mapping"
)

// ErrNotWritable is why a fact cannot be set in a file; the wrapping error says
// which of the many reasons it is.
var ErrNotWritable = errors.New("it cannot be set in a file")

// Setting is what setting a fact comes to.
type Setting struct {
	Files []Written   // those that change, sorted by path
	At    []lens.Edit // the edits that make them, in the files as they were read
}

// Written is one file as it was read and as it would be.
type Written struct {
	Path   string // inside the root
	Digest string // of the bytes that were read
	Was    []byte
	Now    []byte
}

// Set gives what has to be written for a fact to read as value, by its mapping, in
// the files as they were read last. Nothing is written. The fact has to be known or
// absent: what cannot be read, or lies where nobody has confirmed, is not for
// writing. It is written where it is set now; where nothing sets it, in the last
// of its sources that is there, since the first ones only override that. No
// files: it reads as that already. The error wraps ErrNotWritable or, for what the
// file itself does not allow, lens.ErrCannotWrite.
func (r *Reader) Set(name string, value any) (*Setting, error) {
	f, e, err := r.settable(name)
	if err != nil {
		return nil, err
	}
	src, t, err := r.writeSource(f, &e)
	if err != nil {
		return nil, err
	}
	l, _ := lens.ByName(src.Lens)
	editor, ok := l.(lens.Editor)
	if !ok {
		return nil, fmt.Errorf("cannot set %s: stigwatch only reads the format %s: %w", name, src.Lens, ErrNotWritable)
	}
	want, err := wants(r.o.Schema[name], src, name, value)
	if err != nil {
		return nil, fmt.Errorf("cannot set %s: %w: %w", name, err, ErrNotWritable)
	}
	edits, err := set(editor, t.files, lens.Query{Path: src.Path, Fields: src.Fields}, want, into(src, t, f))
	if err != nil {
		return nil, fmt.Errorf("cannot set %s: %w", name, err)
	}
	return t.written(edits)
}

func (r *Reader) settable(name string) (*finding.Fact, mapping.Entry, error) {
	e, mapped := r.o.Mapping[name]
	f := r.snap[name]
	switch {
	case !mapped || f == nil:
		return nil, e, fmt.Errorf("cannot set %s: no mapping says where it lives: %w", name, ErrNotWritable)
	case f.State != finding.Known && f.State != finding.Absent:
		return nil, e, fmt.Errorf("cannot set %s: it is %s: %s: %w", name, f.State, f.Reason, ErrNotWritable)
	}
	return f, e, nil
}

// writeSource finds the source that a fact is to be written in.
func (r *Reader) writeSource(f *finding.Fact, e *mapping.Entry) (*mapping.Source, *tree, error) {
	var src *mapping.Source
	var last *tree
	for i := range e.From {
		try := finding.Fact{Name: f.Name}
		files, ok := r.filesOf(&e.From[i], &try, r.snap)
		if !ok {
			continue
		}
		t := r.source(files, e.From[i].Lens)
		if t.fault != nil {
			return nil, nil, fmt.Errorf("cannot set %s: %q is unreadable: %w", f.Name, t.fault.file, ErrNotWritable)
		}
		if !t.there() {
			continue
		}
		src, last = &e.From[i], t
		if r.ask(&try, t, src); try.State == finding.Known {
			break
		}
	}
	if src == nil {
		return nil, nil, fmt.Errorf("cannot set %s: no file that could set it is there: %w", f.Name, ErrNotWritable)
	}
	for _, p := range last.looks {
		if strings.HasPrefix(p, EvidencePrefix) || strings.HasPrefix(p, LivePrefix) || strings.HasPrefix(p, "/proc/") {
			return nil, nil, fmt.Errorf("cannot set %s: %q is no file that a program reads its settings from: %w", f.Name, p, ErrNotWritable)
		}
	}
	return src, last, nil
}

// into is the file for what stands nowhere yet: where the fact's first value stands, if
// it has one, else the first file that the mapping names outright, since a folder's
// files are additions to it.
func into(src *mapping.Source, t *tree, f *finding.Fact) *lens.File {
	if len(f.Items) > 0 {
		if file := find(t.files, f.Items[0].File); file != nil {
			return file
		}
	}
	for _, f := range t.files {
		if slices.Contains(src.Files, f.Name) {
			return f
		}
	}
	if len(t.files) > 0 {
		return t.files[0]
	}
	return nil
}

// find looks for a file by its name, among what is included too.
func find(files []*lens.File, name string) *lens.File {
	for _, f := range files {
		if f.Name == name {
			return f
		}
		for _, included := range f.Included {
			if file := find(included, name); file != nil {
				return file
			}
		}
	}
	return nil
}

// set guards against a lens that panics.
func set(l lens.Editor, files []*lens.File, q lens.Query, want []lens.Want, into *lens.File) (edits []lens.Edit, err error) {
	defer func() {
		if p := recover(); p != nil {
			edits, err = nil, fmt.Errorf("the lens panicked: %v", p)
		}
	}()
	return l.Set(files, q, want, into)
}

// written makes files of edits.
func (t *tree) written(edits []lens.Edit) (*Setting, error) {
	s := &Setting{At: edits}
	names := map[string]bool{}
	for _, e := range edits {
		names[e.File] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		i := slices.IndexFunc(t.docs, func(d *doc) bool { return d.path == name })
		if i < 0 || t.docs[i].doc == nil {
			return nil, fmt.Errorf("cannot edit %q: it was not read", name)
		}
		d := t.docs[i]
		now, err := lens.Apply(name, d.doc.Bytes(), edits)
		if err != nil {
			return nil, err
		}
		s.Files = append(s.Files, Written{Path: name, Digest: d.digest, Was: d.doc.Bytes(), Now: now})
	}
	return s, nil
}

// wants writes a typed value as the file's text has it: the way back of typed.
func wants(t finding.FactType, src *mapping.Source, name string, value any) ([]lens.Want, error) {
	switch t.Kind {
	case finding.Strings, finding.Records:
		list, ok := value.([]any)
		if !ok {
			return nil, fmt.Errorf("%v is no list", value)
		}
		out := []lens.Want{}
		for _, item := range list {
			w, err := want(item)
			if err != nil {
				return nil, err
			}
			out = append(out, w)
		}
		return out, nil
	case finding.Integer:
		n, ok := value.(int64)
		if !ok {
			return nil, fmt.Errorf("%v is no whole number", value)
		}
		text, err := inUnit(n, name, src.Unit)
		return []lens.Want{{Text: text}}, err
	case finding.String:
		w, err := want(value)
		return []lens.Want{w}, err
	}
	return nil, fmt.Errorf("no program's words are known for a value of the kind %s", t.Kind)
}

func want(item any) (lens.Want, error) {
	switch v := item.(type) {
	case string:
		return lens.Want{Text: v}, nil
	case map[string]any:
		w := lens.Want{Fields: make(map[string]string, len(v))}
		for name, field := range v {
			switch field := field.(type) {
			case string:
				w.Fields[name] = field
			case int64:
				w.Fields[name] = strconv.FormatInt(field, 10)
			case bool:
				w.Fields[name] = strconv.FormatBool(field)
			default:
				return w, fmt.Errorf("the field %s is %v", name, field)
			}
		}
		return w, nil
	}
	return lens.Want{}, fmt.Errorf("%v is neither a text nor a record", item)
}

// inUnit writes a number in the source's unit.
func inUnit(n int64, name, unit string) (string, error) {
	switch {
	case unit == mapping.Seconds && strings.HasSuffix(name, "_minutes"):
		n *= 60
	case unit == mapping.Minutes && strings.HasSuffix(name, "_seconds"):
		if n%60 != 0 {
			return "", fmt.Errorf("%d seconds are no whole minutes", n)
		}
		n /= 60
	}
	return strconv.FormatInt(n, 10), nil
}

// Place tells where a fact stands in the order in which facts are read: one that
// lies in the file which another names comes after that other.
func (r *Reader) Place(fact string) int { return r.place[fact] }
