package lens

import (
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// records makes wants of lines like "host=a kind=server".
func records(lines ...string) []Want {
	var ws []Want
	for _, line := range lines {
		fields := map[string]string{}
		for _, word := range strings.Fields(line) {
			name, text, _ := strings.Cut(word, "=")
			fields[name] = strings.ReplaceAll(text, "~", " ")
		}
		ws = append(ws, Want{Fields: fields})
	}
	return ws
}

// listCases are the lenses that write lists of records. Their laws are those of
// Editor, but that the order of a list is free and a want may leave fields out.
func listCases() []setCase {
	return []setCase{chronySetCase(), ntpSetCase(), snmpdSetCase(), rsyslogSetCase()}
}

func listCase(t testing.TB, name string) setCase {
	t.Helper()
	all := listCases()
	i := slices.IndexFunc(all, func(c setCase) bool { return c.name == name })
	if i < 0 || len(all[i].seeds) == 0 {
		t.Fatalf("no seeds for %q", name)
	}
	return all[i]
}

// pairsUp says whether each value has a want of its own and each want a value.
func pairsUp(vs []Value, want []Want) bool {
	if len(vs) != len(want) || slices.ContainsFunc(want, func(w Want) bool { return w.Fields == nil }) {
		return false
	}
	if len(vs) == 0 {
		return true
	}
	for i, w := range want {
		fits := true
		for name, text := range w.Fields {
			got, ok := vs[0].Fields[name]
			fits = fits && ok && got == text
		}
		if fits && pairsUp(vs[1:], slices.Delete(slices.Clone(want), i, i+1)) {
			return true
		}
	}
	return false
}

// keepsListLaws sets one list and checks the laws. It says whether the list was
// written, or was there already.
func keepsListLaws(t *testing.T, c setCase, contents []string, q Query, want []Want) bool {
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
	if c.name == "rsyslog" {
		want = inReach(want)
	}
	if len(before) <= 8 && getErr == nil && pairsUp(before, want) && (err != nil || len(edits) > 0) {
		t.Fatalf("%v stands already, and yet: %+v, %v", want, edits, err)
	}
	if getErr != nil || err != nil {
		wantSetError(t, getErr, err, edits)
		return false
	}
	after := applied(t, c, contents, edits)
	liesOnUnwanted(t, c, contents, before, want, edits)
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
	if err != nil || len(vs) != len(want) || len(vs) <= 8 && !pairsUp(vs, want) {
		t.Fatalf("after %+v %q is %v, %v, not %v", edits, q.Path, said(vs), err, want)
	}
	again, err := c.lens.Set(changed, q, want, namedFile(changed, c.into))
	if err != nil || len(again) > 0 {
		t.Fatalf("once more gives %+v, %v", again, err)
	}
	leavesTheRest(t, c, q, files, changed)
	return true
}

// liesOnUnwanted checks that an edit adds whole lines or lies on lines of a value
// that is not wanted as it is.
func liesOnUnwanted(t *testing.T, c setCase, contents []string, before []Value, want []Want, edits []Edit) {
	t.Helper()
	loose := func(v Value) bool {
		same := 0
		for _, other := range before {
			if cmp.Equal(other.Fields, v.Fields) {
				same++
			}
		}
		return same > len(slices.DeleteFunc(slices.Clone(want), func(w Want) bool { return !cmp.Equal(w.Fields, v.Fields) }))
	}
	for _, e := range edits {
		b := []byte(contents[slices.Index(c.files, e.File)])
		start, end := wholeLines(b, e.Start, e.End)
		on := slices.ContainsFunc(before, func(v Value) bool {
			if v.File != e.File || !loose(v) {
				return false
			}
			from, to := placeOf(t, c.lens, b, v)
			return from < end && start < to
		})
		if !on && !addsLines(b, e) {
			t.Fatalf("%+v is on no value that goes", e)
		}
	}
}

// placeOf gives the lines of a value: those of its node.
func placeOf(t *testing.T, l Lens, b []byte, v Value) (int, int) {
	t.Helper()
	doc, err := l.Parse(v.File, b)
	if err != nil {
		t.Fatal(err)
	}
	start, end := v.Start, v.End
	var widen func(*Node)
	widen = func(n *Node) {
		if n.Line == v.Line && n.ValStart == v.Start && n.ValEnd == v.End {
			start, end = min(start, n.Start), max(end, n.End)
		}
		for _, c := range n.Children {
			widen(c)
		}
	}
	widen(doc.Root)
	return wholeLines(b, start, end)
}

func TestListSetLaws(t *testing.T) {
	for _, c := range listCases() {
		t.Run(c.name, func(t *testing.T) {
			written := 0
			for _, contents := range c.seeds {
				for _, q := range c.queries {
					for _, want := range append(c.wants, nil) {
						if keepsListLaws(t, c, contents, q, want) {
							written++
						}
						if keepsListLaws(t, c, contents, q, append(changedList(c, contents, q, 0), want...)) {
							written++
						}
					}
				}
			}
			if written < len(c.seeds) {
				t.Errorf("only %d values were written", written)
			}
			shuffledListLaws(t, c)
		})
	}
}

// shuffledListLaws checks the laws on lines of all the seeds in any order.
func shuffledListLaws(t *testing.T, c setCase) {
	const rounds = 6000
	r := rand.New(rand.NewSource(1))
	var lines []string
	for _, contents := range c.seeds {
		for _, text := range contents {
			lines = append(lines, strings.SplitAfter(text, "\n")...)
		}
	}
	written := 0
	for range rounds {
		contents := make([]string, len(c.files))
		for i := range contents {
			for range r.Intn(6) {
				contents[i] += lines[r.Intn(len(lines))]
			}
		}
		c.into = append(slices.Clone(c.files), "")[r.Intn(len(c.files)+1)]
		q := c.queries[r.Intn(len(c.queries))]
		want := changedList(c, contents, q, uint(r.Intn(1<<16)))
		if i := r.Intn(2 * len(c.wants)); i < len(c.wants) {
			want = append(want, c.wants[i]...)
		}
		if r.Intn(8) == 0 {
			want = append(want, Want{Fields: map[string]string{"host": madeUpWord(r), "kind": "server"}})
		}
		r.Shuffle(len(want), func(i, j int) { want[i], want[j] = want[j], want[i] })
		if keepsListLaws(t, c, contents, q, want) {
			written++
		}
	}
	if written < rounds/20 {
		t.Errorf("only %d of %d lists were written", written, rounds)
	}
}

// changedList is what stands, without the values that the first bits of pick
// leave out, and without the fields that the next ones do.
func changedList(c setCase, contents []string, q Query, pick uint) []Want {
	w, err := newSetWorld(c, contents)
	if err != nil {
		return nil
	}
	files, ok := w.top(c)
	if !ok {
		return nil
	}
	vs, err := c.lens.Get(files, q)
	if err != nil {
		return nil
	}
	var want []Want
	for i, v := range vs {
		if pick>>(i%8)&1 == 1 {
			continue
		}
		fields := map[string]string{}
		for name, text := range v.Fields {
			if pick>>(8+len(name)%4)&1 == 0 || pick>>12&1 == 0 {
				fields[name] = text
			}
		}
		want = append(want, Want{Fields: fields})
	}
	return want
}

// fuzzListLaws checks the laws of one lens on two files of whatever comes. pick
// chooses what goes and where new values go to, fresh is a value as in records.
func fuzzListLaws(f *testing.F, name string) {
	base := listCase(f, name)
	for i, contents := range base.seeds {
		for j, want := range base.wants {
			fresh := ""
			if len(want) > 0 {
				for name, text := range want[0].Fields {
					fresh += name + "=" + text + " "
				}
			}
			f.Add([]byte(contents[0]), []byte(contents[len(contents)-1]), fresh, uint(7*i+3001*j))
		}
	}
	f.Fuzz(func(t *testing.T, first, last []byte, fresh string, pick uint) {
		c := base
		contents := make([]string, len(c.files))
		contents[len(contents)-1] = string(last)
		contents[0] = string(first)
		q := c.queries[int(pick>>13)%len(c.queries)]
		c.into = append(slices.Clone(c.files), "")[int(pick>>15)%(len(c.files)+1)]
		want := changedList(c, contents, q, pick)
		if fresh != "" {
			want = append(want, records(fresh)...)
		}
		keepsListLaws(t, c, contents, q, want)
	})
}

func FuzzSetChrony(f *testing.F)  { fuzzListLaws(f, "chrony") }
func FuzzSetNTP(f *testing.F)     { fuzzListLaws(f, "ntp") }
func FuzzSetSnmpd(f *testing.F)   { fuzzListLaws(f, "snmpd") }
func FuzzSetRsyslog(f *testing.F) { fuzzListLaws(f, "rsyslog") }

// checkList is checkSet for lists. No after: it is refused, and says why with
// the words of why.
func checkList(t *testing.T, c setCase, changes []listChange) {
	t.Helper()
	for _, ch := range changes {
		t.Run(ch.name, func(t *testing.T) {
			c := c
			if ch.into != "" {
				c.into = ch.into
			}
			path := ch.path
			if path == "" {
				path = c.queries[0].Path
			}
			before := append(slices.Clone(ch.before), make([]string, len(c.files)-len(ch.before))...)
			keepsListLaws(t, c, before, Query{Path: path}, ch.want)
			got, err := setList(t, c, before, Query{Path: path}, ch.want)
			if ch.after == nil {
				if !errors.Is(err, ErrCannotWrite) || !strings.Contains(fmt.Sprint(err), ch.why) || ch.why == "" {
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

// listChange is one list and what becomes of the files.
type listChange struct {
	name   string
	before []string
	path   string // "" for the only one
	want   []Want
	after  []string
	why    string
	into   string
}

func setList(t *testing.T, c setCase, contents []string, q Query, want []Want) ([]string, error) {
	t.Helper()
	w, err := newSetWorld(c, contents)
	if err != nil {
		t.Fatal(err)
	}
	files, ok := w.top(c)
	if !ok {
		t.Fatal("a file includes itself")
	}
	edits, err := c.lens.Set(files, q, want, namedFile(files, c.into))
	if err != nil {
		return nil, err
	}
	return applied(t, c, contents, edits), nil
}
