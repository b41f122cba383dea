package lens

import (
	"slices"
	"strings"
)

// SSHD reads sshd_config as sshd_config(5) has it.
//
// Path "<keyword>" gives the value for a connection that no other Match block
// fits: the first in a `Match all` block, else the first outside of blocks
// (sshd lets what a matching block says override the rest). Path
// "match:<keyword>" gives all values in Match blocks other than `Match all`.
// A winning `Banner none` is no value.
type SSHD struct{}

const sshdDir = "/etc/ssh"

func sshdWords() splitting {
	return splitting{quotes: `"'`, inside: true, comment: true, strict: true, hides: func(quote, c byte) bool {
		return c == '"' || c == '\'' || c == '\\' || c == ' ' && quote == 0
	}}
}

// Parse reads one file into directives; Match does not nest in the tree.
func (SSHD) Parse(name string, b []byte) (*Doc, error) {
	g := newGrow(name, b)
	err := eachLine(name, b, func(l textLine) error {
		keyword, rest := sshdKeyword(l.text)
		if keyword.text == "" || keyword.text[0] == '#' {
			return nil
		}
		args, ok := sshdWords().split(strings.TrimRight(l.text, " \t\r\f"), rest)
		if !ok {
			return &SyntaxError{File: name, Line: l.no, Msg: "a quote that nothing closes"}
		}
		if len(args) == 0 {
			return &SyntaxError{File: name, Line: l.no, Msg: "a keyword without argument"}
		}
		_, err := addDirective(g, g.doc.Root, plain(l), strings.ToLower(keyword.text), append([]piece{keyword}, args...))
		return err
	})
	if err != nil {
		return nil, err
	}
	return g.doc, nil
}

// sshdKeyword reads the keyword of a line and says where its arguments begin.
func sshdKeyword(text string) (piece, int) {
	start := skipBlank(text, 0, len(text))
	w := piece{start: start, in: start}
	i := strings.IndexAny(text[start:], " \t\r\"=")
	if i < 0 {
		return w.closed(text[start:], len(text)), len(text)
	}
	end := start + i
	if text[end] == '"' {
		stop := strings.IndexByte(text[end+1:], '"')
		if stop < 0 {
			return w.closed(text[start:], len(text)), len(text)
		}
		stop += end + 1
		return w.closed(text[start:end]+text[end+1:stop], stop+1), stop + 1
	}
	rest := skipBlank(text, end, len(text))
	if rest < len(text) && text[rest] == '=' {
		rest++
	}
	return w.closed(text[start:end], end), rest
}

// Includes lists every pattern of every Include, relative ones below /etc/ssh.
func (SSHD) Includes(doc *Doc) []Include {
	var all []Include
	for _, n := range doc.Root.Children {
		if n.Name != "include" {
			continue
		}
		for _, arg := range n.Children {
			all = append(all, Include{Node: arg, Pattern: under(sshdDir, arg.Value), Optional: true})
		}
	}
	return all
}

// Get answers for one keyword.
func (SSHD) Get(files []*File, q Query) ([]Value, error) {
	keyword, inMatch := strings.CutPrefix(strings.ToLower(q.Path), "match:")
	if keyword == "" || strings.ContainsAny(keyword, ":/ ") {
		return nil, unknownPath("sshd", q.Path)
	}
	s, err := scanSSHD(files, keyword)
	if err != nil {
		return nil, err
	}
	if inMatch {
		var vs []Value
		for _, at := range s.found[sshdMatch] {
			vs = append(vs, valueOf(at.file, at.node))
		}
		return vs, nil
	}
	if all := s.unmatched(); len(all) > 0 {
		return bannerOrNone(keyword, valueOf(all[0].file, all[0].node)), nil
	}
	return nil, nil
}

func bannerOrNone(keyword string, v Value) []Value {
	if keyword == "banner" && strings.EqualFold(v.Text, "none") {
		return nil
	}
	return []Value{v}
}

// sshdScope is where a directive stands.
type sshdScope int

const (
	sshdGlobal sshdScope = iota
	sshdMatchAll
	sshdMatch
	sshdScopes
)

// sshdScan collects where one keyword stands, by scope.
type sshdScan struct {
	splice
	keyword string
	found   [sshdScopes][]sshdPlace
}

type sshdPlace struct {
	file *File
	node *Node
}

func scanSSHD(files []*File, keyword string) (*sshdScan, error) {
	s := &sshdScan{keyword: keyword}
	for _, f := range files {
		if err := s.file(f, sshdGlobal); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// unmatched gives what counts when no condition fits, the winner first.
func (s *sshdScan) unmatched() []sshdPlace {
	return slices.Concat(s.found[sshdMatchAll], s.found[sshdGlobal])
}

// file reads one file that stands in scope. A Match block lasts to the next
// one or to the end of its file; within a block that may not match, an
// included file cannot leave it, not even by Match all.
func (s *sshdScan) file(f *File, scope sshdScope) error {
	outer := scope
	return s.nodes(f, f.Root.Children, func(f *File, n *Node) error {
		switch n.Name {
		case "match":
			scope = matchScope(n, outer)
		case "include":
			return s.include(f, n, scope)
		case s.keyword:
			s.found[scope] = append(s.found[scope], sshdPlace{f, n})
		}
		return nil
	})
}

func matchScope(n *Node, outer sshdScope) sshdScope {
	if outer != sshdMatch && len(n.Children) == 1 && strings.EqualFold(n.Value, "all") {
		return sshdMatchAll
	}
	return sshdMatch
}

func (s *sshdScan) include(f *File, n *Node, scope sshdScope) error {
	for _, arg := range n.Children {
		for _, inc := range f.Included[arg] {
			if err := s.file(inc, scope); err != nil {
				return err
			}
		}
	}
	return nil
}
