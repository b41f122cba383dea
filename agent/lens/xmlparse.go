package lens

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxXMLAttrs = 64
	xmlSlab     = 4096
	xmlBOM      = "\uFEFF"
)

// Classes of bytes.
const (
	xmlInk     = 1 << iota // anything that is no white space
	xmlAmp                 // &
	xmlReturn              // carriage return
	xmlBracket             // ]
	xmlLess                // <
	xmlControl             // no XML character
	xmlSpace               // tab or newline
	xmlStart               // may start a name
	xmlPart                // may stand in a name
)

// xmlClasses is the class of each byte; a blank has none.
var xmlClasses = classifyXML()

// xmlParser reads one document in one pass. Names and values are parts of s, and
// nodes come from slabs, so that a document costs a handful of allocations.
type xmlParser struct {
	name string
	s    string
	pos  int

	line, linePos int // the line of linePos, the last position that was asked for

	open  []xmlFrame // elements that are not closed, below them the document
	kids  []*Node    // children so far of the open elements, the innermost's last
	nodes []Node
	ptrs  []*Node
	count int
	types bool // a DOCTYPE was there
}

// xmlFrame is one element while it is open.
type xmlFrame struct {
	node  *Node
	tag   string // name with prefix
	kids  int    // where its children start in xmlParser.kids
	text  string // its first piece of text
	more  []byte // all of it, from the second piece on
	start int    // range of its text in the file
	end   int
}

func parseXML(name string, b []byte) (*Node, error) {
	p := &xmlParser{name: name, s: string(b), line: 1}
	if err := p.check(); err != nil {
		return nil, err
	}
	guess := strings.Count(p.s, "<")/2 + strings.Count(p.s, "=")
	p.nodes = make([]Node, 0, min(guess+4, xmlSlab))
	p.ptrs = make([]*Node, 0, min(guess+4, xmlSlab))
	root := &Node{Line: 1, End: len(b)}
	p.open = append(make([]xmlFrame, 0, 8), xmlFrame{node: root})
	p.kids = make([]*Node, 0, 32)
	if err := p.document(); err != nil {
		return nil, err
	}
	root.Children = p.kids
	return root, nil
}

func (p *xmlParser) check() error {
	if !utf8.ValidString(p.s) {
		return p.errorAt(p.invalid(), "this is not UTF-8")
	}
	if strings.HasPrefix(p.s, xmlBOM) {
		p.pos = len(xmlBOM)
	}
	for _, bad := range []string{"\x00", "\uFFFE", "\uFFFF"} {
		if i := strings.Index(p.s, bad); i >= 0 {
			return p.errorAt(i, "a character that no document may have: %q", bad)
		}
	}
	return nil
}

// invalid is the position of the first byte that is not UTF-8.
func (p *xmlParser) invalid() int {
	for i, r := range p.s {
		if r == utf8.RuneError && !strings.HasPrefix(p.s[i:], "\uFFFD") {
			return i
		}
	}
	return len(p.s)
}

func (p *xmlParser) document() error {
	if err := p.declaration(); err != nil {
		return err
	}
	for p.pos < len(p.s) {
		var err error
		switch {
		case p.s[p.pos] != '<':
			err = p.text()
		case p.has("</"):
			err = p.closeTag()
		case p.has("<?"):
			err = p.instruction()
		case !p.has("<!"):
			err = p.openTag()
		case p.has("<!--"):
			err = p.comment()
		case p.has("<![CDATA["):
			err = p.cdata()
		case p.has("<!DOCTYPE"):
			err = p.doctype()
		default:
			err = p.errorAt(p.pos, "a declaration outside a DOCTYPE")
		}
		if err != nil {
			return err
		}
	}
	if last := p.top(); last.node.Name != "" {
		return p.errorAt(last.node.Start, "element %q does not end", last.tag)
	}
	if len(p.kids) == 0 {
		return p.errorAt(p.pos, "no element")
	}
	return nil
}

