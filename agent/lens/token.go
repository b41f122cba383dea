package lens

import "strings"

// Token reads files of words with blanks between them, as /proc/cmdline or the
// state of crypto-policies. Double quotes keep blanks together, as they do for
// the kernel. A line that starts with # is a comment.
//
// Path "first" gives the first word; "key:NAME" the value of the last word
// NAME=value. Of several files the last that answers wins.
type Token struct{}

// Parse reads one file. Each line that is no comment is a child of the root,
// each word a child of its line, named by what stands before its "=".
func (Token) Parse(name string, b []byte) (*Doc, error) {
	g := newGrow(name, b)
	err := eachLine(name, b, func(l textLine) error {
		start, end := trimRange(l.text, 0, len(l.text))
		if start == end || l.text[start] == '#' {
			return nil
		}
		line, err := g.add(g.doc.Root, shifted(Node{Line: l.no, Start: start, End: end, ValStart: start, ValEnd: start}, l.start))
		for at := start; at < end && err == nil; at = skipBlank(l.text, at, end) {
			stop := wordEnd(l.text[:end], at)
			_, err = g.add(line, shifted(word(l, at, stop), l.start))
			at = stop
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return g.doc, nil
}

// Includes is empty: the format has none.
func (Token) Includes(*Doc) []Include { return nil }

// Get answers for the last file that has an answer.
func (Token) Get(files []*File, q Query) ([]Value, error) {
	key, isKey := strings.CutPrefix(q.Path, "key:")
	if q.Path != "first" && (!isKey || key == "") {
		return nil, unknownPath("token", q.Path)
	}
	for i := len(files) - 1; i >= 0; i-- {
		f := files[i]
		if n := lastWord(f.Root, key); isKey && n != nil {
			return []Value{valueOf(f, n)}, nil
		}
		if !isKey && len(f.Root.Children) > 0 {
			return []Value{wholeWord(f, f.Root.Children[0].Children[0])}, nil
		}
	}
	return nil, nil
}

// lastWord finds the last word with a value for key.
func lastWord(root *Node, key string) *Node {
	for i := len(root.Children) - 1; i >= 0; i-- {
		words := root.Children[i].Children
		for j := len(words) - 1; j >= 0; j-- {
			if words[j].Name == key && words[j].End > words[j].Start+len(key) {
				return words[j]
			}
		}
	}
	return nil
}

func wholeWord(f *File, n *Node) Value {
	v := valueOf(f, n)
	v.Start, v.End = n.Start, n.End
	v.Text = cleanText(maskSecrets(string(f.raw[n.Start:n.End])))
	return v
}

// wordEnd is where the word at at ends: at a blank outside quotes.
func wordEnd(s string, at int) int {
	quoted := false
	for at < len(s) && (quoted || !isBlank(s[at])) {
		if s[at] == '"' {
			quoted = !quoted
		}
		at++
	}
	return at
}

func word(l textLine, start, stop int) Node {
	text := l.text[start:stop]
	n := Node{Name: text, Line: l.no, Start: start, End: stop, ValStart: stop, ValEnd: stop}
	key, value, ok := strings.Cut(text, "=")
	if !ok {
		return n
	}
	n.Name, n.ValStart = key, start+len(key)+1
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		value = value[1 : len(value)-1]
		n.ValStart, n.ValEnd = n.ValStart+1, stop-1
	}
	n.Value = value
	return n
}
