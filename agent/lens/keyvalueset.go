package lens

import (
	"strings"
)

// Set changes the last setting of a key, where it stands. A new one goes to the
// end of into, written as most lines of that file are. A key is taken out with
// all the lines that set it.
//
// A value is quoted only where it is now, where the reader would not give it
// back without quotes, or where a line looks like a shell's ("key=value") and a
// shell would take the value apart: pwquality.conf(5) knows no quotes.
func (l KeyValue) Set(files []*File, q Query, want []Want, into *File) ([]Edit, error) {
	vs, err := l.Get(files, q)
	if err != nil || saysAlready(vs, want) {
		return nil, err
	}
	if err := oneAnswer(q, want); err != nil {
		return nil, err
	}
	p := proof{lens: l, files: files, rest: restBut(q.Path)}
	if len(want) == 0 {
		return p.of(q, want, withoutLines(files, func(_ *File, n *Node) bool { return n.Name == q.Path }))
	}
	if f, n := lastNodeNamed(files, q.Path); n != nil {
		e, ok := keyValueEdit(f, n, want[0].Text)
		if !ok {
			return nil, cannotWrite(f.Name, n.Line, "%q cannot be %q in this format", q.Path, want[0].Text)
		}
		return p.of(q, want, []Edit{e})
	}
	if err := intoOneOf(files, q, want, into); err != nil {
		return nil, err
	}
	line, ok := newKeyValue(keyValueStyle(into.Doc), q.Path, want[0].Text)
	if !ok {
		return nil, cannotSet(q, want, "%q cannot be %q in this format", q.Path, want[0].Text)
	}
	return p.of(q, want, []Edit{appended(into, line)})
}

// restBut says all of a file of plain settings but those called name.
func restBut(name string) func(*Node) string {
	return func(n *Node) string {
		if n.Name == name {
			return ""
		}
		return n.Name + "\x00" + n.Value
	}
}

// withoutLines takes the lines of all top nodes out that are meant.
func withoutLines(files []*File, meant func(*File, *Node) bool) []Edit {
	var edits []Edit
	for _, f := range files {
		for _, n := range f.Root.Children {
			if meant(f, n) {
				edits = append(edits, withoutLine(f, n))
			}
		}
	}
	return edits
}

func withoutLine(f *File, n *Node) Edit {
	start, end := wholeLines(f.raw, n.Start, n.End)
	return Edit{File: f.Name, Start: start, End: end}
}

// lastNodeNamed finds what lastNamed answers with.
func lastNodeNamed(files []*File, key string) (*File, *Node) {
	for i := len(files) - 1; i >= 0; i-- {
		kids := files[i].Root.Children
		for j := len(kids) - 1; j >= 0; j-- {
			if kids[j].Name == key {
				return files[i], kids[j]
			}
		}
	}
	return nil, nil
}

// keyValueEdit changes the value of a line, and of the line nothing else.
func keyValueEdit(f *File, n *Node, text string) (Edit, bool) {
	start, end := wholeLines(f.raw, n.Start, n.End)
	line, at := string(f.raw[start:end]), n.ValStart-start
	quote := line[at-1 : at]
	if n.ValEnd == n.End || quote != `"` && quote != "'" {
		quote = ""
	}
	before, behind := line[:at-len(quote)], line[n.End-start:]
	key, gap := line[n.Start-start:n.Start-start+len(n.Name)], line[n.Start-start+len(n.Name):at-len(quote)]
	if gap == "" && text != "" {
		gap = keyValueStyle(f.Doc)
		before = line[:n.Start-start] + key + gap
	}
	for _, raw := range keyValueForms(text, quote, gap) {
		if m, ok := soleKeyValue(before + raw + behind); ok && m.Value == text {
			return trimmedEdit(f.Name, start, line, before+raw+behind), true
		}
	}
	return Edit{}, false
}

// soleKeyValue reads one line as Parse does.
func soleKeyValue(line string) (*Node, bool) {
	doc, err := KeyValue{}.Parse("", []byte(line))
	if err != nil || len(doc.Root.Children) != 1 {
		return nil, false
	}
	return doc.Root.Children[0], true
}

// keyValueForms are the ways to write a value, the best first.
func keyValueForms(text, quote, gap string) []string {
	double := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(text) + `"`
	single := "'" + text + "'"
	switch {
	case quote == `"`:
		return []string{double, single}
	case quote == "'":
		return []string{single, double}
	case gap == "=" && !shellPlain(text):
		return []string{double, single, text}
	}
	return []string{text, double, single}
}

// shellPlain says that a shell takes the text for one word as it stands.
func shellPlain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r < 0x80 && !isAlnum(byte(r)) && !strings.ContainsRune("_-+./:,@%^=", r)
	})
}

// newKeyValue is a line for a new setting. A value of no length is a key that
// stands alone, but in a shell's file.
func newKeyValue(gap, key, text string) (string, bool) {
	if text == "" && gap != "=" {
		m, ok := soleKeyValue(key)
		return key, ok && m.Name == key && m.Value == ""
	}
	for _, raw := range keyValueForms(text, "", gap) {
		if m, ok := soleKeyValue(key + gap + raw); ok && m.Name == key && m.Value == text {
			return key + gap + raw, true
		}
	}
	return "", false
}

// keyValueStyle is what stands between key and value in most lines of a file.
func keyValueStyle(doc *Doc) string {
	best, most, count := " = ", 0, map[string]int{}
	for _, n := range doc.Root.Children {
		if n.Value == "" {
			continue
		}
		gap := strings.TrimRight(string(doc.raw[n.Start+len(n.Name):n.ValStart]), `"'`)
		if count[gap]++; count[gap] > most {
			best, most = gap, count[gap]
		}
	}
	return best
}
