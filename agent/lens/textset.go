package lens

import "strings"

// Set writes the text of a file, white space around it left as it is. Of several
// files each has its text; one that has none yet gets one by being into. A
// switch ("bool01") is the kernel's and is not written.
func (l Text) Set(files []*File, q Query, want []Want, into *File) ([]Edit, error) {
	vs, err := l.Get(files, q)
	if err != nil || saysAlready(vs, want) {
		return nil, err
	}
	if err := textHolds(q, want); err != nil {
		return nil, err
	}
	filled := filledTexts(files)
	p := proof{lens: l, files: files}
	switch {
	case len(want) == 0:
		want = make([]Want, len(filled))
		return p.of(q, nil, textEdits(filled, want))
	case len(want) == len(filled):
		return p.of(q, want, textEdits(filled, want))
	case len(filled) > 0 || len(want) > 1:
		return nil, cannotSet(q, want, "%d files have a text, and %d are wanted", len(filled), len(want))
	}
	if err := intoOneOf(files, q, want, into); err != nil {
		return nil, err
	}
	return p.of(q, want, textEdits([]*File{into}, want))
}

// textHolds refuses what does not come back from a file as it went in.
func textHolds(q Query, want []Want) error {
	if q.Path == "bool01" {
		return cannotSet(q, want, "it is a switch of the kernel, not a file's text")
	}
	for _, w := range want {
		switch {
		case w.Fields != nil:
			return cannotSet(q, want, "it is one text, not a record")
		case w.Text == "" || strings.Trim(w.Text, whiteSpace) != w.Text:
			return cannotSet(q, want, "the text is empty or has white space around it")
		}
		for line := range strings.Lines(w.Text) {
			if len(line) > MaxLine {
				return cannotSet(q, want, "it has a line of more than %d bytes", MaxLine)
			}
		}
	}
	return shownAsIs(q, want)
}

// filledTexts gives the files that have a text.
func filledTexts(files []*File) []*File {
	var filled []*File
	for _, f := range files {
		if f.Root.ValStart < f.Root.ValEnd {
			filled = append(filled, f)
		}
	}
	return filled
}

func textEdits(files []*File, want []Want) []Edit {
	var edits []Edit
	for i, f := range files {
		if e := textEdit(f, want[i].Text); string(f.raw[e.Start:e.End]) != e.Text {
			edits = append(edits, e)
		}
	}
	return edits
}

// textEdit replaces what stands between the white space. An empty file, or one
// without a line of its own to fill, gets a whole line.
func textEdit(f *File, text string) Edit {
	n := f.Root
	if n.ValStart < n.ValEnd {
		return Edit{File: f.Name, Start: n.ValStart, End: n.ValEnd, Text: text}
	}
	if nl := lineEnd(f.raw); !strings.HasPrefix(string(f.raw), nl) {
		text += nl
	}
	return Edit{File: f.Name, Text: text}
}
