package lens

import "strings"

// serverSet writes the time sources of chrony and ntp.
type serverSet struct {
	lens  Lens
	files []*File
	into  *File
	found []standing

	harmless map[string]int // options that fit any host, with how many words follow
	bound    []string       // options that tie a source to a key or a certificate
	options  string         // what a new line has behind the host
	end      func(f *File, lines []string) Edit
	blocked  func() error // why a new source would not be listened to
}

func (s serverSet) set(q Query, want []Want) ([]Edit, error) {
	p, err := planList(s.found, want, "host", "kind")
	if err != nil || p.empty() {
		return nil, err
	}
	if err := s.mayAdd(p); err != nil {
		return nil, err
	}
	var edits []Edit
	left, gone := s.renamed(p, &edits)
	for _, g := range gone {
		edits = append(edits, removed(g.at))
	}
	if len(left) > 0 {
		if edits, err = s.added(edits, left); err != nil {
			return nil, err
		}
	}
	return settled(s.lens, s.files, q, edits, p)
}

// mayAdd checks the new sources. None joins authenticated ones: nobody is to
// believe that it is authenticated too.
func (s serverSet) mayAdd(p listPlan) error {
	for i, w := range p.missing {
		if err := checkHost(w.Fields["host"]); err != nil {
			return err
		}
		switch sourceKind(w) {
		case "server", "peer", "pool":
		default:
			return refuse("%q is no kind of time source", clip(p.missing[i].Fields["kind"]))
		}
	}
	if len(p.missing) == 0 {
		return nil
	}
	for _, v := range s.found {
		for _, option := range v.at.n.Children[1:] {
			for _, bound := range s.bound {
				if strings.EqualFold(option.Value, bound) {
					return cannotWrite(v.File, v.Line, "its option %q stands for a key or a certificate, which a new source needs too", bound)
				}
			}
		}
	}
	return s.blocked()
}

func sourceKind(w Want) string {
	if kind, ok := w.Fields["kind"]; ok {
		return kind
	}
	return "server"
}

// renamed gives the lines of sources that go to new ones of their kind, where
// nothing but the host is said of them.
func (s serverSet) renamed(p listPlan, edits *[]Edit) (left []Want, gone []standing) {
	gone = p.gone
	for _, w := range p.missing {
		at := -1
		for i, g := range gone {
			if g.at.n.Name == sourceKind(w) && s.plain(g) {
				at = i
				break
			}
		}
		if at < 0 {
			left = append(left, w)
			continue
		}
		host := gone[at].at.n.Children[0]
		*edits = append(*edits, Edit{File: gone[at].File, Start: host.ValStart, End: host.ValEnd, Text: w.Fields["host"]})
		gone = append(append([]standing{}, gone[:at]...), gone[at+1:]...)
	}
	return left, gone
}

// plain says whether a line would be right for another host.
func (s serverSet) plain(g standing) bool {
	words := g.at.n.Children
	if words[0].Value != g.Fields["host"] {
		return false
	}
	_, end := wholeLines(g.at.f.raw, g.at.n.Start, g.at.n.End)
	if trimmed(string(g.at.f.raw[g.at.n.End:end])) != "" {
		return false // a comment about the host
	}
	for i := 1; i < len(words); i++ {
		follow, ok := s.harmless[strings.ToLower(words[i].Value)]
		if !ok {
			return false
		}
		i += follow
	}
	return true
}

// added writes new lines behind the last source of the file.
func (s serverSet) added(edits []Edit, want []Want) ([]Edit, error) {
	into, err := findFile(s.files, s.into)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, w := range want {
		line := sourceKind(w) + " " + w.Fields["host"]
		if sourceKind(w) != "peer" {
			line += " " + s.options
		}
		lines = append(lines, line)
	}
	for i := len(s.found) - 1; i >= 0; i-- {
		if s.found[i].File == into.Name {
			return behind(edits, s.found[i].at, lines), nil
		}
	}
	return append(edits, s.end(into, lines)), nil
}

func atEnd(f *File, lines []string) Edit { return inserted(f, len(f.raw), lines) }
