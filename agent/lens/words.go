package lens

import (
	"fmt"
	"path"
	"sort"
	"strings"
)

// maxVisits bounds the nodes that one question looks at, whatever the files
// include over and over.
const maxVisits = 5 * MaxNodes

// joinedLine is one line as a program sees it: lines that a backslash joins
// are one.
type joinedLine struct {
	text   string
	at     []int // where each byte of text, and its end, stands in the file
	starts []int // where each line of the file begins that went into it
	no     int   // 1-based line of its first byte
}

// pos gives the place in the file of byte i of the text.
func (l joinedLine) pos(i int) int {
	if l.at == nil {
		return l.starts[0] + i
	}
	return l.at[i]
}

// line gives the 1-based line of a place in the file.
func (l joinedLine) line(pos int) int {
	return l.no + sort.SearchInts(l.starts[1:], pos+1)
}

// plain makes a joinedLine of one line.
func plain(l textLine) joinedLine {
	return joinedLine{text: l.text, starts: []int{l.start}, no: l.no}
}

// join says how much of a line counts when it goes on in the next, and what
// stands for the line break; more is false for a line that ends here.
type join func(line string) (keep int, gap string, more bool)

// eachJoined hands on the lines of a file, joined as the program joins them.
// A last line that asks for more is handed on as it is, with open set.
func eachJoined(name string, b []byte, joins join, each func(l joinedLine, open bool) error) error {
	var open *joiner
	err := eachLine(name, b, func(l textLine) error {
		keep, gap, more := joins(l.text)
		if open == nil && !more {
			return each(plain(l), false)
		}
		if open == nil {
			open = &joiner{no: l.no}
		}
		if !more {
			keep = len(l.text)
		}
		open.add(l, keep, gap)
		if len(open.text) > MaxLine {
			return &SyntaxError{File: name, Line: l.no, Msg: fmt.Sprintf("a line of more than %d bytes", MaxLine)}
		}
		if more {
			return nil
		}
		whole := open.line()
		open = nil
		return each(whole, false)
	})
	if err != nil || open == nil {
		return err
	}
	return each(open.line(), true)
}

// joiner puts a joinedLine together.
type joiner struct {
	text   []byte
	at     []int
	starts []int
	end    int
	no     int
}

func (j *joiner) add(l textLine, keep int, gap string) {
	j.starts = append(j.starts, l.start)
	for i := range keep {
		j.at = append(j.at, l.start+i)
	}
	j.text = append(j.text, l.text[:keep]...)
	j.end = l.start + keep
	if keep == len(l.text) {
		return
	}
	for range gap {
		j.at = append(j.at, l.start+keep)
	}
	j.text = append(j.text, gap...)
}

func (j *joiner) line() joinedLine {
	return joinedLine{text: string(j.text), at: append(j.at, j.end), starts: j.starts, no: j.no}
}

// piece is one word of a line, with its place in the line's text.
type piece struct {
	text       string // quotes and escapes undone
	start, end int    // quotes included
	in, out    int    // quotes left out
}

// splitting is how a program cuts a line into words.
type splitting struct {
	quotes  string                   // the characters that quote
	inside  bool                     // a quote may also open inside a word
	hides   func(quote, c byte) bool // whether a backslash before c goes away; quote is 0 outside
	comment bool                     // a # where a word would start ends the line
	strict  bool                     // a quote that nothing closes is an error
}

// split cuts text into words from byte at on; ok is false for an open quote.
func (s splitting) split(text string, at int) (words []piece, ok bool) {
	for {
		at = skipBlank(text, at, len(text))
		if at >= len(text) || s.comment && text[at] == '#' {
			return words, true
		}
		w, ok := s.word(text, at)
		if !ok {
			return nil, false
		}
		words = append(words, w)
		at = w.end
	}
}

