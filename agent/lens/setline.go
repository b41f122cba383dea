package lens

import (
	"net/netip"
	"strings"
)

// findFile gives the file of that name among files and what they include.
func findFile(files []*File, into *File) (*File, error) {
	if into == nil || into.Doc == nil {
		return nil, refuse("there is no file that new settings go to")
	}
	seen := map[*File]bool{}
	for len(files) > 0 {
		var below []*File
		for _, f := range files {
			if f.Name == into.Name {
				return f, nil
			}
			if seen[f] {
				continue
			}
			seen[f] = true
			for _, included := range f.Included {
				below = append(below, included...)
			}
		}
		files = below
	}
	return nil, refuse("%s: the program does not read this file", into.Name)
}

// removed is the edit that takes out the lines of a node.
func removed(s statementAt) Edit {
	start, end := wholeLines(s.f.raw, s.n.Start, s.n.End)
	return Edit{File: s.f.Name, Start: start, End: end}
}

// inserted is the edit that adds lines at pos: the start of a line, or the end
// of the file.
func inserted(f *File, pos int, lines []string) Edit {
	b, nl := f.raw, lineEnd(f.raw)
	text := strings.Join(lines, nl)
	if pos > 0 && b[pos-1] != '\n' {
		return Edit{File: f.Name, Start: pos, End: pos, Text: nl + text}
	}
	return Edit{File: f.Name, Start: pos, End: pos, Text: text + nl}
}

// behind adds lines behind that of a node, indented as it is. Where an edit takes
// that line out, the lines come in its place.
func behind(edits []Edit, s statementAt, lines []string) []Edit {
	whole := removed(s)
	text := string(s.f.raw[whole.Start:s.n.Start])
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	nl := lineEnd(s.f.raw)
	for i := range lines {
		lines[i] = indent + lines[i]
	}
	for i, e := range edits {
		if e != whole {
			continue
		}
		edits[i].Text = strings.Join(lines, nl)
		if s.f.raw[e.End-1] == '\n' {
			edits[i].Text += nl
		}
		return edits
	}
	return append(edits, inserted(s.f, whole.End, lines))
}

// checkHost refuses what is no address and no name of a host.
func checkHost(host string) error {
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" {
		return nil
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	last := labels[len(labels)-1]
	if len(host) > 253 || strings.Trim(last, "0123456789") == "" {
		return refuse("%q is no host", clip(host))
	}
	for _, label := range labels {
		plain := strings.TrimFunc(label, func(r rune) bool { return r < 0x80 && (isAlnum(byte(r)) || r == '-' || r == '_') }) == ""
		if label == "" || len(label) > 63 || !plain || label[0] == '-' || label[len(label)-1] == '-' {
			return refuse("%q is no host", clip(host))
		}
	}
	return nil
}
