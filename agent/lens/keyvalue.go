package lens

import "strings"

// KeyValue reads files of one setting a line: "key = value", "key=value" or
// "key value", as pwquality.conf, faillock.conf, os-release, ifcfg files and the
// configuration of crypto-policies have them. A # starts a comment at the start
// of a line, and after white space in a value without quotes. Quotes around a
// whole value are undone, and the shell's escapes within double ones; other
// quotes stand for themselves. A key that stands alone has the value "". Keys
// are case-sensitive and the last one wins.
//
// Path is the key.
type KeyValue struct{}

// Parse reads one file; each setting is a child of the root.
func (KeyValue) Parse(name string, b []byte) (*Doc, error) {
	g := newGrow(name, b)
	err := eachLine(name, b, func(l textLine) error {
		n, ok := keyValueLine(l)
		if !ok {
			return nil
		}
		_, err := g.add(g.doc.Root, n)
		return err
	})
	if err != nil {
		return nil, err
	}
	return g.doc, nil
}

// Includes is empty: the format has none.
func (KeyValue) Includes(*Doc) []Include { return nil }

// Get gives the last setting of the key q.Path.
func (KeyValue) Get(files []*File, q Query) ([]Value, error) {
	if q.Path == "" {
		return nil, unknownPath("keyvalue", q.Path)
	}
	return lastNamed(files, q.Path), nil
}

func keyValueLine(l textLine) (Node, bool) {
	s := l.text
	start, end := trimRange(s, 0, len(s))
	if start == end || s[start] == '#' {
		return Node{}, false
	}
	key := start
	for key < end && s[key] != '=' && !isBlank(s[key]) {
		key++
	}
	n := Node{Name: s[start:key], Line: l.no, Start: start, End: key, ValStart: key, ValEnd: key}
	at := skipBlank(s, key, end)
	if at < end && s[at] == '=' {
		at++
		n.End, n.ValStart, n.ValEnd = at, at, at
		at = skipBlank(s, at, end)
	}
	if at < end && (s[at] != '#' || at == n.End) {
		n.Value, n.ValStart, n.ValEnd, n.End = keyValueText(s, at, end)
	}
	return shifted(n, l.start), true
}

// keyValueText reads the value that starts at from: its text, its range without
// quotes, and where it ends with them.
func keyValueText(s string, from, end int) (text string, start, stop, last int) {
	if q := s[from]; q == '"' || q == '\'' {
		if i := closingQuote(s[:end], from); i > 0 && endsHere(s, i+1, end) {
			text = s[from+1 : i]
			if q == '"' {
				text = shellUnescape(text)
			}
			return text, from + 1, i, i + 1
		}
	}
	for i := from + 1; i < end; i++ {
		if s[i] == '#' && isBlank(s[i-1]) {
			_, end = trimRange(s, from, i)
			break
		}
	}
	return s[from:end], from, end, end
}

// closingQuote finds the partner of the quote at from, or gives 0.
func closingQuote(s string, from int) int {
	for i := from + 1; i < len(s); i++ {
		switch {
		case s[i] == s[from]:
			return i
		case s[i] == '\\' && s[from] == '"':
			i++
		}
	}
	return 0
}

// endsHere says whether nothing but a comment follows.
func endsHere(s string, at, end int) bool {
	next := skipBlank(s, at, end)
	return next == end || s[next] == '#' && next > at
}

// shellUnescape undoes what a shell undoes within double quotes.
func shellUnescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("\\\"$`", s[i+1]) >= 0 {
			i++
		}
		b = append(b, s[i])
	}
	return string(b)
}
