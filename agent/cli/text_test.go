package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSafeShowsControls(t *testing.T) {
	cases := map[string]string{
		"plain é 日":          "plain é 日",
		"\x1b[2J\t\n\x7f":    `\x1b[2J\x09\x0a\x7f`,
		"\xff\xc3":           `\xff\xc3`,
		"a\u202eb\u009b":     `a\u202eb\u009b`,
		"\U000E0041":         `\U000e0041`,
		"\ufffd is a real r": "\ufffd is a real r",
	}
	for in, want := range cases {
		if got := safe(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestValue(t *testing.T) {
	cases := []struct {
		in   any
		want string
	}{
		{nil, "not set"},
		{int64(1000000), "1000000"},
		{json.Number("1000000"), "1000000"},
		{true, "true"},
		{"", `""`},
		{"a\nb", `"a\x0ab"`},
		{[]any{"<a>", 1}, `["<a>",1]`},
		{map[string]any{"host": "h\x1b"}, `{"host":"h\u001b"}`},
		{[]any{}, "[]"},
	}
	for _, c := range cases {
		if got := value(c.in); got != c.want {
			t.Errorf("%#v: %s, want %s", c.in, got, c.want)
		}
	}
}

func TestFold(t *testing.T) {
	cases := []struct {
		in   string
		n    int
		want []string
	}{
		{"a b  c", 0, []string{"a b  c"}},
		{"", 5, []string{""}},
		{"one two three", 7, []string{"one two", "three"}},
		{"a verylongword b", 6, []string{"a", "verylo", "ngword", "b"}},
		{"日本語", 4, []string{"日本", "語"}},
		{"日本", 1, []string{"日", "本"}},
		{"  x  yyy ", 4, []string{"x", "yyy"}},
	}
	for _, c := range cases {
		if diff := cmp.Diff(c.want, fold(c.in, c.n)); diff != "" {
			t.Errorf("%q at %d: -want +got:\n%s", c.in, c.n, diff)
		}
	}
}

func FuzzFoldLosesNothing(f *testing.F) {
	f.Add("one two three", 5)
	f.Add("日本語 e\u0301", 2)
	f.Fuzz(func(t *testing.T, text string, n int) {
		text = safe(text)
		n = 2 + (n&0xff)%80
		got := fold(text, n)
		for _, l := range got {
			if columns(l) > n && columns(text) > n {
				t.Errorf("%q has %d columns, not %d", l, columns(l), n)
			}
		}
		if strip(strings.Join(got, "")) != strip(text) {
			t.Errorf("%q became %q", text, got)
		}
	})
}

func strip(s string) string { return strings.Join(strings.Fields(s), "") }

func TestClip(t *testing.T) {
	for in, want := range map[string]string{"abcdef": "abcd…", "abcde": "abcde", "日本語字": "日本…"} {
		if got := clip(in, 5); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	cases := map[time.Duration]string{
		0: "0s", 59 * time.Second: "59s", 61 * time.Second: "1m01s",
		3 * time.Hour: "3h00m", 50 * time.Hour: "2d02h",
	}
	for d, want := range cases {
		if got := span(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