// word reads the word that starts at byte at.
func (s splitting) word(text string, at int) (piece, bool) {
	var b strings.Builder
	var quote byte
	w := piece{start: at, in: at}
	i := at
	for ; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text) && s.hides != nil && s.hides(quote, text[i+1]):
			i++
			b.WriteByte(text[i])
		case quote == 0 && isBlank(c):
			return w.closed(b.String(), i), true
		case quote == 0 && strings.IndexByte(s.quotes, c) >= 0 && (s.inside || i == at):
			quote = c
		case quote != 0 && c == quote && !s.inside:
			return w.quoted(b.String(), i+1), true
		case quote != 0 && c == quote:
			quote = 0
			if w.in == at && wordEnds(text, i+1) && text[at] == c {
				return w.quoted(b.String(), i+1), true
			}
		default:
			b.WriteByte(c)
		}
	}
	return w.closed(b.String(), i), quote == 0 || !s.strict
}

func wordEnds(text string, at int) bool { return at >= len(text) || isBlank(text[at]) }

func (w piece) closed(text string, end int) piece {
	w.text, w.end, w.out = text, end, end
	return w
}

// quoted ends a word that is one quoted text from end to end, or looks so.
func (w piece) quoted(text string, end int) piece {
	w.text, w.end, w.in, w.out = text, end, w.start+1, end-1
	return w
}

// bare cuts at white space and knows neither quotes nor comments.
func bare() splitting { return splitting{} }

// addPiece hangs a node for one word under parent.
func addPiece(g *grow, parent *Node, l joinedLine, name string, w piece) (*Node, error) {
	n := Node{Name: name, Value: w.text, Start: l.pos(w.start), ValStart: l.pos(w.in)}
	n.End, n.ValEnd = after(l, w.start, w.end), after(l, w.in, w.out)
	n.Line = l.line(n.Start)
	return g.add(parent, n)
}

// after is the place in the file behind the last byte of text[from:to].
func after(l joinedLine, from, to int) int {
	if to <= from {
		return l.pos(from)
	}
	return l.pos(to-1) + 1
}

// addDirective hangs a directive under parent: words[0] is its keyword, the
// others are its children. Its value is the one word, or all of them as
// they stand.
func addDirective(g *grow, parent *Node, l joinedLine, name string, words []piece) (*Node, error) {
	first, last := words[0], words[len(words)-1]
	n := Node{Name: name, Start: l.pos(first.start), End: after(l, last.start, last.end)}
	n.ValStart, n.ValEnd, n.Line = n.End, n.End, l.line(n.Start)
	switch args := words[1:]; len(args) {
	case 0:
	case 1:
		n.Value, n.ValStart, n.ValEnd = last.text, l.pos(last.in), after(l, last.in, last.out)
	default:
		n.Value, n.ValStart, n.ValEnd = l.text[args[0].start:last.end], l.pos(args[0].start), n.End
	}
	d, err := g.add(parent, n)
	for _, w := range words[1:] {
		if err != nil {
			return nil, err
		}
		_, err = addPiece(g, d, l, "", w)
	}
	return d, err
}

// recordOf answers with a record that stands at node n.
func recordOf(f *File, n *Node, fields map[string]string) Value {
	v := valueOf(f, n)
	v.Text, v.Fields = "", fields
	for name, text := range fields {
		fields[name] = cleanText(text)
	}
	return v
}

// under makes pattern absolute below dir.
func under(dir, pattern string) string {
	if strings.HasPrefix(pattern, "/") {
		return pattern
	}
	return path.Join(dir, pattern)
}

func hasGlob(pattern string) bool { return strings.ContainsAny(pattern, "*?[") }

// splice walks over files with their includes spliced in, within limits.
type splice struct {
	depth  int
	visits int
}

// each visits the top nodes of files. visit calls each again for an include.
func (s *splice) each(files []*File, visit func(*File, *Node) error) error {
	for _, f := range files {
		if err := s.nodes(f, f.Root.Children, visit); err != nil {
			return err
		}
	}
	return nil
}

func (s *splice) nodes(f *File, nodes []*Node, visit func(*File, *Node) error) error {
	if s.depth++; s.depth > 4*MaxDepth {
		return &SyntaxError{File: f.Name, Line: 1, Msg: "includes are nested too deep"}
	}
	defer func() { s.depth-- }()
	for _, n := range nodes {
		if s.visits++; s.visits > maxVisits {
			return &SyntaxError{File: f.Name, Line: n.Line, Msg: "files include each other too often"}
		}
		if err := visit(f, n); err != nil {
			return err
		}
	}
	return nil
}
