package finding

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func fileOf(digest string, lines ...string) Snapshot {
	snap := Snapshot{}
	for i, raw := range lines {
		name := fmt.Sprintf("f%d", i)
		snap[name] = &Fact{Name: name, Evidence: []Evidence{{File: "/x", Line: i + 1, Digest: digest, Raw: raw}}}
	}
	return snap
}

var onX = Result{Evidence: []Item{{Fact: "f0", File: "/x"}}}

func TestDiffShowsWhatWentAndWhatCame(t *testing.T) {
	got := FileDiffs(fileOf("a", "length 15", "digits yes"), fileOf("b", "length 8", "digits yes", "upper no"), onX, onX)
	want := []FileDiff{{File: "/x", Before: "a", After: "b", Lines: []string{"-1 length 15", "+1 length 8", "+3 upper no"},
		Hunks: []Hunk{{1, 2, 1, 3, []string{"-length 15", "+length 8", " digits yes", "+upper no"}}}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestDiffLeavesOutWhatOnlyMoved(t *testing.T) {
	got := FileDiffs(fileOf("a", "length 15", "digits yes"), fileOf("b", "digits yes", "length 15"), onX, onX)
	if len(got) != 1 || len(got[0].Lines) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestDiffOfAFileThatIsTheSameOrGone(t *testing.T) {
	if got := FileDiffs(fileOf("a", "x"), fileOf("a", "x"), onX, onX); got != nil {
		t.Errorf("%+v", got)
	}
	want := []FileDiff{{File: "/x", Before: "a", Lines: []string{"-1 x"}, Hunks: []Hunk{{1, 1, 0, 0, []string{"-x"}}}}}
	if d := cmp.Diff(want, FileDiffs(fileOf("a", "x"), Snapshot{}, onX, onX)); d != "" {
		t.Error(d)
	}
}

func TestDiffIsBounded(t *testing.T) {
	many := strings.Split(strings.Repeat("line,", 500), ",")
	for i := range many {
		many[i] += fmt.Sprint(i)
	}
	got := FileDiffs(fileOf("a"), fileOf("b", many...), onX, onX)
	if n := len(got[0].Lines); n != maxDiffLines+1 || got[0].Lines[n-1] != "… and 461 more lines" {
		t.Errorf("%d lines, the last is %q", n, got[0].Lines[n-1])
	}
	if len(got[0].Hunks) > 0 {
		t.Errorf("a hunk of %d lines", len(got[0].Hunks[0].Lines))
	}
}
