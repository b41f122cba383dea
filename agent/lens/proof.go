package lens

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// proof is what an Editor checks of its own edits before it hands them out: the
// reader, asked about the files as they would be, has the last word.
type proof struct {
	lens  Lens
	files []*File
	keeps []Query            // questions of which the answers must stay as they are
	rest  func(*Node) string // what a top node says beside the value; "" for nothing
}

// of gives the edits, each once, when they make the files answer q with want and
// change nothing else.
func (p proof) of(q Query, want []Want, edits []Edit) ([]Edit, error) {
	edits = eachOnce(edits)
	r := rewriting{lens: p.lens, edits: edits, docs: map[*Doc]*Doc{}, files: map[*File]*File{}}
	files, err := r.all(p.files)
	if err != nil {
		return nil, cannotSet(q, want, "the file would not be readable: %v", err)
	}
	vs, err := p.lens.Get(files, q)
	if err != nil || !saysAlready(vs, want) {
		return nil, cannotSet(q, want, "the file has no way to say that where it would count")
	}
	for _, other := range p.keeps {
		if !p.answersAlike(files, other) {
			return nil, cannotSet(q, want, "that would also change %q", other.Path)
		}
	}
	for old, doc := range r.docs {
		if old != doc && p.rest != nil && !slices.Equal(restOf(old, p.rest), restOf(doc, p.rest)) {
			return nil, cannotSet(q, want, "that would change another setting in %q", doc.Name)
		}
	}
	return edits, nil
}

// firstOf gives the first of some ways to write a value that proves good.
func (p proof) firstOf(q Query, want []Want, ways []Edit) (edits []Edit, err error) {
	for _, way := range ways {
		if edits, err = p.of(q, want, []Edit{way}); err == nil {
			return edits, nil
		}
	}
	return nil, err
}

func (p proof) answersAlike(files []*File, q Query) bool {
	before, err := p.lens.Get(p.files, q)
	if err != nil {
		return false
	}
	after, err := p.lens.Get(files, q)
	return err == nil && slices.EqualFunc(before, after, func(x, y Value) bool { return x.Text == y.Text })
}

