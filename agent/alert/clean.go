package alert

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxValue bounds each text of a message, in bytes as structured data spells it
// (`"`, `\` and `]` count twice). The largest message then stays below the 8 KiB
// at which receivers cut by default.
const maxValue = 1024

// cutMark ends a text that was cut.
const cutMark = "…[cut]"

// clean makes a text safe to show and to send. Control characters become their
// printable pictures (a newline is ␊), other characters that do not show (bidi
// overrides among them) and bytes that are not UTF-8 become U+FFFD, and what is
// longer than maxValue is cut. Cleaning a clean text changes nothing.
func clean(s string) string {
	if isClean(s) {
		return s
	}
	var b strings.Builder
	b.Grow(min(len(s), maxValue+len(cutMark)))
	size, fits := 0, 0 // of what was written; of what may stay when the rest is cut
	for _, r := range s {
		r = picture(r)
		size += wireLen(r)
		if size > maxValue {
			return b.String()[:fits] + cutMark
		}
		b.WriteRune(r)
		if size <= maxValue-len(cutMark)-1 { // the mark's ] counts twice
			fits = b.Len()
		}
	}
	return b.String()
}

// isClean is the quick answer for nearly every text: short plain ASCII.
func isClean(s string) bool {
	if len(s) > maxValue/2 {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// picture returns r, or what stands for it when it does not show.
func picture(r rune) rune {
	switch {
	case r < ' ':
		return 0x2400 + r // SYMBOL FOR NULL and so on
	case r == 0x7f:
		return 0x2421 // SYMBOL FOR DELETE
	case unicode.IsGraphic(r):
		return r
	}
	return utf8.RuneError
}

func wireLen(r rune) int {
	if r == '"' || r == '\\' || r == ']' {
		return 2
	}
	return utf8.RuneLen(r)
}
