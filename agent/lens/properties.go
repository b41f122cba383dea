package lens

import (
	"bytes"
	"strings"
	"unicode/utf16"
)

// Properties reads Java properties as java.util.Properties does: "key=value",
// "key: value" or "key value", # and ! comments, a backslash before the end of a
// line to go on, and backslash escapes in keys and values. The last setting of a
// key wins. A key that stands alone has the value "". Bytes that are no ASCII
// are taken for UTF-8.
//
// Path is the key.
type Properties struct{}

// Parse reads one file; each setting is a child of the root.
func (Properties) Parse(name string, b []byte) (*Doc, error) {
	g := newGrow(name, b)
	var open *propertyLine // one that the next line goes on
	done := func() error {
		if open == nil {
			return nil
		}
		n, err := open.node(name)
		open = nil
		if err == nil && n.Start < n.End {
			_, err = g.add(g.doc.Root, n)
		}
		return err
	}
	err := eachLine(name, b, func(l textLine) error {
		return eachReturn(l, func(l textLine) error {
			start := l.start + len(l.text) - len(strings.TrimLeft(l.text, " \t\f"))
			if open == nil {
				if start == l.end() || l.text[start-l.start] == '#' || l.text[start-l.start] == '!' {
					return nil
				}
				open = &propertyLine{start: start, line: l.no}
			}
			if open.add(l, start) {
				return nil
			}
			return done()
		})
	})
	if err == nil {
		err = done()
	}
	if err != nil {
		return nil, err
	}
	return g.doc, nil
}

// Includes is empty: the format has none.
func (Properties) Includes(*Doc) []Include { return nil }

// Get gives the last setting of the key q.Path.
func (Properties) Get(files []*File, q Query) ([]Value, error) {
	if q.Path == "" {
		return nil, unknownPath("properties", q.Path)
	}
	return lastNamed(files, q.Path), nil
}

// eachReturn splits a line at carriage returns, which end a line for Java.
func eachReturn(l textLine, each func(textLine) error) error {
	for {
		i := strings.IndexByte(l.text, '\r')
		if i < 0 {
			return each(l)
		}
		if err := each(textLine{l.text[:i], l.start, l.no}); err != nil {
			return err
		}
		l.text, l.start = l.text[i+1:], l.start+i+1
	}
}

// propertyLine is one setting, its continuation lines joined. at holds the
// position in the file of each byte of text.
type propertyLine struct {
	start, line, end int
	text             []byte
	at               []int
}

// add takes the next line in and says whether another has to follow.
func (p *propertyLine) add(l textLine, start int) (more bool) {
	text := l.text[start-l.start:]
	slashes := len(text) - len(strings.TrimRight(text, `\`))
	p.end = l.end()
	if more = slashes%2 == 1; more {
		text = text[:len(text)-1]
	}
	for i := range len(text) {
		p.text, p.at = append(p.text, text[i]), append(p.at, start+i)
	}
	return more
}

func (p *propertyLine) node(name string) (Node, error) {
	key := 0
	for key < len(p.text) && strings.IndexByte("=: \t\f", p.text[key]) < 0 {
		if p.text[key] == '\\' {
			key++
		}
		key++
	}
	key = min(key, len(p.text))
	value := p.skip(key)
	if value < len(p.text) && (p.text[value] == '=' || p.text[value] == ':') {
		value = p.skip(value + 1)
	}
	n := Node{Line: p.line, Start: p.start, End: p.end, ValStart: p.end, ValEnd: p.end}
	if value < len(p.text) {
		n.ValStart = p.at[value]
	}
	var okKey, okValue bool
	n.Name, okKey = javaUnescape(p.text[:key])
	n.Value, okValue = javaUnescape(p.text[value:])
	if !okKey || !okValue {
		return n, &SyntaxError{File: name, Line: p.line, Msg: `\u without four hexadecimal digits`}
	}
	return n, nil
}

func (p *propertyLine) skip(i int) int {
	for i < len(p.text) && strings.IndexByte(" \t\f", p.text[i]) >= 0 {
		i++
	}
	return i
}

// javaUnescape undoes backslashes; one before any other character vanishes.
func javaUnescape(s []byte) (string, bool) {
	if bytes.IndexByte(s, '\\') < 0 {
		return string(s), true
	}
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			if s[i] != '\\' {
				out = append(out, s[i])
			}
			continue
		}
		i++
		switch s[i] {
		case 't':
			out = append(out, '\t')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 'f':
			out = append(out, '\f')
		case 'u':
			r, n := javaRune(s[i+1:])
			if n == 0 {
				return "", false
			}
			out = append(out, string(r)...)
			i += n
		default:
			out = append(out, s[i])
		}
	}
	return string(out), true
}

// javaRune reads what follows \u, a second half of a pair included, and its length.
func javaRune(s []byte) (rune, int) {
	r, ok := hex4(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) && len(s) >= 10 && s[4] == '\\' && s[5] == 'u' {
		if low, ok := hex4(s[6:]); ok {
			if both := utf16.DecodeRune(r, low); both != '\uFFFD' {
				return both, 10
			}
		}
	}
	return r, 4
}

func hex4(s []byte) (r rune, ok bool) {
	if len(s) < 4 {
		return 0, false
	}
	for _, c := range s[:4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
