package lens

import (
	"fmt"
	"strconv"
	"strings"
)

// Set changes the line that pam_limits takes the limit from. A new limit goes to
// the end of into, else to the end of the last file. The limit is taken out with
// all lines that could give it.
//
// There is one place for both limits, so a limit of one kind that would push out,
// or bring back, one of the other kind is refused.
func (l Limits) Set(files []*File, q Query, want []Want, into *File) ([]Edit, error) {
	vs, err := l.Get(files, q)
	if err != nil || saysAlready(vs, want) {
		return nil, err
	}
	if err := limitHolds(q, want); err != nil {
		return nil, err
	}
	other := Query{Path: "all/maxlogins"}
	if q.Path == other.Path {
		other.Path = "all/maxsyslogins"
	}
	p := proof{lens: l, files: files, keeps: []Query{other}, rest: limitsRest}
	if len(want) == 0 {
		return p.of(q, want, withoutLines(files, func(f *File, n *Node) bool { return givesLimit(f, n, q.Path) }))
	}
	if len(vs) > 0 {
		f, n := limitFrom(files)
		return p.of(q, want, []Edit{{File: f.Name, Start: n.ValStart, End: n.ValEnd, Text: want[0].Text}})
	}
	if now, err := l.Get(files, other); err != nil || len(now) > 0 {
		return nil, cannotSet(q, want, "it would push out %q, which is set", other.Path)
	}
	if err := intoOneOf(files, q, want, into); err != nil {
		return nil, err
	}
	return p.firstOf(q, want, newLimit(files, q, want[0].Text, into))
}

// limitHolds refuses what is not a number to pam_limits, and 0, with which it
// lets nobody but root in; -1 is no limit.
func limitHolds(q Query, want []Want) error {
	if err := oneAnswer(q, want); err != nil {
		return err
	}
	for _, w := range want {
		if n, err := strconv.ParseUint(w.Text, 10, 31); w.Text != "-1" && (err != nil || n == 0) {
			return cannotSet(q, want, "a limit is a number above 0, or -1 for none")
		}
	}
	return nil
}

// ofAll says whether a line is one that counts for users whom no line names.
func ofAll(n *Node) bool {
	domain := n.Children[0].Value
	return (n.Name == "maxlogins" || n.Name == "maxsyslogins") && (domain == "*" || domain == "%")
}

// limitsRest says a line that the limit of sign-ins does not come from.
func limitsRest(n *Node) string {
	if ofAll(n) {
		return ""
	}
	return strings.Join([]string{n.Children[0].Value, n.Children[1].Value, n.Name, n.Value}, "\x00")
}

// givesLimit says whether a line alone would give what path asks for.
func givesLimit(f *File, n *Node, path string) bool {
	alone := &File{Doc: &Doc{Name: f.Name, Root: &Node{Children: []*Node{n}}, raw: f.raw}}
	vs, err := Limits{}.Get([]*File{alone}, Query{Path: path})
	return err == nil && len(vs) > 0
}

// limitFrom finds the line that the limit comes from: the last one that is not
// pushed out.
func limitFrom(files []*File) (file *File, node *Node) {
	var s loginLimit
	for _, f := range files {
		for _, n := range f.Root.Children {
			before := s.value
			if s.line(f, n); s.value != before {
				file, node = f, n
			}
		}
	}
	return file, node
}

// newLimit are the places for a new line, the best first.
func newLimit(files []*File, q Query, text string, into *File) []Edit {
	line := fmt.Sprintf("* hard %s %s", strings.TrimPrefix(q.Path, "all/"), text)
	ways := []Edit{appended(into, line)}
	if last := files[len(files)-1]; last.Doc != into.Doc {
		ways = append(ways, appended(last, line))
	}
	return ways
}
