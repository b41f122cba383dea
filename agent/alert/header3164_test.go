package alert

import (
	"strings"
	"testing"
)

func TestHeaderHostIsOneWord(t *testing.T) {
	for in, want := range map[string]string{
		"sentry1.example.com":      "sentry1.example.com",
		"sentry_1":                 "sentry_1",
		"":                         "unknown",
		"␊":                        "unknown",
		"a b\tc":                   "a-b-c",
		"CEF:0|":                   "CEF-0-",
		"fe80::1":                  "fe80--1",
		"größe":                    "gr--e",
		strings.Repeat("a", 1_000): strings.Repeat("a", maxHost),
	} {
		if got := headerHost(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
