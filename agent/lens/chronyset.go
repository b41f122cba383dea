package lens

import "bytes"

// Set writes time sources. A new one is added behind the last of into, or gets
// the line of one of its kind that goes. It is not written where sources are
// authenticated: its key or its certificate is not known here.
func (c Chrony) Set(files []*File, q Query, want []Want, into *File) ([]Edit, error) {
	if q.Path != "servers" {
		return nil, unknownPath("chrony", q.Path)
	}
	var scan chronyScan
	if err := scan.each(files, scan.line); err != nil {
		return nil, err
	}
	s := serverSet{
		lens: c, files: files, into: into, found: scan.found,
		harmless: map[string]int{"iburst": 0, "burst": 0, "minpoll": 1, "maxpoll": 1, "polltarget": 1, "maxsources": 1, "prefer": 0},
		bound:    []string{"key", "nts", "certset"},
		options:  "iburst",
		blocked:  func() error { return nil },
	}
	s.end = atEnd
	if into != nil && into.Doc != nil && isSources(files, into.Name) {
		s.end = beforeUnfinished
	}
	return s.set(q, want)
}

// isSources says whether a sourcedir pulls the file in.
func isSources(files []*File, name string) bool {
	var s splice
	found := false
	var visit func(*File, *Node) error
	visit = func(f *File, n *Node) error {
		for _, inc := range includedByName(f, n) {
			found = found || n.Name == "sourcedir" && inc.Name == name
		}
		if n.Name == "include" || n.Name == "confdir" {
			return s.each(includedByName(f, n), visit)
		}
		return nil
	}
	_ = s.each(files, visit) // the scan before it kept the same limits
	return found
}

// beforeUnfinished adds lines before a last line without its end, which does not
// count where the file is one of a sourcedir.
func beforeUnfinished(f *File, lines []string) Edit {
	return inserted(f, bytes.LastIndexByte(f.raw, '\n')+1, lines)
}
