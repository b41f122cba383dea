package lens

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestApply(t *testing.T) {
	edits := []Edit{
		{File: "/f", Start: 4, End: 5, Text: "xy"}, {File: "/g", Start: 0, End: 100, Text: "not here"},
		{File: "/f", Start: 0, End: 0, Text: "<"}, {File: "/f", Start: 2, End: 4}, {File: "/f", Start: 6, End: 6, Text: ">"},
		{File: "/f", Start: 2, End: 2, Text: "-"},
	}
	got, err := Apply("/f", []byte("abcdef"), edits)
	if d := cmp.Diff("<ab-xyf>", string(got)); err != nil || d != "" {
		t.Error(err, d)
	}
	for _, bad := range [][]Edit{
		{{File: "/f", Start: 0, End: 2}, {File: "/f", Start: 1, End: 3}},
		{{File: "/f", Start: 6, End: 7}}, {{File: "/f", Start: -1, End: 0}}, {{File: "/f", Start: 3, End: 2}},
	} {
		if got, err := Apply("/f", []byte("abcdef"), bad); err == nil {
			t.Errorf("%+v gives %q", bad, got)
		}
	}
}

func TestWholeLines(t *testing.T) {
	const text = "a\nbc\r\n\nd"
	for _, c := range []struct{ start, end, from, to int }{
		{0, 1, 0, 2}, {0, 2, 0, 2}, {2, 3, 2, 6}, {3, 4, 2, 6}, {2, 6, 2, 6}, {7, 8, 7, 8}, {0, 3, 0, 6}, {6, 7, 6, 7},
	} {
		if from, to := wholeLines([]byte(text), c.start, c.end); from != c.from || to != c.to {
			t.Errorf("%d to %d: %d to %d", c.start, c.end, from, to)
		}
	}
}

func TestTrimmedEdit(t *testing.T) {
	for _, c := range []struct {
		was, is string
		want    Edit
	}{
		{"a 5 c", "a 10 c", Edit{"/f", 12, 13, "10"}},
		{"aa", "a", Edit{"/f", 11, 12, ""}},
		{"a", "aa", Edit{"/f", 11, 11, "a"}},
		{"xéy", "xèy", Edit{"/f", 11, 13, "è"}},
		{"é", "éé", Edit{"/f", 12, 12, "é"}},
		{"à", "ഠ", Edit{"/f", 10, 12, "ഠ"}},
		{"", "x", Edit{"/f", 10, 10, "x"}},
	} {
		if d := cmp.Diff(c.want, trimmedEdit("/f", 10, c.was, c.is)); d != "" {
			t.Errorf("%q to %q: %s", c.was, c.is, d)
		}
	}
}
