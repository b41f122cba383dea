package lens

import (
	"strconv"
	"strings"
)

// This file reads what stands between the tags of a document.

// text reads up to the next tag.
func (p *xmlParser) text() error {
	start := p.pos
	var has uint16
	for p.pos < len(p.s) {
		class := xmlClasses[p.s[p.pos]]
		if class&xmlLess != 0 {
			break
		}
		has |= class
		p.pos++
	}
	piece := p.s[start:p.pos]
	switch {
	case has&xmlControl != 0:
		return p.controlIn(start, p.pos)
	case len(p.open) == 1 && has&xmlInk != 0:
		from, _ := trimRange(p.s, start, p.pos)
		return p.errorAt(from, "text outside the root element")
	case has&xmlBracket != 0 && strings.Contains(piece, "]]>"):
		return p.errorAt(start+strings.Index(piece, "]]>"), "a ]]> outside a CDATA section")
	}
	if has&(xmlAmp|xmlReturn) != 0 {
		decoded, err := p.decode(start, p.pos, false)
		if err != nil {
			return err
		}
		piece = decoded
	}
	p.addText(piece, start, p.pos, has&xmlInk != 0)
	return nil
}

// addText gives a piece of text to the innermost element. White space before
// its first text is dropped at once, for it is what most pieces are.
func (p *xmlParser) addText(piece string, start, end int, ink bool) {
	f := p.top()
	first := f.text == "" && f.more == nil
	if first && !ink {
		return
	}
	if ink {
		from, to := trimRange(p.s, start, end)
		if first {
			f.start = from
		}
		f.end = to
	}
	if first {
		f.text = piece
		return
	}
	if f.more == nil {
		f.more = append(f.more, f.text...)
	}
	f.more = append(f.more, piece...)
}

// attrText decodes the value of an attribute.
func (p *xmlParser) attrText(from, to int) (string, error) {
	var has uint16
	for i := from; i < to; i++ {
		has |= xmlClasses[p.s[i]]
	}
	switch {
	case has&xmlControl != 0:
		return "", p.controlIn(from, to)
	case has&xmlLess != 0:
		return "", p.errorAt(from+strings.IndexByte(p.s[from:to], '<'), "a < in the value of an attribute")
	case has&(xmlAmp|xmlReturn|xmlSpace) == 0:
		return p.s[from:to], nil
	}
	return p.decode(from, to, true)
}

// decode undoes references and line ends. In an attribute, each white space
// that is not a reference is a blank.
func (p *xmlParser) decode(from, to int, attr bool) (string, error) {
	b := make([]byte, 0, to-from)
	for i := from; i < to; i++ {
		switch c := p.s[i]; {
		case c == '&':
			text, n, err := p.reference(i, to)
			if err != nil {
				return "", err
			}
			b = append(b, text...)
			i += n - 1
		case c == '\r' && i+1 < len(p.s) && p.s[i+1] == '\n':
		case c == '\r' && !attr:
			b = append(b, '\n')
		case attr && isBlank(c):
			b = append(b, ' ')
		default:
			b = append(b, c)
		}
	}
	return string(b), nil
}

// reference decodes the reference at position at and gives its length.
func (p *xmlParser) reference(at, to int) (text string, n int, err error) {
	const longest = 16
	end := strings.IndexByte(p.s[at:min(to, at+longest)], ';')
	if end < 0 {
		return "", 0, p.errorAt(at, "a & that starts no reference")
	}
	name := p.s[at+1 : at+end]
	switch name {
	case "lt":
		return "<", end + 1, nil
	case "gt":
		return ">", end + 1, nil
	case "amp":
		return "&", end + 1, nil
	case "apos":
		return "'", end + 1, nil
	case "quot":
		return `"`, end + 1, nil
	}
	r, ok := xmlNumber(name)
	if !ok {
		return "", 0, p.errorAt(at, "unknown reference %q", "&"+name+";")
	}
	return string(r), end + 1, nil
}

func xmlNumber(name string) (rune, bool) {
	digits, base := strings.TrimPrefix(name, "#"), 10
	if digits == name {
		return 0, false
	}
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	return rune(n), err == nil && n <= 0x10FFFF && isXMLRune(rune(n))
}

func isXMLRune(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' ||
		r >= ' ' && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
}

