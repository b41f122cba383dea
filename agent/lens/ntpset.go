package lens

import "slices"

// Set writes time sources, as that of Chrony does. A new one is not written where
// "restrict default ignore" stands: ntpd would not listen to it.
func (l NTP) Set(files []*File, q Query, want []Want, into *File) ([]Edit, error) {
	if q.Path != "servers" {
		return nil, unknownPath("ntp", q.Path)
	}
	var scan ntpScan
	if err := scan.each(files, scan.line); err != nil {
		return nil, err
	}
	s := serverSet{
		lens: l, files: files, into: into, found: scan.found,
		harmless: map[string]int{"iburst": 0, "burst": 0, "minpoll": 1, "maxpoll": 1, "prefer": 0},
		bound:    []string{"key", "autokey", "nts"},
		options:  "iburst",
		end:      atEnd,
		blocked:  func() error { return ignoresOthers(files) },
	}
	return s.set(q, want)
}

// ignoresOthers finds the restriction that shuts out every host that has none of
// its own.
func ignoresOthers(files []*File) error {
	var s splice
	var visit func(*File, *Node) error
	visit = func(f *File, n *Node) error {
		words := n.Children
		if n.Name == "includefile" {
			return s.each(f.Included[n], visit)
		}
		if n.Name != "restrict" || !slices.ContainsFunc(words, says("ignore")) || !slices.ContainsFunc(words, says("default", "0.0.0.0", "::")) {
			return nil
		}
		return cannotWrite(f.Name, n.Line, "it makes ntpd ignore a source that has no restrict line of its own")
	}
	return s.each(files, visit)
}

func says(words ...string) func(*Node) bool {
	return func(n *Node) bool { return slices.Contains(words, n.Value) }
}
