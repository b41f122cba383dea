package lens

import (
	"math"
	"path"
	"strconv"
	"strings"
)

// PAM reads a service's file below /etc/pam.d as pam.d(5) has it.
//
// Path "<type>/<module>.so/<arg>" gives the value of arg on the first line of
// that type and module that carries it; given twice on a line, the last
// counts. A flag has the value "". Lines of other types in a file that
// `auth include` names do not count.
//
// There are several stacks, and several lines of one module in a stack, and each goes
// its own way: so a path may begin with which of the values of all lines answers,
// that of the line which demands the least. "least:" is the smallest number, "most:" the
// greatest; "least-but-0:" and "most-or-0:" take 0 (and the word never) for the
// greatest. A value that is no number answers before all, so that it is seen.
type PAM struct{}

const pamDir = "/etc/pam.d"

// Parse reads one file into its lines: a node for each, named after its type,
// with the children "control", "module" and the arguments.
func (PAM) Parse(name string, b []byte) (*Doc, error) {
	g := newGrow(name, b)
	err := eachJoined(name, b, pamJoin, func(l joinedLine, open bool) error {
		if open {
			return &SyntaxError{File: name, Line: l.no, Msg: "a line that goes on behind the end of the file"}
		}
		if i := strings.IndexByte(l.text, '#'); i >= 0 {
			l.text = l.text[:i]
		}
		words := pamWords(l.text)
		if len(words) == 0 {
			return nil
		}
		return addPAMLine(g, l, words)
	})
	if err != nil {
		return nil, err
	}
	return g.doc, nil
}

// pamJoin joins lines as libpam does: blanks behind the backslash do not
// matter, and a comment ends the line whatever follows it.
func pamJoin(line string) (int, string, bool) {
	text := strings.TrimRight(line, " \t\r")
	if !strings.HasSuffix(text, `\`) || strings.Contains(text, "#") {
		return 0, "", false
	}
	return len(text) - 1, " ", true
}

// pamWords cuts a line into words; brackets hold one together.
func pamWords(text string) []piece {
	var words []piece
	for at := 0; ; {
		at = skipBlank(text, at, len(text))
		if at >= len(text) {
			return words
		}
		w := pamWord(text, at)
		words = append(words, w)
		at = w.end
	}
}

func pamWord(text string, at int) piece {
	w := piece{start: at, in: at}
	if text[at] != '[' {
		end := at
		for end < len(text) && !isBlank(text[end]) {
			end++
		}
		return w.closed(text[at:end], end)
	}
	var b strings.Builder
	for i := at + 1; i < len(text); i++ {
		switch {
		case text[i] == ']':
			return w.quoted(b.String(), i+1)
		case text[i] == '\\' && i+1 < len(text) && text[i+1] == ']':
			i++
			b.WriteByte(']')
		default:
			b.WriteByte(text[i])
		}
	}
	w = w.closed(b.String(), len(text))
	w.in = at + 1
	return w
}

func addPAMLine(g *grow, l joinedLine, words []piece) error {
	kind := strings.ToLower(strings.TrimPrefix(words[0].text, "-"))
	first := 2
	switch kind {
	case "auth", "account", "password", "session":
	case "@include":
		first = 1
	default:
		return &SyntaxError{File: g.doc.Name, Line: l.no, Msg: "a line of no type that PAM knows"}
	}
	if len(words) <= first {
		return &SyntaxError{File: g.doc.Name, Line: l.no, Msg: "a line without control or module"}
	}
	last := words[len(words)-1]
	n := Node{Name: kind, Start: l.pos(words[0].start), ValStart: l.pos(words[1].start), End: after(l, last.start, last.end)}
	n.Value, n.ValEnd, n.Line = l.text[words[1].start:last.end], n.End, l.line(n.Start)
	line, err := g.add(g.doc.Root, n)
	for i, w := range words[1:] {
		if err != nil {
			return err
		}
		switch i + 1 {
		case first:
			_, err = addPiece(g, line, l, "module", w)
		case first - 1:
			_, err = addPiece(g, line, l, "control", w)
		default:
			err = addPAMArg(g, line, l, w)
		}
	}
	return err
}

// addPAMArg hangs key=value, or a flag, under its line.
func addPAMArg(g *grow, parent *Node, l joinedLine, w piece) error {
	n, err := addPiece(g, parent, l, w.text, w)
	if err != nil {
		return err
	}
	key, value, ok := strings.Cut(w.text, "=")
	if !ok {
		n.Value, n.ValStart = "", n.ValEnd
		return nil
	}
	n.Name, n.Value = key, value
	raw := strings.IndexByte(l.text[w.in:w.out], '=')
	n.ValStart = min(l.pos(w.in+raw)+1, n.ValEnd)
	return nil
}

// Includes lists what include, substack and @include name.
func (PAM) Includes(doc *Doc) []Include {
	var all []Include
	for _, n := range doc.Root.Children {
		if target, ok := pamInclude(n); ok {
			all = append(all, Include{Node: n, Pattern: under(pamDir, target.Value)})
		}
	}
	return all
}

// pamInclude gives the node that names the file which a line pulls in.
func pamInclude(n *Node) (*Node, bool) {
	if n.Name == "@include" {
		return n.Children[0], true
	}
	switch strings.ToLower(n.Children[0].Value) {
	case "include", "substack":
		return n.Children[1], true
	}
	return nil, false
}

// Get answers for one argument of one module.
func (PAM) Get(files []*File, q Query) ([]Value, error) {
	which, path := pamWhich(q.Path)
	parts := strings.Split(path, "/")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return nil, unknownPath("pam", q.Path)
	}
	s := pamScan{kind: strings.ToLower(parts[0]), module: parts[1], arg: parts[2], all: which != ""}
	if err := s.each(files, s.line); err != nil {
		return nil, err
	}
	if which == "" || len(s.found) < 2 {
		return s.found, nil
	}
	return []Value{pamWeakest(which, s.found)}, nil
}

// pamWhich cuts off which of several values answers; "" is the first.
func pamWhich(path string) (which, rest string) {
	for _, which := range []string{"least", "most", "least-but-0", "most-or-0"} {
		if rest, ok := strings.CutPrefix(path, which+":"); ok {
			return which, rest
		}
	}
	return "", path
}

func pamWeakest(which string, values []Value) Value {
	weakest, least := values[0], strings.HasPrefix(which, "least")
	best := 0
	for i, v := range values {
		n, err := strconv.Atoi(v.Text)
		switch {
		case v.Text == "never" && strings.HasSuffix(which, "-0"), err == nil && n == 0 && strings.HasSuffix(which, "-0"):
			n = math.MaxInt
		case err != nil:
			return v
		}
		if i == 0 || least && n < best || !least && n > best {
			weakest, best = v, n
		}
	}
	return weakest
}

// pamScan looks for one argument.
type pamScan struct {
	splice
	kind, module, arg string
	all               bool // lines, not the first that carries the argument
	found             []Value
}

func (s *pamScan) line(f *File, n *Node) error {
	if !s.all && len(s.found) > 0 || n.Name != s.kind && n.Name != "@include" {
		return nil
	}
	if _, ok := pamInclude(n); ok {
		return s.each(f.Included[n], s.line)
	}
	if path.Base(n.Children[1].Value) != s.module {
		return nil
	}
	before := len(s.found)
	for _, arg := range n.Children[2:] {
		if arg.Name == s.arg {
			v := valueOf(f, arg)
			v.Raw = evidence(f, n)
			if len(s.found) == before {
				s.found = append(s.found, v)
			}
			s.found[before] = v // given twice, the last counts
		}
	}
	return nil
}
