package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// Encode writes v as JSON and a newline, indented or on one line. Text that
// came from files may hold what drives a terminal or hides other text: it
// leaves as \u escapes, which JSON readers turn back. "<" and ">" stay legible.
func Encode(w io.Writer, v any, indent bool) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if indent {
		enc.SetIndent("", "  ")
	}
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("cannot encode JSON: %w", err)
	}
	if _, err := w.Write(escapeHidden(b.Bytes())); err != nil {
		return fmt.Errorf("cannot write JSON: %w", err)
	}
	return nil
}

// Hidden reports whether a terminal would obey a rune, or hide it, or reorder
// its neighbours, instead of showing it: C0 and C1 controls, zero-width and
// bidirectional formatting, line and paragraph separators.
func Hidden(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f, r == 0xad, r == 0x61c, r == 0xfeff:
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true
	case r >= 0xe0000 && r <= 0xe007f:
		return true
	}
	return false
}

// escapeHidden works on finished JSON, where such runes stand only inside
// strings. The encoder has escaped those below 0x20 already; what is left of
// them is its own white space.
func escapeHidden(b []byte) []byte {
	if !bytes.ContainsFunc(b, func(r rune) bool { return r >= 0x20 && Hidden(r) }) {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r < 0x20 || !Hidden(r):
			out = append(out, b[:n]...)
		case r > 0xffff:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		b = b[n:]
	}
	return out
}
