package alert

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCleanMakesSafe(t *testing.T) {
	cases := map[string]string{
		"":                      "",
		"plain text: 8 >= 15":   "plain text: 8 >= 15",
		`"] \`:                  `"] \`,
		"a\nb\tc\x00d\x7fe\x1b": "a␊b␉c␀d␡e␛",
		"a\u009bb\u202ec\ufeff": "a�b�c�",
		"a\xffb\xc3":            "a�b�",
		"Größe 日本 🔒":            "Größe 日本 🔒",
	}
	for in, want := range cases {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCleanCutsWithAMark(t *testing.T) {
	whole := strings.Repeat("x", maxValue)
	if got := clean(whole); got != whole {
		t.Errorf("%d bytes were cut to %d", maxValue, len(got))
	}
	for _, unit := range []string{"x", "é", "日", "🔒", `"`, "\xff"} {
		got := clean(strings.Repeat(unit, maxValue+1))
		if !strings.HasSuffix(got, cutMark) || wireSize(got) > maxValue || wireSize(got) < maxValue-8 {
			t.Errorf("%q: %d bytes end in %q", unit, wireSize(got), got[len(got)-20:])
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) || wireSize(got) > maxValue {
			t.Errorf("clean(%q) = %q", s, got)
		}
		if again := clean(got); again != got {
			t.Errorf("clean(%q) is not settled: %q, then %q", s, got, again)
		}
	})
}

func wireSize(s string) (n int) {
	for _, r := range s {
		n += wireLen(r)
	}
	return n
}
