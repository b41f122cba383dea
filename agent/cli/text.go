package cli

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"stigwatch/agent/api"
)

// safe shows what a terminal would obey or hide: control characters and bytes
// that are no text as \x.., other hidden runes as \u.... It leaves one line.
func safe(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case !api.Hidden(r):
			b.WriteString(s[:n])
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		s = s[n:]
	}
	return b.String()
}

// value shows a fact's value, made safe: text in quotes, the rest as JSON.
func value(v any) string {
	switch v := v.(type) {
	case nil:
		return "not set"
	case string:
		return `"` + safe(v) + `"`
	}
	var b bytes.Buffer
	if err := api.Encode(&b, v, false); err != nil {
		return safe(fmt.Sprint(v))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// columns is how many columns of a terminal a safe text takes.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

// runeColumns knows what UAX #11 calls wide, in blocks: a few unassigned runes
// are taken along.
func runeColumns(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf && r != 0x303f, r >= 0xa960 && r <= 0xa97f,
		r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f,
		r >= 0xff01 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6,
		r >= 0x1f300 && r <= 0x1f64f, r >= 0x1f680 && r <= 0x1f6ff, r >= 0x1f900 && r <= 0x1f9ff,
		r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// pad fills a safe text with spaces up to n columns.
func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-columns(s)))
}

// clip cuts a safe text to n columns and shows that it did.
func clip(s string, n int) string {
	if columns(s) <= n {
		return s
	}
	head, _ := split(s, n-1)
	return head + "…"
}

// split cuts a safe text after at most n columns, and after one rune at least.
func split(s string, n int) (head, rest string) {
	used := 0
	for i, r := range s {
		used += runeColumns(r)
		if used > n && i > 0 {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// fold breaks a safe text into lines of at most n columns, between words where
// it can. With n = 0 it is one line.
func fold(s string, n int) []string {
	if n <= 0 || columns(s) <= n {
		return []string{s}
	}
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && columns(line)+1+columns(word) <= n {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = word
		for head, rest := split(line, n); rest != ""; head, rest = split(line, n) {
			lines = append(lines, head)
			line = rest
		}
	}
	return append(lines, line)
}
