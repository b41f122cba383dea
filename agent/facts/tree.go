package facts

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/finding"
	"stigwatch/agent/host"
	"stigwatch/agent/lens"
)

// Caps on what one source may pull in.
const (
	maxIncludeDepth = 16
	maxTreeFiles    = 500
	maxRaw          = 256
)

type docKey struct{ path, lens string }

// treeKey is what makes a tree: its lens, and its files joined by zero bytes.
type treeKey struct{ lens, files string }

// doc is one file as it was last read.
type doc struct {
	path   string
	stale  bool
	used   bool // while forget looks
	digest string
	doc    *lens.Doc
	err    error // why it cannot be used; fs.ErrNotExist when it is not there

	capture *capture // of a file in the evidence folder
}

// usable says why the file cannot be used now; fs.ErrNotExist when it is not there.
func (d *doc) usable(now time.Time, host string) error {
	if d.err == nil && d.capture != nil {
		return d.capture.counts(now, host)
	}
	return d.err
}

// there says that something is at the path, be it readable or not.
func (d *doc) there() bool { return !errors.Is(d.err, fs.ErrNotExist) }

// tree is one source: files in order, with their includes. There may be
// thousands, nearly all of one file, so it has no maps.
type tree struct {
	stale bool
	used  bool         // while forget looks
	looks []string     // paths, there or not, and patterns that were looked for, each once
	files []*lens.File //
	docs  []*doc       // what was found at them, in order, each once
	fault *fault       // first thing that makes the source unreadable
	facts []string     // what is made of it, as the index knows
}

// fault says why a source cannot be used.
type fault struct {
	file string
	err  error
}

// source loads the files of one source through one lens, or gives the tree that
// is loaded already.
func (r *Reader) source(files []string, lensName string) *tree {
	key := treeKey{lensName, strings.Join(files, "\x00")}
	t := r.trees[key]
	if t != nil && !t.stale {
		return t
	}
	if t == nil {
		t = &tree{}
		r.trees[key] = t
	}
	was := *t
	defer func() {
		if !t.looksLike(&was) {
			r.index = nil
		}
	}()
	*t = tree{facts: was.facts}
	l, ok := lens.ByName(lensName)
	if !ok {
		t.fail(files[0], fmt.Errorf("there is no lens %q", lensName))
		return t
	}
	for _, pattern := range files {
		t.files = append(t.files, r.load(t, l, lensName, pattern, nil)...)
	}
	return t
}

// looksLike tells whether both looked at the same places.
func (t *tree) looksLike(o *tree) bool {
	same := func(a, b *doc) bool { return a.path == b.path }
	return slices.Equal(t.looks, o.looks) && slices.EqualFunc(t.docs, o.docs, same)
}

// there says that one of the files is.
func (t *tree) there() bool { return slices.ContainsFunc(t.docs, (*doc).there) }

// digest is that of one of the files, as it was read.
func (t *tree) digest(path string) string {
	for _, d := range t.docs {
		if d.path == path {
			return d.digest
		}
	}
	return ""
}

func (t *tree) fail(file string, err error) {
	if t.fault == nil {
		t.fault = &fault{file, err}
	}
}

// load reads what a path or pattern names, and what that includes. stack holds
// the files that are being included.
func (r *Reader) load(t *tree, l lens.Lens, lensName, pattern string, stack []string) []*lens.File {
	var out []*lens.File
	for _, p := range r.expand(t, pattern) {
		if slices.Contains(stack, p) || len(stack) >= maxIncludeDepth {
			t.fail(p, fmt.Errorf("it includes itself, or includes go deeper than %d", maxIncludeDepth))
			return out
		}
		if len(t.docs) >= maxTreeFiles {
			t.fail(p, fmt.Errorf("more than %d files are included", maxTreeFiles))
			return out
		}
		d := r.file(p, l, lensName)
		t.docs = with(t.docs, d)
		if err := d.usable(r.o.Now(), r.o.HostName); err != nil {
			if d.there() {
				t.fail(p, err)
			}
			continue
		}
		f := &lens.File{Doc: d.doc}
		for _, inc := range l.Includes(d.doc) {
			got := r.load(t, l, lensName, inc.Pattern, append(slices.Clone(stack), p))
			if len(got) > 0 {
				if f.Included == nil {
					f.Included = map[*lens.Node][]*lens.File{}
				}
				f.Included[inc.Node] = append(f.Included[inc.Node], got...)
			}
		}
		out = append(out, f)
	}
	return out
}