func (p *xmlParser) openTag() error {
	start := p.pos
	p.pos++
	tag := p.qname()
	local, ok := xmlLocal(tag)
	switch {
	case !ok:
		return p.errorAt(start, "a < that starts no element")
	case len(p.open) == 1 && len(p.kids) > 0:
		return p.errorAt(start, "a second element beside the root element")
	case len(p.open) > MaxDepth:
		return p.errorAt(start, "elements nested more than %d deep", MaxDepth)
	}
	n, err := p.newNode(local, start)
	if err != nil {
		return err
	}
	p.open = append(p.open, xmlFrame{node: n, tag: tag, kids: len(p.kids)})
	empty, err := p.attributes(n)
	if err != nil {
		return err
	}
	f := p.top()
	f.start, f.end = p.pos, p.pos
	if empty {
		p.close()
	}
	return nil
}

// attributes reads the rest of a start tag and says whether the element ends
// with it.
func (p *xmlParser) attributes(n *Node) (empty bool, err error) {
	var room [8]string
	seen := room[:0]
	for {
		gap := p.pos
		p.blanks()
		switch {
		case p.has(">"):
			p.pos++
			return false, nil
		case p.has("/>"):
			p.pos += 2
			return true, nil
		case gap == p.pos:
			return false, p.errorAt(p.pos, "start tag of %q: white space or > is missing", n.Name)
		}
		start := p.pos
		name, from, to, err := p.attribute()
		if err != nil {
			return false, err
		}
		if slices.Contains(seen, name) {
			return false, p.errorAt(start, "attribute %q twice", name)
		}
		if seen = append(seen, name); len(seen) > maxXMLAttrs {
			return false, p.errorAt(start, "more than %d attributes", maxXMLAttrs)
		}
		if err := p.addAttribute(name, start, from, to); err != nil {
			return false, err
		}
	}
}

// attribute reads name="value" and gives the range within the quotes.
func (p *xmlParser) attribute() (name string, from, to int, err error) {
	start := p.pos
	name = p.qname()
	p.blanks()
	if name == "" || !p.has("=") {
		return "", 0, 0, p.errorAt(start, "an attribute without a value")
	}
	p.pos++
	p.blanks()
	if !p.has(`"`) && !p.has(`'`) {
		return "", 0, 0, p.errorAt(start, "attribute %q: the value has no quotes", name)
	}
	from = p.pos + 1
	n := strings.IndexByte(p.s[from:], p.s[p.pos])
	if n < 0 {
		return "", 0, 0, p.errorAt(start, "attribute %q: the value does not end", name)
	}
	to = from + n
	p.pos = to + 1
	return name, from, to, nil
}

func (p *xmlParser) addAttribute(name string, start, from, to int) error {
	local, ok := xmlLocal(name)
	if !ok {
		return p.errorAt(start, "an attribute with a bad name")
	}
	value, err := p.attrText(from, to)
	if err != nil || name == "xmlns" || strings.HasPrefix(name, "xmlns:") {
		return err
	}
	n, err := p.newNode("@"+local, start)
	if err != nil {
		return err
	}
	n.End = p.pos
	n.ValStart, n.ValEnd = trimRange(p.s, from, to)
	n.Value = trimmed(value)
	p.kids = append(p.kids, n)
	return nil
}

func (p *xmlParser) closeTag() error {
	start := p.pos
	p.pos += len("</")
	f := p.top()
	if end := p.pos + len(f.tag); end < len(p.s) && p.s[end] == '>' && p.s[p.pos:end] == f.tag && f.tag != "" {
		p.pos = end + 1 // as nearly all are
		p.close()
		return nil
	}
	tag := p.qname()
	p.blanks()
	switch {
	case !p.has(">"):
		return p.errorAt(start, "an end tag that does not end")
	case len(p.open) == 1:
		return p.errorAt(start, "the end of %q, which did not begin", tag)
	case tag != f.tag:
		return p.errorAt(start, "%q ends inside %q of line %d", tag, f.tag, f.node.Line)
	}
	p.pos++
	p.close()
	return nil
}

