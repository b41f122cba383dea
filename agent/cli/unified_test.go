package cli

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/api"
)

func TestDiffsAreInTheUnifiedFormat(t *testing.T) {
	const before, after = "sha256:aaaaaaaaaaaaaaaaaaaaaaaa", "sha256:bbbbbbbbbbbbbbbbbbbbbbbb"
	for name, tt := range map[string]struct {
		diff api.FileDiff
		want []string
	}{
		"a change and an addition": {
			api.FileDiff{File: "/x", Before: before, After: after, Lines: []string{"-5 a"}, Hunks: []api.Hunk{
				{Old: 5, OldLines: 1, New: 6, NewLines: 1, Lines: []string{"-a", "+b\x1b"}},
				{Old: 8, OldLines: 0, New: 10, NewLines: 2, Lines: []string{"+c", "+d"}},
			}},
			[]string{"--- /x  " + short(before), "+++ /x  " + short(after), "@@ -5 +6 @@", "-a", "+b\\x1b", "@@ -8,0 +10,2 @@", "+c", "+d"},
		},
		"a file that is gone": {
			api.FileDiff{File: "/x", Before: before, Lines: []string{"-1 a"}, Hunks: []api.Hunk{{Old: 1, OldLines: 1, Lines: []string{"-a"}}}},
			[]string{"--- /x  " + short(before), "+++ /dev/null", "@@ -1 +0,0 @@", "-a"},
		},
		"other lines": {
			api.FileDiff{File: "/x", Before: before, After: after},
			[]string{"--- /x  " + short(before), "+++ /x  " + short(after), "(what changed is on lines that no fact is read from)"},
		},
		"what was recorded without hunks": {
			api.FileDiff{File: "/x", Before: before, After: after, Lines: []string{"-5 a", "… and 461 more lines"}},
			[]string{"--- /x  " + short(before), "+++ /x  " + short(after), "-5 a", "… and 461 more lines"},
		},
		"more than is kept": {
			api.FileDiff{File: "/x", Before: before, After: after, Lines: []string{"-5 a", "… and 461 more lines"}, Hunks: []api.Hunk{
				{Old: 5, OldLines: 1, New: 4, Lines: []string{"-a"}},
			}},
			[]string{"--- /x  " + short(before), "+++ /x  " + short(after), "@@ -5 +4,0 @@", "-a", "(there is more)"},
		},
	} {
		if d := cmp.Diff(tt.want, unified(tt.diff)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestALongDiffIsAbridgedInAList(t *testing.T) {
	long := slices.Repeat([]string{"+x"}, 30)
	if got := abridged(long); len(got) != 21 || got[20] != "(there is more)" || len(abridged(long[:20])) != 20 {
		t.Errorf("%q", got)
	}
}
