package main

import (
	"fmt"
	"strings"
)

// roff is a page in the making, in the macros of man(7).
type roff struct {
	strings.Builder
	headed bool // a heading is what stands last: it begins a paragraph by itself
}

// macro writes one line of a macro with its arguments.
func (r *roff) macro(name string, args ...string) {
	r.WriteString("." + name)
	for _, a := range args {
		r.WriteString(` "` + strings.ReplaceAll(a, `"`, `\(dq`) + `"`)
	}
	r.WriteByte('\n')
	r.headed = name == "SH" || name == "SS"
}

// paragraph begins one, where a heading has not.
func (r *roff) paragraph() {
	if !r.headed {
		r.macro("PP")
	}
}

// line writes text that is roff already.
func (r *roff) line(text string) {
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	r.WriteString(text + "\n")
	r.headed = false
}

// prose writes the lines of a paragraph, which the reader's terminal fills.
func (r *roff) prose(text string) {
	for l := range strings.Lines(text) {
		r.line(inline(strings.TrimSpace(l)))
	}
}

// example writes lines that stand as they are.
func (r *roff) example(text string) {
	r.paragraph()
	r.macro("RS", "2n")
	r.macro("EX")
	for l := range strings.Lines(text) {
		r.line(literal(strings.TrimRight(l, " \n")))
	}
	r.macro("EE")
	r.macro("RE")
}

// term writes a word and what it means.
func (r *roff) term(word, text string) {
	r.macro("TP")
	r.line(word)
	r.prose(text)
}

// literal is text that has to come out as it is, to be copied: no hyphen, no
// typographic quote.
func literal(text string) string {
	var b strings.Builder
	for _, c := range text {
		switch {
		case c == '\\':
			b.WriteString(`\e`)
		case c == '-':
			b.WriteString(`\-`)
		case c == '\'':
			b.WriteString(`\(aq`)
		case c == '`':
			b.WriteString(`\(ga`)
		case c == '^':
			b.WriteString(`\(ha`)
		case c == '~':
			b.WriteString(`\(ti`)
		case c > '~':
			fmt.Fprintf(&b, `\[u%04X]`, c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// inline is prose, with `code` and **strong words** in bold and links as their
// text. A hyphen inside of a word stays one.
func inline(text string) string {
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		if i%2 == 1 {
			b.WriteString(bold(part))
			continue
		}
		for j, plain := range strings.Split(unlink(part), "**") {
			if j%2 == 1 {
				b.WriteString(bold(plain))
				continue
			}
			b.WriteString(words(plain))
		}
	}
	return b.String()
}

func bold(text string) string { return `\fB` + literal(text) + `\fR` }

// words keeps flags, names of files and the like literal.
func words(text string) string {
	parts := strings.Split(text, " ")
	for i, w := range parts {
		l := literal(w)
		if !strings.HasPrefix(strings.TrimLeft(w, "\"(["), "-") && !strings.ContainsAny(w, "/=_") {
			l = strings.ReplaceAll(l, `\-`, "-")
		}
		parts[i] = l
	}
	return strings.Join(parts, " ")
}

// unlink leaves of each [text](address) the text.
func unlink(text string) string {
	for {
		open := strings.Index(text, "](")
		if open < 0 {
			return text
		}
		start, end := strings.LastIndex(text[:open], "["), strings.Index(text[open:], ")")
		if start < 0 || end < 0 {
			return text
		}
		text = text[:start] + text[start+1:open] + text[open+end+1:]
	}
}
