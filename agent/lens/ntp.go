package lens

import (
	"bytes"
	"path"
	"slices"
	"sort"
	"strings"
)

// Chrony reads chrony.conf as chrony.conf(5) has it.
//
// Path "servers" gives a record for each time source that the clock may follow: host
// and kind (server, peer or pool); one with noselect is none. Files of a sourcedir may hold nothing else, and a last line
// without its end does not count there.
type Chrony struct{}

// Parse reads one file. Comments are whole lines.
func (Chrony) Parse(name string, b []byte) (*Doc, error) {
	g := newGrow(name, b)
	err := eachLine(name, b, func(l textLine) error {
		words, _ := bare().split(l.text, 0)
		if len(words) == 0 || strings.IndexByte("!;#%", words[0].text[0]) >= 0 {
			return nil
		}
		_, err := addDirective(g, g.doc.Root, plain(l), strings.ToLower(words[0].text), words)
		return err
	})
	if err != nil {
		return nil, err
	}
	return g.doc, nil
}

// Includes lists include, confdir and sourcedir.
func (Chrony) Includes(doc *Doc) []Include {
	var all []Include
	for _, n := range doc.Root.Children {
		for _, arg := range n.Children {
			switch n.Name {
			case "include":
				all = append(all, Include{Node: arg, Pattern: under("/", arg.Value), Optional: hasGlob(arg.Value)})
			case "confdir":
				all = append(all, Include{Node: arg, Pattern: path.Join("/", arg.Value, "*.conf"), Optional: true})
			case "sourcedir":
				all = append(all, Include{Node: arg, Pattern: path.Join("/", arg.Value, "*.sources"), Optional: true})
			}
		}
	}
	return all
}

// Get lists the time sources.
func (Chrony) Get(files []*File, q Query) ([]Value, error) {
	if q.Path != "servers" {
		return nil, unknownPath("chrony", q.Path)
	}
	var s chronyScan
	err := s.each(files, s.line)
	return valuesOf(s.found), err
}

type chronyScan struct {
	splice
	found []standing
}

func (s *chronyScan) line(f *File, n *Node) error {
	switch n.Name {
	case "include", "confdir":
		return s.each(includedByName(f, n), s.line)
	case "sourcedir":
		return s.each(includedByName(f, n), s.sourceLine)
	}
	s.source(f, n)
	return nil
}

// sourceLine reads a line in a file of a sourcedir.
func (s *chronyScan) sourceLine(f *File, n *Node) error {
	if bytes.IndexByte(f.raw[n.End:], '\n') < 0 {
		return nil
	}
	s.source(f, n)
	return nil
}

func (s *chronyScan) source(f *File, n *Node) {
	switch n.Name {
	case "server", "peer", "pool":
		if len(n.Children) > 0 && !onlyLookedAt(n) {
			s.found = append(s.found, stands(f, n, map[string]string{"host": n.Children[0].Value, "kind": n.Name}))
		}
	}
}

// includedByName gives the files that a directive pulls in. Those of several
// folders are read by their names, and one name counts once: in the first
// folder that has it.
func includedByName(f *File, n *Node) []*File {
	folders := n.Name != "include" && len(n.Children) > 1
	var all []*File
	seen := map[string]bool{}
	for _, arg := range n.Children {
		for _, inc := range f.Included[arg] {
			base := path.Base(inc.Name)
			if !folders || !seen[base] {
				all = append(all, inc)
			}
			seen[base] = true
		}
	}
	if folders {
		sort.SliceStable(all, func(i, j int) bool { return path.Base(all[i].Name) < path.Base(all[j].Name) })
	}
	return all
}

// NTP reads ntp.conf as ntp.conf(5) has it.
//
// Path "servers" gives a record for each time source: host and kind (server,
// peer or pool), without the local clock, 127.127.x.y.
type NTP struct{}

// Parse reads one file. A # begins a comment wherever it stands outside of
// quotes. Keywords are lower case.
func (NTP) Parse(name string, b []byte) (*Doc, error) {
	g := newGrow(name, b)
	quotes := splitting{quotes: `"`}
	err := eachLine(name, b, func(l textLine) error {
		l.text = l.text[:commentStart(l.text)]
		words, _ := quotes.split(l.text, 0)
		if len(words) == 0 {
			return nil
		}
		_, err := addDirective(g, g.doc.Root, plain(l), words[0].text, words)
		return err
	})
	if err != nil {
		return nil, err
	}
	return g.doc, nil
}

func commentStart(text string) int {
	quoted := false
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == '#' && !quoted:
			return i
		}
	}
	return len(text)
}

// Includes lists includefile.
func (NTP) Includes(doc *Doc) []Include {
	var all []Include
	for _, n := range doc.Root.Children {
		if n.Name == "includefile" && len(n.Children) > 0 {
			all = append(all, Include{Node: n, Pattern: under("/", n.Children[0].Value), Optional: true})
		}
	}
	return all
}

// Get lists the time sources.
func (NTP) Get(files []*File, q Query) ([]Value, error) {
	if q.Path != "servers" {
		return nil, unknownPath("ntp", q.Path)
	}
	var s ntpScan
	err := s.each(files, s.line)
	return valuesOf(s.found), err
}

type ntpScan struct {
	splice
	found []standing
}

func (s *ntpScan) line(f *File, n *Node) error {
	switch n.Name {
	case "includefile":
		return s.each(f.Included[n], s.line)
	case "server", "peer", "pool":
		if host := ntpHost(n); host != "" && !strings.HasPrefix(host, "127.127.") && !onlyLookedAt(n) {
			s.found = append(s.found, stands(f, n, map[string]string{"host": host, "kind": n.Name}))
		}
	}
	return nil
}

// onlyLookedAt tells a source that the clock never follows: noselect, of
// chrony.conf(5) and ntp.conf(5).
func onlyLookedAt(n *Node) bool {
	return slices.ContainsFunc(n.Children[min(1, len(n.Children)):], func(arg *Node) bool { return strings.EqualFold(arg.Value, "noselect") })
}

// ntpHost is the first word that is no address family.
func ntpHost(n *Node) string {
	for _, arg := range n.Children {
		switch arg.Value {
		case "-4", "-6", "ipv4", "ipv6":
		default:
			return arg.Value
		}
	}
	return ""
}
