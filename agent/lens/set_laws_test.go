package lens

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// setCase is a lens that writes, with files of its format, questions and values.
type setCase struct {
	name     string
	lens     Editor
	files    []string   // their paths
	top      int        // how many of them are handed to Set; the others count when they are included
	into     string     // "" for none
	seeds    [][]string // what the files hold, in the order of files
	queries  []Query
	wants    [][]Want
	owns     func(q Query, line string) bool // the lines that Set may change; nil: all
	entwined bool                            // the questions are about the same text
}

// setCases lists the lenses that TestSetLaws and FuzzSetX check.
func setCases() []setCase {
	return []setCase{sshdSetCase(), pamSetCase(), limitsSetCase(), textSetCase(), keyValueSetCase()}
}

// wanted makes scalars.
func wanted(texts ...string) []Want {
	var ws []Want
	for _, text := range texts {
		ws = append(ws, Want{Text: text})
	}
	return ws
}

// setWorld is the files of a setCase as they are at one time.
type setWorld struct {
	docs  map[string]*Doc
	order []string
}

func newSetWorld(c setCase, contents []string) (setWorld, error) {
	w := setWorld{map[string]*Doc{}, c.files}
	for i, name := range c.files {
		doc, err := c.lens.Parse(name, []byte(contents[i]))
		if err != nil {
			return w, err
		}
		w.docs[name] = doc
	}
	return w, nil
}

// file gives a file with its includes, as package facts does. stack holds the
// files that are being included; ok is false for one that includes itself.
func (w setWorld) file(l Lens, name string, stack []string) (f *File, ok bool) {
	if slices.Contains(stack, name) {
		return nil, false
	}
	f = &File{Doc: w.docs[name], Included: map[*Node][]*File{}}
	for _, inc := range l.Includes(f.Doc) {
		for _, other := range w.order {
			if fits, _ := path.Match(inc.Pattern, other); !fits {
				continue
			}
			sub, ok := w.file(l, other, append(slices.Clone(stack), name))
			if !ok {
				return nil, false
			}
			f.Included[inc.Node] = append(f.Included[inc.Node], sub)
		}
	}
	return f, true
}

func (w setWorld) top(c setCase) ([]*File, bool) {
	var files []*File
	for _, name := range c.files[:c.top] {
		f, ok := w.file(c.lens, name, nil)
		if !ok {
			return nil, false
		}
		files = append(files, f)
	}
	return files, true
}

// named finds a file among files and what they include.
func namedFile(files []*File, name string) *File {
	for _, f := range files {
		if f.Name == name {
			return f
		}
		for _, sub := range f.Included {
			if found := namedFile(sub, name); found != nil {
				return found
			}
		}
	}
	return nil
}

// keepsSetLaws sets one value and checks the laws of lens.Editor. It says
// whether the value was written, or was there already. Contents that are not of
// the format are passed over.
func keepsSetLaws(t *testing.T, c setCase, contents []string, q Query, want []Want) bool {
	t.Helper()
	w, err := newSetWorld(c, contents)
	if err != nil {
		return false
	}
	files, ok := w.top(c)
	if !ok {
		return false
	}
	before, getErr := c.lens.Get(files, q)
	edits, err := c.lens.Set(files, q, want, namedFile(files, c.into))
	if getErr != nil || err != nil {
		wantSetError(t, getErr, err, edits)
		return false
	}
	if saysAlready(before, want) && len(edits) > 0 {
		t.Fatalf("%q is set already, and yet: %+v", q.Path, edits)
	}
	after := applied(t, c, contents, edits)
	changesOnlyItsLines(t, c, q, contents, edits)
	w, err = newSetWorld(c, after)
	if err != nil {
		t.Fatalf("%+v makes a file that cannot be read: %v", edits, err)
	}
	changed, ok := w.top(c)
	if !ok {
		t.Fatalf("%+v makes a file include itself", edits)
	}
	vs, err := c.lens.Get(changed, q)
	if err != nil || !saysAlready(vs, want) {
		t.Fatalf("after %+v %q is %v, %v, not %v", edits, q.Path, vs, err, want)
	}
	again, err := c.lens.Set(changed, q, want, namedFile(changed, c.into))
	if err != nil || len(again) > 0 {
		t.Fatalf("once more gives %+v, %v", again, err)
	}
	leavesTheRest(t, c, q, files, changed)
	return true
}

