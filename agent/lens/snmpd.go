package lens

import (
	"path"
	"strings"
)

// Snmpd reads snmpd.conf as snmpd.conf(5) and snmp_config(5) have it.
//
// Path "users" gives what createUser makes: name, auth, priv (left out where
// there is none). "access" gives rouser and rwuser: name and level (noauth,
// auth, priv). "communities" gives the kind of each line that lets SNMP v1 or
// v2c in; never the community. "trap_receivers" gives kind and host. The
// evidence of all of them hides passphrases, keys and communities.
type Snmpd struct{}

const snmpDir = "/etc/snmp"

func snmpdWords() splitting {
	return splitting{quotes: `"'`, comment: true, hides: func(byte, byte) bool { return true }}
}

// Parse reads one file. "[snmp] rouser x" becomes a node named "[snmp]" with
// the directive as its child; "[snmp]" alone is a node without children.
func (Snmpd) Parse(name string, b []byte) (*Doc, error) {
	g := newGrow(name, b)
	err := eachLine(name, b, func(l textLine) error {
		words, _ := snmpdWords().split(l.text, 0)
		if len(words) == 0 {
			return nil
		}
		if len(words) == 1 || words[0].text == "" || words[0].text[0] != '[' {
			return addSnmpd(g, g.doc.Root, l, words)
		}
		n := Node{Name: strings.ToLower(words[0].text), Line: l.no, Start: l.start + words[0].start}
		n.End = l.start + words[len(words)-1].end
		n.ValStart, n.ValEnd = n.End, n.End
		only, err := g.add(g.doc.Root, n)
		if err != nil {
			return err
		}
		return addSnmpd(g, only, l, words[1:])
	})
	if err != nil {
		return nil, err
	}
	return g.doc, nil
}

func addSnmpd(g *grow, parent *Node, l textLine, words []piece) error {
	n, err := addDirective(g, parent, plain(l), strings.ToLower(words[0].text), words)
	if err == nil && strings.HasPrefix(n.Name, "include") && len(words) > 1 {
		_, end := trimRange(l.text, 0, len(l.text)) // file names are not cut into words
		n.Value = l.text[words[1].start:end]
		n.ValStart, n.ValEnd, n.End = l.start+words[1].start, l.start+end, l.start+end
	}
	return err
}

// Includes lists includeFile, includeDir, includeAllDir and includeSearch. A
// file that is not there is no error for snmpd.
func (Snmpd) Includes(doc *Doc) []Include {
	var all []Include
	for _, n := range doc.Root.Children {
		if n.Value == "" {
			continue
		}
		switch n.Name {
		case "includefile":
			all = append(all, Include{Node: n, Pattern: under(path.Dir(under("/", doc.Name)), n.Value), Optional: true})
		case "includedir":
			all = append(all, Include{Node: n, Pattern: path.Join("/", n.Value, "*.conf"), Optional: true})
		case "includealldir":
			all = append(all, Include{Node: n, Pattern: path.Join("/", n.Value, "*"), Optional: true})
		case "includesearch":
			all = append(all, Include{Node: n, Pattern: path.Join(snmpDir, strings.TrimSuffix(n.Value, ".conf")+".conf"), Optional: true})
		}
	}
	return all
}

// Get lists one kind of directive.
func (Snmpd) Get(files []*File, q Query) ([]Value, error) {
	found, err := snmpdFound(files, q)
	return valuesOf(found), err
}

func snmpdFound(files []*File, q Query) ([]standing, error) {
	asks := map[string]func(*File, *Node) (Value, bool){
		"users": snmpUser, "access": snmpAccess, "communities": snmpCommunity, "trap_receivers": snmpTrap,
	}
	ask := asks[q.Path]
	if ask == nil {
		return nil, unknownPath("snmpd", q.Path)
	}
	s := snmpdScan{ask: ask}
	for _, f := range files {
		if err := s.file(f, true); err != nil {
			return nil, err
		}
	}
	return s.found, nil
}

type snmpdScan struct {
	splice
	ask   func(*File, *Node) (Value, bool)
	found []standing
}

// file reads one file; ours says whether its lines are for snmpd, until a
// line like "[snmp]" changes that for the rest of the file.
func (s *snmpdScan) file(f *File, ours bool) error {
	return s.nodes(f, f.Root.Children, func(f *File, n *Node) error {
		if strings.HasPrefix(n.Name, "[") {
			if len(n.Children) == 0 {
				ours = n.Name == "[snmpd]"
				return nil
			}
			if n.Name == "[snmpd]" {
				s.directive(f, n.Children[0])
			}
			return nil
		}
		for _, inc := range f.Included[n] {
			if err := s.file(inc, ours); err != nil {
				return err
			}
		}
		if ours {
			s.directive(f, n)
		}
		return nil
	})
}

func (s *snmpdScan) directive(f *File, n *Node) {
	if v, ok := s.ask(f, n); ok {
		s.found = append(s.found, standing{v, statementAt{f, n}})
	}
}