// close finishes the innermost element.
func (p *xmlParser) close() {
	f := p.top()
	n := f.node
	n.End = p.pos
	text := f.text
	if f.more != nil {
		text = string(f.more)
	}
	n.Value = trimmed(text)
	n.ValStart, n.ValEnd = f.start, f.end
	if n.Value == "" {
		n.ValEnd = n.ValStart
	}
	n.Children = p.keep(p.kids[f.kids:])
	p.kids = append(p.kids[:f.kids], n)
	*f = xmlFrame{}
	p.open = p.open[:len(p.open)-1]
}

func (p *xmlParser) newNode(name string, start int) (*Node, error) {
	p.line += strings.Count(p.s[p.linePos:start], "\n")
	p.linePos = start
	if p.count++; p.count > MaxNodes {
		return nil, tooManyNodes(p.name, p.line)
	}
	if len(p.nodes) == cap(p.nodes) {
		p.nodes = make([]Node, 0, xmlSlab)
	}
	p.nodes = append(p.nodes, Node{Name: name, Line: p.line, Start: start})
	return &p.nodes[len(p.nodes)-1], nil
}

// keep copies an element's children out of the stack.
func (p *xmlParser) keep(kids []*Node) []*Node {
	n := len(kids)
	if n == 0 {
		return nil
	}
	if len(p.ptrs)+n > cap(p.ptrs) {
		p.ptrs = make([]*Node, 0, max(xmlSlab, n))
	}
	at := len(p.ptrs)
	p.ptrs = append(p.ptrs, kids...)
	return p.ptrs[at : at+n : at+n]
}

func (p *xmlParser) top() *xmlFrame { return &p.open[len(p.open)-1] }

func (p *xmlParser) has(prefix string) bool { return strings.HasPrefix(p.s[p.pos:], prefix) }

func (p *xmlParser) blanks() { p.pos = skipBlank(p.s, p.pos, len(p.s)) }

// qname reads a name with its prefix; "" where none starts.
func (p *xmlParser) qname() string {
	start := p.pos
	if start == len(p.s) || xmlClasses[p.s[start]]&xmlStart == 0 {
		return ""
	}
	for p.pos < len(p.s) && xmlClasses[p.s[p.pos]]&xmlPart != 0 {
		p.pos++
	}
	return p.s[start:p.pos]
}

// xmlLocal drops a name's prefix.
func xmlLocal(name string) (string, bool) {
	i := strings.IndexByte(name, ':')
	if i < 0 {
		return name, name != ""
	}
	local := name[i+1:]
	ok := i > 0 && local != "" && strings.IndexByte(local, ':') < 0 && xmlClasses[local[0]]&xmlStart != 0
	return local, ok
}

func (p *xmlParser) errorAt(pos int, format string, args ...any) error {
	line := 1 + strings.Count(p.s[:pos], "\n")
	return &SyntaxError{File: p.name, Line: line, Msg: fmt.Sprintf(format, args...)}
}

func classifyXML() (t [256]uint16) {
	for i := range t {
		switch c := byte(i); {
		case c == ' ':
		case c == '\t', c == '\n':
			t[i] = xmlSpace
		case c == '\r':
			t[i] = xmlReturn
		case c < ' ':
			t[i] = xmlControl | xmlInk
		case c == '&':
			t[i] = xmlAmp | xmlInk
		case c == ']':
			t[i] = xmlBracket | xmlInk
		case c == '<':
			t[i] = xmlLess | xmlInk
		case c >= 0x80, c == '_', c == ':', c|0x20 >= 'a' && c|0x20 <= 'z':
			t[i] = xmlStart | xmlPart | xmlInk
		case c == '-', c == '.', c >= '0' && c <= '9':
			t[i] = xmlPart | xmlInk
		default:
			t[i] = xmlInk
		}
	}
	return t
}
