package lens

import (
	"slices"
	"strings"
)

// Set takes lines out and raises levels of access; the one line that it adds is
// "rouser NAME priv". It writes neither communities nor receivers of traps nor
// users, whose passphrases it does not know, and nothing into the file that
// snmpd keeps itself.
func (l Snmpd) Set(files []*File, q Query, want []Want, into *File) ([]Edit, error) {
	found, err := snmpdFound(files, q)
	if err != nil {
		return nil, err
	}
	s := snmpdSet{files: files, into: into, found: found}
	p, err := planList(found, want, snmpdFields(q.Path)...)
	if err != nil || p.empty() {
		return nil, err
	}
	if err := p.oneOfMany(); err != nil {
		return nil, err
	}
	edits, err := s.edits(q, p)
	if err != nil {
		return nil, err
	}
	for _, e := range edits {
		if isPersistent(e.File) {
			return nil, refuse("%s: snmpd writes this file itself", e.File)
		}
	}
	return settled(l, files, q, edits, p, otherPaths(q.Path)...)
}

func snmpdFields(path string) []string {
	return map[string][]string{
		"users":          {"name", "auth", "priv"},
		"access":         {"name", "level"},
		"communities":    {"kind"},
		"trap_receivers": {"kind", "host"},
	}[path]
}

func otherPaths(path string) []string {
	all := []string{"users", "access", "communities", "trap_receivers"}
	return slices.DeleteFunc(all, func(s string) bool { return s == path })
}

// isPersistent knows where snmpd keeps its users and counters (snmp_config(5)).
func isPersistent(name string) bool {
	for _, dir := range []string{"/var/lib/net-snmp/", "/var/lib/snmp/", "/var/net-snmp/"} {
		if strings.HasPrefix(name, dir) {
			return true
		}
	}
	return false
}

type snmpdSet struct {
	files []*File
	into  *File
	found []standing
}

func (s snmpdSet) edits(q Query, p listPlan) ([]Edit, error) {
	switch q.Path {
	case "access":
		return s.access(p)
	case "communities":
		if len(p.missing) > 0 {
			return nil, refuse("a community is a password that goes over the wire in clear text: none is written")
		}
		return s.closed(p)
	case "trap_receivers":
		if len(p.missing) > 0 {
			return nil, refuse("a receiver of traps needs a secret, which is not known here")
		}
		return s.removals(nil, p.gone)
	}
	return nil, refuse("users of SNMPv3 have passphrases: set them with net-snmp-create-v3-user")
}

// removals takes whole lines out.
func (s snmpdSet) removals(edits []Edit, gone []standing) ([]Edit, error) {
	for _, g := range gone {
		e := removed(g.at)
		if strings.Contains(string(g.at.f.raw[e.Start:e.End]), "\\") {
			return nil, cannotWrite(g.File, g.Line, "there is a backslash in the line")
		}
		edits = append(edits, e)
	}
	return edits, nil
}

// closed takes out what lets v1 and v2c in, when nothing that stays is let in
// by that: snmpd takes the first line that fits, and the next when it is gone.
func (s snmpdSet) closed(p listPlan) ([]Edit, error) {
	for _, g := range p.gone {
		n := g.at.n
		if n.Name == "group" && strings.EqualFold(argText(n, 1), "any") {
			return nil, cannotWrite(g.File, g.Line, "the group is for SNMPv3 too")
		}
		for _, k := range p.kept {
			if sameClient(n, k.at.n) {
				return nil, cannotWrite(g.File, g.Line, "without it line %d of %s would count for the same client", k.Line, k.File)
			}
		}
	}
	return s.removals(nil, p.gone)
}

// sameClient says whether two lines may be about the same community.
func sameClient(a, b *Node) bool {
	return a.Name != "group" && b.Name != "group" && communityOf(a) == communityOf(b)
}

func communityOf(n *Node) string {
	switch n.Name {
	case "authcommunity":
		return argText(n, 1)
	case "com2sec", "com2sec6", "com2secunix":
		return argText(n, skipOption(n, "-Cn")+2)
	}
	return argText(n, skipOption(n, "-v"))
}

// access raises levels in place, takes lines out, and adds "rouser NAME priv".
func (s snmpdSet) access(p listPlan) ([]Edit, error) {
	var edits []Edit
	gone := p.gone
	var lines []string
	for _, w := range p.missing {
		name, level := w.Fields["name"], w.Fields["level"]
		i := slices.IndexFunc(gone, func(g standing) bool { return g.Fields["name"] == name && name != "" })
		if i >= 0 {
			e, err := raised(gone[i], level)
			if err != nil {
				return nil, err
			}
			edits = append(edits, e)
			gone = append(slices.Clone(gone[:i]), gone[i+1:]...)
			continue
		}
		if err := checkNewAccess(w); err != nil {
			return nil, err
		}
		lines = append(lines, "rouser "+name+" priv")
	}
	edits, err := s.removals(edits, gone)
	if err != nil || len(lines) == 0 {
		return edits, err
	}
	into, err := findFile(s.files, s.into)
	if err != nil {
		return nil, err
	}
	return s.added(edits, into, lines), nil
}

// raised is the edit of one level. Levels are not lowered.
func raised(g standing, level string) (Edit, error) {
	order := []string{"noauth", "auth", "priv"}
	if slices.Index(order, level) <= slices.Index(order, g.Fields["level"]) {
		return Edit{}, cannotWrite(g.File, g.Line, "the level %q is not written over %q", clip(level), clip(g.Fields["level"]))
	}
	at := 0
	if argText(g.at.n, 0) == "-s" {
		at = 2
	}
	if at+1 == len(g.at.n.Children) {
		end := g.at.n.Children[at].End
		return Edit{File: g.File, Start: end, End: end, Text: " " + level}, nil
	}
	word := g.at.n.Children[at+1]
	return Edit{File: g.File, Start: word.Start, End: word.End, Text: level}, nil
}

// checkNewAccess keeps to the length of snmpAdminString and to what needs no quotes.
func checkNewAccess(w Want) error {
	name := w.Fields["name"]
	plain := strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == ""
	if name == "" || len(name) > 32 || name[0] == '-' || !plain {
		return refuse("%q is no plain name of a user", clip(name))
	}
	if level, ok := w.Fields["level"]; ok && level != "priv" {
		return refuse("new access is given at level priv only")
	}
	return nil
}

// added writes lines behind the last one that gives access, or at the end, but
// before a line like "[snmp]" makes the rest another program's.
func (s snmpdSet) added(edits []Edit, into *File, lines []string) []Edit {
	for i := len(s.found) - 1; i >= 0; i-- {
		if s.found[i].File == into.Name && s.found[i].at.f.Root.has(s.found[i].at.n) {
			return behind(edits, s.found[i].at, lines)
		}
	}
	for _, n := range into.Root.Children {
		if strings.HasPrefix(n.Name, "[") && len(n.Children) == 0 {
			start, _ := wholeLines(into.raw, n.Start, n.End)
			return append(edits, inserted(into, start, lines))
		}
	}
	return append(edits, atEnd(into, lines))
}

// has says whether c is a child of n, not deeper.
func (n *Node) has(c *Node) bool { return slices.Contains(n.Children, c) }
