package finding

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func numbered(texts ...string) (out []lineOf) {
	for i, text := range texts {
		if text != "" { // is not known
			out = append(out, lineOf{i + 1, text})
		}
	}
	return out
}

func TestHunks(t *testing.T) {
	for name, tt := range map[string]struct {
		old, fresh []lineOf
		want       []Hunk
	}{
		"replaced": {numbered("", "", "a"), numbered("", "", "b"), []Hunk{{3, 1, 3, 1, []string{"-a", "+b"}}}},
		"further down, since lines that are not known came": {
			numbered("", "k", "", "", "a"), numbered("", "", "", "k", "", "", "b"), []Hunk{{5, 1, 7, 1, []string{"-a", "+b"}}}},
		"added": {numbered("a", "b"), numbered("a", "x", "b"), []Hunk{{1, 2, 1, 3, []string{" a", "+x", " b"}}}},
		"added among lines that are not known": {
			numbered("", "k", "", "", "l"), numbered("", "k", "", "x", "", "l"), []Hunk{{3, 0, 4, 1, []string{"+x"}}}},
		"removed among them": {
			numbered("", "k", "", "x", "", "l"), numbered("", "k", "", "", "l"), []Hunk{{4, 1, 3, 0, []string{"-x"}}}},
		"a file that came":           {nil, numbered("a", "b"), []Hunk{{0, 0, 1, 2, []string{"+a", "+b"}}}},
		"a file that went":           {numbered("a"), nil, []Hunk{{1, 1, 0, 0, []string{"-a"}}}},
		"moved":                      {numbered("a", "b"), numbered("b", "a"), []Hunk{{1, 2, 1, 2, []string{"-a", " b", "+a"}}}},
		"the same":                   {numbered("a", "b"), numbered("a", "b"), nil},
		"moved down by others alone": {numbered("a"), numbered("", "a"), nil},
		"three lines around, and apart": {
			numbered("1", "2", "3", "4", "x", "6", "7", "8", "9", "a", "b", "c", "y"),
			numbered("1", "2", "3", "4", "X", "6", "7", "8", "9", "a", "b", "c", "Y"),
			[]Hunk{
				{2, 7, 2, 7, []string{" 2", " 3", " 4", "-x", "+X", " 6", " 7", " 8"}},
				{10, 4, 10, 4, []string{" a", " b", " c", "-y", "+Y"}},
			}},
		"six lines between are around both": {
			numbered("x", "1", "2", "3", "4", "5", "6", "y"), numbered("X", "1", "2", "3", "4", "5", "6", "Y"),
			[]Hunk{{1, 8, 1, 8, []string{"-x", "+X", " 1", " 2", " 3", " 4", " 5", " 6", "-y", "+Y"}}},
		},
		"a text of several lines": {
			[]lineOf{{4, "one\ntwo\n"}}, []lineOf{{4, "one\n2"}}, []Hunk{{4, 2, 4, 2, []string{" one", "-two", "+2"}}}},
	} {
		if d := cmp.Diff(tt.want, hunks(tt.old, tt.fresh)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// patched applies hunks as patch(1) does, by their numbers alone.
func patched(t *testing.T, old []string, hunks []Hunk) (out []string) {
	t.Helper()
	at := 0
	for _, h := range hunks {
		begin := h.Old - min(h.OldLines, 1)
		out = append(out, old[at:begin]...)
		at = begin
		if first := h.New - min(h.NewLines, 1); first != len(out) {
			t.Errorf("it says line %d, and stands at %d", first, len(out))
		}
		o, n := 0, 0
		for _, l := range h.Lines {
			if l[0] != '+' {
				if old[at] != l[1:] {
					t.Errorf("line %d is %q, not %q", at+1, old[at], l[1:])
				}
				at, o = at+1, o+1
			}
			if l[0] != '-' {
				out, n = append(out, l[1:]), n+1
			}
		}
		if o != h.OldLines || n != h.NewLines {
			t.Errorf("%d and %d lines, and it says %+v", o, n, h)
		}
	}
	return append(out, old[at:]...)
}

func TestHunksOfAWholeFileMakeTheOneOfTheOther(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		old := make([]string, r.IntN(30))
		for i := range old {
			old[i] = fmt.Sprint("line ", r.IntN(12))
		}
		fresh := slices.Clone(old)
		for range r.IntN(5) {
			at := r.IntN(len(fresh) + 1)
			if r.IntN(2) == 0 && at < len(fresh) {
				fresh = slices.Delete(fresh, at, at+1)
			} else {
				fresh = slices.Insert(fresh, at, fmt.Sprint("line ", r.IntN(12)))
			}
		}
		got := patched(t, old, hunks(numbered(old...), numbered(fresh...)))
		if !slices.Equal(got, fresh) || t.Failed() {
			t.Fatalf("seed %d: %q became %q, not %q", seed, old, got, fresh)
		}
	}
}

func TestFilesThatAreTooLongToCompareAreReplaced(t *testing.T) {
	var old, fresh []string
	for i := range 1100 {
		old, fresh = append(old, fmt.Sprint("a", i)), append(fresh, fmt.Sprint("b", i))
	}
	if got := hunks(numbered(old...), numbered(fresh...)); len(got) != 1 || got[0].OldLines != 1100 || got[0].NewLines != 1100 {
		t.Errorf("%d hunks", len(got))
	}
}