func (p *xmlParser) cdata() error {
	if len(p.open) == 1 {
		return p.errorAt(p.pos, "text outside the root element")
	}
	from := p.pos + len("<![CDATA[")
	n := strings.Index(p.s[from:], "]]>")
	if n < 0 {
		return p.errorAt(p.pos, "a CDATA section that does not end")
	}
	to := from + n
	if err := p.controlIn(from, to); err != nil {
		return err
	}
	piece := p.s[from:to]
	if strings.IndexByte(piece, '\r') >= 0 {
		piece = strings.ReplaceAll(strings.ReplaceAll(piece, "\r\n", "\n"), "\r", "\n")
	}
	p.addText(piece, from, to, strings.Trim(piece, " \t\n") != "")
	p.pos = to + len("]]>")
	return nil
}

func (p *xmlParser) comment() error {
	from := p.pos + len("<!--")
	n := strings.Index(p.s[from:], "--")
	if n < 0 {
		return p.errorAt(p.pos, "a comment that does not end")
	}
	to := from + n
	if !strings.HasPrefix(p.s[to:], "-->") {
		return p.errorAt(to, "a -- within a comment")
	}
	p.pos = to + len("-->")
	return p.controlIn(from, to)
}

func (p *xmlParser) instruction() error {
	start := p.pos
	p.pos += len("<?")
	target := p.qname()
	n := strings.Index(p.s[p.pos:], "?>")
	switch {
	case target == "":
		return p.errorAt(start, "a processing instruction without a name")
	case strings.EqualFold(target, "xml"):
		return p.errorAt(start, "an XML declaration that is not at the start")
	case n < 0:
		return p.errorAt(start, "a processing instruction that does not end")
	case n > 0 && !isBlank(p.s[p.pos]):
		return p.errorAt(start, "a processing instruction with a bad name")
	}
	from := p.pos
	p.pos += n + len("?>")
	return p.controlIn(from, from+n)
}

// declaration reads the XML declaration. A charset that is not a part of UTF-8
// would let the file mean something else than what is read here.
func (p *xmlParser) declaration() error {
	start := p.pos
	if !p.has("<?xml") || p.pos+5 == len(p.s) || !isBlank(p.s[p.pos+5]) {
		return nil
	}
	p.pos += len("<?xml")
	for first := true; ; first = false {
		gap := p.pos
		p.blanks()
		if p.has("?>") && !first {
			p.pos += len("?>")
			return nil
		}
		glued := p.pos == gap
		name, from, to, err := p.attribute()
		if err != nil {
			return err
		}
		value := p.s[from:to]
		switch {
		case glued, first != (name == "version"):
			return p.errorAt(start, "a bad XML declaration")
		case name == "version" && value == "1.0", name == "standalone":
		case name == "encoding" && p.isCharset(value):
		default:
			return p.errorAt(start, "an XML declaration with %s %q", name, value)
		}
	}
}

func (p *xmlParser) isCharset(name string) bool {
	switch strings.ToLower(name) {
	case "utf-8", "utf8":
		return true
	case "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252":
		return strings.IndexFunc(p.s, func(r rune) bool { return r >= 0x80 }) < 0
	}
	return false
}

// doctype steps over a declaration of the type without content of its own.
func (p *xmlParser) doctype() error {
	start := p.pos
	if p.types || len(p.open) > 1 || len(p.kids) > 0 {
		return p.errorAt(start, "a DOCTYPE that is not before the root element")
	}
	p.types = true
	for p.pos += len("<!DOCTYPE"); p.pos < len(p.s); p.pos++ {
		switch c := p.s[p.pos]; c {
		case '"', '\'':
			n := strings.IndexByte(p.s[p.pos+1:], c)
			if n < 0 {
				return p.errorAt(start, "a DOCTYPE that does not end")
			}
			p.pos += n + 1
		case '[', '<':
			return p.errorAt(start, "a DOCTYPE with an internal subset")
		case '>':
			end := p.pos
			p.pos++
			return p.controlIn(start, end)
		}
	}
	return p.errorAt(start, "a DOCTYPE that does not end")
}

// controlIn refuses the characters that no document may have.
func (p *xmlParser) controlIn(from, to int) error {
	for i := from; i < to; i++ {
		if xmlClasses[p.s[i]]&xmlControl != 0 {
			return p.errorAt(i, "a control character")
		}
	}
	return nil
}