// expand gives the paths that a pattern names and notes what was looked for.
func (r *Reader) expand(t *tree, pattern string) []string {
	t.looks = with(t.looks, pattern)
	if !isPattern(pattern) {
		return []string{pattern}
	}
	h, p := r.hostOf(pattern)
	if h == nil {
		return nil
	}
	matches, err := h.Glob(p)
	if err != nil {
		t.fail(pattern, err)
		return nil
	}
	if strings.HasPrefix(pattern, EvidencePrefix) {
		for i := range matches {
			matches[i] = EvidencePrefix + strings.TrimPrefix(matches[i], "/")
		}
	}
	return matches
}

// with adds v to a short list that does not hold it.
func with[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

func isPattern(path string) bool { return strings.ContainsAny(path, "*?[") }

// hostOf gives the tree that a path lies in and the path there.
func (r *Reader) hostOf(p string) (*host.Host, string) {
	if rest, ok := strings.CutPrefix(p, EvidencePrefix); ok {
		return r.o.Evidence, "/" + rest
	}
	return r.o.Host, p
}

// file gives one parsed file, read again only when it is stale.
func (r *Reader) file(p string, l lens.Lens, lensName string) *doc {
	key := docKey{p, lensName}
	d := r.docs[key]
	if d != nil && !d.stale {
		return d
	}
	if question, ok := strings.CutPrefix(p, LivePrefix); ok {
		d = r.live(question, p, l)
		r.docs[key] = d
		return d
	}
	h, inside := r.hostOf(p)
	if h == nil {
		d = &doc{path: p, err: fs.ErrNotExist}
		r.docs[key] = d
		return d
	}
	f, err := h.Read(inside)
	if d != nil && r.hold != nil && r.hold(p) {
		d.stale = false // what was read may be half of it
		return d
	}
	switch {
	case err != nil:
		d = &doc{path: p, err: err}
	case d != nil && d.doc != nil && d.digest == f.Digest:
		d.stale = false
	default:
		d = &doc{path: p, digest: f.Digest}
		if strings.HasPrefix(p, EvidencePrefix) {
			d.capture, d.err = readCapture(f.Bytes)
		}
		if d.err == nil {
			d.doc, d.err = parse(l, p, f.Bytes)
		}
	}
	r.docs[key] = d
	return d
}

// live takes the answer to a question to the running appliance.
func (r *Reader) live(question, p string, l lens.Lens) *doc {
	if r.o.Live == nil {
		return &doc{path: p, err: errOffline}
	}
	b, err := r.o.Live(question)
	if err != nil {
		return &doc{path: p, err: err}
	}
	d := &doc{path: p, digest: host.Digest(b)}
	d.doc, d.err = parse(l, p, b)
	return d
}

// parse guards against a lens that panics: a hostile file costs its own facts
// and nothing else.
func parse(l lens.Lens, p string, b []byte) (d *lens.Doc, err error) {
	defer func() {
		if v := recover(); v != nil {
			d, err = nil, fmt.Errorf("the lens panicked: %v", v)
		}
	}()
	return l.Parse(p, b)
}

// evidence says where the tree was looked for, when no value can be shown.
func (t *tree) evidence() []finding.Evidence {
	if t.fault != nil {
		e := finding.Evidence{File: t.fault.file}
		var syntax *lens.SyntaxError
		if errors.As(t.fault.err, &syntax) {
			e.File, e.Line = syntax.File, syntax.Line
		}
		return []finding.Evidence{e}
	}
	var out []finding.Evidence
	for _, d := range t.docs {
		if d.there() {
			out = append(out, finding.Evidence{File: d.path, Digest: d.digest})
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, p := range t.looks {
		if !isPattern(p) {
			out = append(out, finding.Evidence{File: p})
		}
	}
	slices.SortFunc(out, func(a, b finding.Evidence) int { return strings.Compare(a.File, b.File) })
	if len(out) == 0 && len(t.looks) > 0 {
		out = append(out, finding.Evidence{File: t.looks[0]})
	}
	return out
}