func restOf(doc *Doc, rest func(*Node) string) []string {
	var all []string
	for _, n := range doc.Root.Children {
		if text := rest(n); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// eachOnce drops edits that are said twice, as those of a file that is included twice.
func eachOnce(edits []Edit) []Edit {
	seen := map[Edit]bool{}
	return slices.DeleteFunc(edits, func(e Edit) bool {
		was := seen[e]
		seen[e] = true
		return was
	})
}

// trimmedEdit makes one text of another and leaves what is alike at both ends,
// in whole characters.
func trimmedEdit(file string, at int, was, is string) Edit {
	same, most := 0, min(len(was), len(is))
	for same < most && was[same] == is[same] {
		same++
	}
	for same > 0 && (same < len(was) && !utf8.RuneStart(was[same]) || same < len(is) && !utf8.RuneStart(is[same])) {
		same--
	}
	tail := 0
	for tail < most-same && was[len(was)-1-tail] == is[len(is)-1-tail] {
		tail++
	}
	for tail > 0 && !utf8.RuneStart(is[len(is)-tail]) {
		tail--
	}
	return Edit{File: file, Start: at + same, End: at + len(was) - tail, Text: is[same : len(is)-tail]}
}

// rewriting makes the files as they are after some edits.
type rewriting struct {
	lens  Lens
	edits []Edit
	docs  map[*Doc]*Doc
	files map[*File]*File
}

func (r *rewriting) all(files []*File) ([]*File, error) {
	var out []*File
	for _, f := range files {
		g, err := r.file(f)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, nil
}

// file rewrites one file and hangs what it includes where it hung before: an
// edit does not touch an include.
func (r *rewriting) file(f *File) (*File, error) {
	if g, ok := r.files[f]; ok {
		return g, nil
	}
	doc, err := r.doc(f.Doc)
	if err != nil {
		return nil, err
	}
	g := &File{Doc: doc, Included: map[*Node][]*File{}}
	r.files[f] = g
	was, is := r.lens.Includes(f.Doc), r.lens.Includes(doc)
	if !slices.EqualFunc(was, is, func(x, y Include) bool { return x.Pattern == y.Pattern }) {
		return nil, fmt.Errorf("other files would be included in %q", f.Name)
	}
	for i, inc := range was {
		if g.Included[is[i].Node], err = r.all(f.Included[inc.Node]); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (r *rewriting) doc(d *Doc) (*Doc, error) {
	if done, ok := r.docs[d]; ok {
		return done, nil
	}
	done := d
	if slices.ContainsFunc(r.edits, func(e Edit) bool { return e.File == d.Name }) {
		b, err := Apply(d.Name, d.raw, r.edits)
		if err != nil {
			return nil, err
		}
		if done, err = r.lens.Parse(d.Name, b); err != nil {
			return nil, err
		}
	}
	r.docs[d] = done
	return done, nil
}

// saysAlready tells whether an answer is what is wanted.
func saysAlready(vs []Value, want []Want) bool {
	return slices.EqualFunc(vs, want, func(v Value, w Want) bool {
		if (v.Fields == nil) != (w.Fields == nil) || len(v.Fields) != len(w.Fields) || v.Text != w.Text {
			return false
		}
		for name, text := range w.Fields {
			if was, ok := v.Fields[name]; !ok || was != text {
				return false
			}
		}
		return true
	})
}

// cannotSet says why a value cannot be written.
func cannotSet(q Query, want []Want, format string, args ...any) error {
	why := fmt.Sprintf(format, args...)
	if len(want) == 0 {
		return fmt.Errorf("cannot take %q out: %s: %w", q.Path, why, ErrCannotWrite)
	}
	return fmt.Errorf("cannot set %q: %s: %w", q.Path, why, ErrCannotWrite)
}

// oneLine refuses what no line of a text file holds, and what Get would not give
// back because it looks like a secret.
func oneLine(q Query, want []Want) error {
	for _, w := range want {
		switch {
		case w.Fields != nil:
			return cannotSet(q, want, "it is one text, not a record")
		case strings.ContainsAny(w.Text, "\n\r\x00"):
			return cannotSet(q, want, "a line break or a NUL byte does not fit into a value")
		case len(w.Text) > MaxLine:
			return cannotSet(q, want, "the value is longer than %d bytes", MaxLine)
		}
	}
	return shownAsIs(q, want)
}

// shownAsIs refuses what Get would show otherwise.
func shownAsIs(q Query, want []Want) error {
	for _, w := range want {
		if cleanText(w.Text) != w.Text {
			return cannotSet(q, want, "the value is not valid UTF-8")
		}
		if maskSecrets(w.Text) != w.Text {
			return cannotSet(q, want, "the value looks like a secret")
		}
	}
	return nil
}

// oneAnswer refuses several values where there can be but one.
func oneAnswer(q Query, want []Want) error {
	if len(want) > 1 {
		return cannotSet(q, want, "it has one value, not %d", len(want))
	}
	return oneLine(q, want)
}

// intoOneOf gives into when it is one of files or of what they include.
func intoOneOf(files []*File, q Query, want []Want, into *File) error {
	if into == nil || into.Doc == nil {
		return cannotSet(q, want, "nothing sets it yet, and no file is named that should")
	}
	seen := map[*File]bool{}
	var among func([]*File) bool
	among = func(files []*File) bool {
		return slices.ContainsFunc(files, func(f *File) bool {
			if seen[f] {
				return false
			}
			seen[f] = true
			if f.Doc == into.Doc {
				return true
			}
			for _, sub := range f.Included {
				if among(sub) {
					return true
				}
			}
			return false
		})
	}
	if !among(files) {
		return cannotSet(q, want, "%q is not among the files that are read", into.Name)
	}
	return nil
}
