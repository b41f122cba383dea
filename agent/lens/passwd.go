package lens

import (
	"path"
	"strings"
)

// Passwd reads passwd(5). Blank lines and lines that start with # do not count,
// as for glibc; any other line has seven fields or the file is none of the
// format.
//
// Path "login_shells" gives the names of the accounts whose shell lets them sign
// in (an empty one is /bin/sh), "uid0" those with user id 0.
type Passwd struct{}

const passwdFields = 7

// Parse reads one file. Each account is a child of the root, named after it,
// with its seven fields as children.
func (Passwd) Parse(name string, b []byte) (*Doc, error) {
	g := newGrow(name, b)
	err := eachLine(name, b, func(l textLine) error {
		if t := strings.TrimSpace(l.text); t == "" || t[0] == '#' {
			return nil
		}
		fields := strings.Split(l.text, ":")
		if len(fields) != passwdFields {
			return &SyntaxError{File: name, Line: l.no, Msg: "an account needs 7 fields"}
		}
		if _, ok := isUID0(fields[2]); !ok && !isCompat(fields[0]) {
			return &SyntaxError{File: name, Line: l.no, Msg: "the user id is no number"}
		}
		return addAccount(g, l, fields)
	})
	if err != nil {
		return nil, err
	}
	return g.doc, nil
}

// Includes is empty: the format has none.
func (Passwd) Includes(*Doc) []Include { return nil }

// Get gives one value for each account that q.Path asks for.
func (Passwd) Get(files []*File, q Query) ([]Value, error) {
	var want func(fields []*Node) bool
	switch q.Path {
	case "login_shells":
		want = func(fields []*Node) bool { return canLogIn(fields[6].Value) }
	case "uid0":
		want = func(fields []*Node) bool { zero, _ := isUID0(fields[2].Value); return zero }
	default:
		return nil, unknownPath("passwd", q.Path)
	}
	var vs []Value
	for _, f := range files {
		for _, n := range f.Root.Children {
			if want(n.Children) {
				vs = append(vs, accountValue(f, n))
			}
		}
	}
	return vs, nil
}

func addAccount(g *grow, l textLine, fields []string) error {
	account, err := g.add(g.doc.Root, Node{
		Name: fields[0], Line: l.no, Start: l.start, End: l.end(), ValStart: l.start, ValEnd: l.start,
	})
	if err != nil {
		return err
	}
	names := [passwdFields]string{"name", "password", "uid", "gid", "comment", "home", "shell"}
	at := l.start
	for i, text := range fields {
		end := at + len(text)
		n := Node{Name: names[i], Value: text, Line: l.no, Start: at, End: end, ValStart: at, ValEnd: end}
		if _, err := g.add(account, n); err != nil {
			return err
		}
		at = end + 1
	}
	return nil
}

// accountValue answers with the name; the evidence is the line, its password
// field always masked unless it says that there is none in it.
func accountValue(f *File, n *Node) Value {
	v := valueOf(f, n.Children[0])
	fields := make([]string, 0, passwdFields)
	for i, c := range n.Children {
		text := c.Value
		if i == 1 && text != "" && strings.Trim(text, "x*!") != "" {
			text = masked
		}
		fields = append(fields, text)
	}
	v.Raw = clip(strings.Join(fields, ":"))
	return v
}

func canLogIn(shell string) bool {
	switch path.Base(shell) {
	case "nologin", "false", "sync", "shutdown", "halt":
		return false
	}
	return true
}

// isUID0 reads a number as strtoul does, as far as being 0 goes.
func isUID0(s string) (zero, ok bool) {
	digits := strings.TrimLeft(s, " \t")
	if digits != "" && (digits[0] == '+' || digits[0] == '-') {
		digits = digits[1:]
	}
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return false, false
	}
	return strings.Trim(digits, "0") == "", true
}

// isCompat knows the lines that pull accounts in from elsewhere ("+@group");
// their ids may be empty.
func isCompat(name string) bool {
	return name != "" && (name[0] == '+' || name[0] == '-')
}