// wantSetError checks that a refusal is one of those that are allowed.
func wantSetError(t *testing.T, getErr, err error, edits []Edit) {
	t.Helper()
	var se *SyntaxError
	if len(edits) > 0 {
		t.Fatalf("edits beside %v: %+v", err, edits)
	}
	if getErr != nil {
		if err == nil || errors.As(getErr, &se) != errors.As(err, &se) {
			t.Fatalf("Get says %v, Set says %v", getErr, err)
		}
		return
	}
	if !errors.Is(err, ErrCannotWrite) && !errors.As(err, &se) {
		t.Fatalf("a refusal of no known kind: %v", err)
	}
	if strings.ContainsAny(err.Error(), "\n\x00") {
		t.Fatalf("a refusal is one line: %q", err)
	}
}

// applied gives what the files hold afterwards.
func applied(t *testing.T, c setCase, contents []string, edits []Edit) []string {
	t.Helper()
	for _, e := range edits {
		if !slices.Contains(c.files, e.File) {
			t.Fatalf("an edit of a file that is not there: %+v", e)
		}
	}
	var out []string
	for i, name := range c.files {
		b, err := Apply(name, []byte(contents[i]), edits)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

// changesOnlyItsLines checks that an edit adds whole lines, or lies on lines of
// the value and changes something.
func changesOnlyItsLines(t *testing.T, c setCase, q Query, contents []string, edits []Edit) {
	t.Helper()
	for _, e := range edits {
		b := []byte(contents[slices.Index(c.files, e.File)])
		if string(b[e.Start:e.End]) == e.Text {
			t.Fatalf("an edit that changes nothing: %+v", e)
		}
		if !utf8.ValidString(e.Text) {
			t.Fatalf("an edit that nobody can read: %+v", e)
		}
		if c.owns == nil || addsLines(b, e) {
			continue
		}
		start, end := wholeLines(b, e.Start, max(e.Start, e.End))
		if !c.owns(q, string(b[start:end])) {
			t.Fatalf("%+v changes %q, which is not of %q", e, b[start:end], q.Path)
		}
	}
}

// addsLines tells an edit that adds whole lines and touches none that is there.
func addsLines(b []byte, e Edit) bool {
	if e.Start != e.End {
		return false
	}
	if e.Start == 0 || b[e.Start-1] == '\n' {
		return strings.HasSuffix(e.Text, "\n")
	}
	return e.Start == len(b) && strings.HasPrefix(e.Text, lineEnd(b)) && !strings.HasSuffix(e.Text, "\n")
}

// leavesTheRest checks that all other questions have the answers that they had.
func leavesTheRest(t *testing.T, c setCase, q Query, before, after []*File) {
	t.Helper()
	for _, other := range c.queries {
		if c.entwined || other.Path == q.Path {
			continue
		}
		was, err := c.lens.Get(before, other)
		if err != nil {
			continue
		}
		is, err := c.lens.Get(after, other)
		if d := cmp.Diff(said(was), said(is)); err != nil || d != "" {
			t.Fatalf("setting %q changes %q: %v %s", q.Path, other.Path, err, d)
		}
	}
}

func TestSetLaws(t *testing.T) {
	for _, c := range setCases() {
		t.Run(c.name, func(t *testing.T) {
			written := 0
			for _, contents := range c.seeds {
				for _, q := range c.queries {
					for _, want := range append(c.wants, nil) {
						if keepsSetLaws(t, c, contents, q, want) {
							written++
						}
					}
				}
			}
			if all := len(c.seeds) * len(c.queries) * (len(c.wants) + 1); written < all/4 {
				t.Errorf("only %d of %d values were written", written, all)
			}
			shuffledSetLaws(t, c)
		})
	}
}

// shuffledSetLaws checks the laws on lines of all the seeds in any order, with
// any of the values and words made up of what is special in files.
func shuffledSetLaws(t *testing.T, c setCase) {
	const rounds = 3000
	r := rand.New(rand.NewSource(1))
	var lines []string
	for _, contents := range c.seeds {
		for _, text := range contents {
			lines = append(lines, strings.SplitAfter(text, "\n")...)
		}
	}
	for range rounds {
		c.into = append(slices.Clone(c.files), "")[r.Intn(len(c.files)+1)]
		contents := make([]string, len(c.files))
		for i := range contents {
			for range r.Intn(6) {
				contents[i] += lines[r.Intn(len(lines))]
			}
		}
		want := wanted(madeUpWord(r))
		if i := r.Intn(2 * (len(c.wants) + 1)); i < len(c.wants) {
			want = c.wants[i]
		} else if i == len(c.wants) {
			want = nil
		}
		keepsSetLaws(t, c, contents, c.queries[r.Intn(len(c.queries))], want)
	}
}

// madeUpWord gives up to eight characters that mean something somewhere.
func madeUpWord(r *rand.Rand) string {
	const letters = "ab1 \t\r\n#\\\"'[]=;%*-,$é\x00\xff\f\v"
	var b strings.Builder
	for range r.Intn(9) {
		b.WriteByte(letters[r.Intn(len(letters))])
	}
	return b.String()
}

// fuzzSetLaws checks the laws of one lens of setCases on two files of whatever
// comes. pick chooses the question, the file that gets a new setting, and
// whether the setting is taken out.
func fuzzSetLaws(f *testing.F, name string) {
	all := setCases()
	i := slices.IndexFunc(all, func(c setCase) bool { return c.name == name })
	if i < 0 || len(all[i].seeds) == 0 {
		f.Fatalf("no seeds for %q", name)
	}
	base := all[i]
	for j, contents := range base.seeds {
		for k, want := range append(base.wants, nil) {
			f.Add([]byte(contents[0]), []byte(contents[len(contents)-1]), strings.Join(textsOf(want), "\x1e"), byte(7*j+k))
		}
	}
	f.Fuzz(func(t *testing.T, first, last []byte, value string, pick byte) {
		c := base
		contents := make([]string, len(c.files))
		contents[len(contents)-1] = string(last)
		contents[0] = string(bytes.Clone(first))
		q := c.queries[int(pick)%len(c.queries)]
		c.into = append(slices.Clone(c.files), "")[int(pick/8)%(len(c.files)+1)]
		want := wanted(strings.Split(value, "\x1e")...)
		if pick >= 192 {
			want = nil
		}
		keepsSetLaws(t, c, contents, q, want)
	})
}

func textsOf(want []Want) []string {
	var texts []string
	for _, w := range want {
		texts = append(texts, w.Text)
	}
	return texts
}

// setText sets one value in files and gives what they hold afterwards, or the
// error. It checks the laws on the way.
func setText(t *testing.T, c setCase, contents []string, q Query, want []Want) ([]string, error) {
	t.Helper()
	w, err := newSetWorld(c, contents)
	if err != nil {
		t.Fatal(err)
	}
	files, ok := w.top(c)
	if !ok {
		t.Fatal("a file includes itself")
	}
	keepsSetLaws(t, c, contents, q, want)
	edits, err := c.lens.Set(files, q, want, namedFile(files, c.into))
	if err != nil {
		return nil, err
	}
	return applied(t, c, contents, edits), nil
}

// setChange is one setting and what becomes of the files; a file that is not
// told of afterwards stays as it is. No after: it is refused.
type setChange struct {
	name   string
	before []string
	path   string
	want   []Want
	after  []string
}

func checkSet(t *testing.T, c setCase, changes []setChange) {
	t.Helper()
	for _, ch := range changes {
		t.Run(ch.name, func(t *testing.T) {
			before := append(slices.Clone(ch.before), make([]string, len(c.files)-len(ch.before))...)
			got, err := setText(t, c, before, Query{Path: ch.path}, ch.want)
			if ch.after == nil {
				if !errors.Is(err, ErrCannotWrite) || strings.Contains(fmt.Sprint(err), "%!") {
					t.Fatalf("got %q, %v", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := append(slices.Clone(ch.after), before[len(ch.after):]...)
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
