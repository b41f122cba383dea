package lens

import (
	"path"
	"strings"
)

// Set changes the argument that counts, or adds it to the first line of its type
// and module: that of into, else the first that is read. An argument is taken
// out of all lines of its type and module. A line of a module is never added and
// never taken out: that may lock everybody out.
func (l PAM) Set(files []*File, q Query, want []Want, into *File) ([]Edit, error) {
	vs, err := l.Get(files, q)
	if err != nil || saysAlready(vs, want) {
		return nil, err
	}
	if err := pamHolds(q, want); err != nil {
		return nil, err
	}
	if which, _ := pamWhich(q.Path); which != "" {
		return nil, cannotSet(q, want, "there are several lines and stacks, and each goes its own way")
	}
	parts := strings.Split(q.Path, "/")
	s := pamLines{kind: strings.ToLower(parts[0]), module: parts[1], arg: parts[2]}
	if err := s.each(files, s.line); err != nil {
		return nil, err
	}
	p := proof{lens: l, files: files, rest: s.rest}
	if len(want) == 0 {
		edits, err := s.without()
		if err != nil {
			return nil, err
		}
		return p.of(q, want, edits)
	}
	for _, at := range s.found {
		old := at.last(s.arg)
		if old != nil && spansLines(at.file, old) {
			return nil, cannotWrite(at.file.Name, old.Line, "%q spans lines", s.arg)
		}
		if old != nil {
			return p.firstOf(q, want, pamChanges(at.file, old, s.arg, want[0].Text))
		}
	}
	at, err := s.lineFor(p, q, want, into)
	if err != nil {
		return nil, err
	}
	return p.firstOf(q, want, at.additions(s.arg, want[0].Text))
}

// pamHolds refuses what no argument can be.
func pamHolds(q Query, want []Want) error {
	if err := oneAnswer(q, want); err != nil {
		return err
	}
	for _, w := range want {
		switch {
		case strings.Contains(w.Text, "#"):
			return cannotSet(q, want, "PAM takes what follows a # for a comment")
		case strings.HasSuffix(w.Text, `\`):
			return cannotSet(q, want, "PAM takes a backslash at the end for a line that goes on")
		}
	}
	return nil
}

// pamLines collects the lines of one type and module.
type pamLines struct {
	splice
	kind, module, arg string
	found             []pamPlace
}

type pamPlace struct {
	file *File
	node *Node
}

func (s *pamLines) line(f *File, n *Node) error {
	if n.Name != s.kind && n.Name != "@include" {
		return nil
	}
	if _, ok := pamInclude(n); ok {
		return s.each(f.Included[n], s.line)
	}
	if path.Base(n.Children[1].Value) == s.module {
		s.found = append(s.found, pamPlace{f, n})
	}
	return nil
}

// rest says all of a line but the argument.
func (s *pamLines) rest(n *Node) string {
	all := []string{n.Name}
	for i, c := range n.Children {
		if i < 2 || c.Name != s.arg || n.Name != s.kind || path.Base(n.Children[1].Value) != s.module {
			all = append(all, c.Name+"="+c.Value)
		}
	}
	return strings.Join(all, "\x00")
}

// lineFor chooses the line that gets a new argument.
func (s *pamLines) lineFor(p proof, q Query, want []Want, into *File) (pamPlace, error) {
	if err := intoOneOf(p.files, q, want, into); err != nil {
		return pamPlace{}, err
	}
	if len(s.found) == 0 {
		return pamPlace{}, cannotSet(q, want, "no line names %q, and only a person knows where one belongs", s.module)
	}
	for _, at := range s.found {
		if at.file.Doc == into.Doc {
			return at, nil
		}
	}
	return s.found[0], nil
}

// without takes the argument out of all lines.
func (s *pamLines) without() ([]Edit, error) {
	var edits []Edit
	for _, at := range s.found {
		for _, c := range at.node.Children[2:] {
			if c.Name != s.arg {
				continue
			}
			if spansLines(at.file, c) {
				return nil, cannotWrite(at.file.Name, c.Line, "%q spans lines", s.arg)
			}
			edits = append(edits, withoutWord(at.file, c))
		}
	}
	return edits, nil
}

// withoutWord takes a word out with the blanks before it, but for those that
// begin a line or part the word before from the one behind.
func withoutWord(f *File, n *Node) Edit {
	e := Edit{File: f.Name, Start: n.Start, End: n.End}
	if n.End < len(f.raw) && !isBlank(f.raw[n.End]) {
		return e
	}
	at := n.Start
	for at > 0 && (f.raw[at-1] == ' ' || f.raw[at-1] == '\t') {
		at--
	}
	if at > 0 && f.raw[at-1] != '\n' {
		e.Start = at
	}
	return e
}

func spansLines(f *File, n *Node) bool {
	return strings.Contains(string(f.raw[n.Start:n.End]), "\n")
}

// last gives the argument that counts on a line.
func (at pamPlace) last(arg string) *Node {
	args := at.node.Children[2:]
	for i := len(args) - 1; i >= 0; i-- {
		if args[i].Name == arg {
			return args[i]
		}
	}
	return nil
}

// pamForms are the ways to write an argument, the plain one first.
func pamForms(arg, text string) (plain, bracketed string) {
	if text == "" {
		return arg, "[" + arg + "]"
	}
	return arg + "=" + text, "[" + arg + "=" + strings.ReplaceAll(text, "]", `\]`) + "]"
}

// pamChanges are the ways to change an argument that is there.
func pamChanges(f *File, old *Node, arg, text string) []Edit {
	was := string(f.raw[old.Start:old.End])
	plain, bracketed := pamForms(arg, text)
	ways := []Edit{trimmedEdit(f.Name, old.Start, was, plain), trimmedEdit(f.Name, old.Start, was, bracketed)}
	if was[0] == '[' {
		return ways[1:]
	}
	return ways
}

// additions are the ways to add an argument behind all others of a line.
func (at pamPlace) additions(arg, text string) []Edit {
	plain, bracketed := pamForms(arg, text)
	e := Edit{File: at.file.Name, Start: at.node.End, End: at.node.End}
	ways := []Edit{e, e}
	ways[0].Text, ways[1].Text = " "+plain, " "+bracketed
	return ways
}
