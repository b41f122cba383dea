package lens

import (
	"regexp"
	"strings"
)

// rsyslogParser reads rsyslog's grammar by descent; each step begins at i and
// leaves i behind what it read.
type rsyslogParser struct {
	rsyslogSource
	g     *grow
	i     int
	depth int
}

// The filters stand at the beginning of a line only.
var (
	priFilter  = regexp.MustCompile(`(?i)^[*a-z]+[0-7]*[.,][,!=;.*a-z0-7]+`)
	propFilter = regexp.MustCompile(`(?i)^:\$?[a-z-]+ *, *!?[a-z]+ *, *"(?:\\"|[^"])*"`)
)

// script reads statements to the end of the file, or to a closing brace.
func (p *rsyslogParser) script(parent *Node, braced bool) error {
	for {
		done, err := p.atEnd(braced)
		if err != nil || done {
			return err
		}
		if err := p.statement(parent); err != nil {
			return err
		}
	}
}

func (p *rsyslogParser) atEnd(braced bool) (bool, error) {
	var err error
	if p.i, err = p.skip(p.i); err != nil {
		return false, err
	}
	switch {
	case p.i >= len(p.text) && braced:
		return false, p.fault(len(p.text), "a block that nothing closes")
	case p.i >= len(p.text):
		return true, nil
	case p.text[p.i] == '}' && !braced:
		return false, p.fault(p.i, "a brace that closes nothing")
	case p.text[p.i] == '}':
		p.i++
		return true, nil
	}
	return false, nil
}

// block reads one statement, or several in braces.
func (p *rsyslogParser) block(parent *Node) error {
	for {
		var err error
		if p.i, err = p.skip(p.i); err != nil {
			return err
		}
		switch {
		case p.i >= len(p.text):
			return p.fault(len(p.text), "a filter without action")
		case p.text[p.i] == '}':
			return p.fault(p.i, "a filter without action")
		case p.text[p.i] == '$': // a directive is no statement: the lexer takes it away
			if err := p.directive(parent); err != nil {
				return err
			}
		case p.text[p.i] == '{':
			p.i++
			return p.script(parent, true)
		default:
			return p.statement(parent)
		}
	}
}

// statement reads one statement, with the actions that & adds to it.
func (p *rsyslogParser) statement(parent *Node) error {
	if p.text[p.i] == '$' {
		return p.directive(parent)
	}
	if isAlnum(p.text[p.i]) || strings.IndexByte("*:", p.text[p.i]) >= 0 {
		if end := p.filter(); end > 0 {
			from := p.i
			p.i = end
			return p.inside(parent, "filter", p.text[from:end], from, from, end, p.block)
		}
	}
	listed, err := p.action(parent)
	for err == nil && listed {
		listed, err = p.chained(parent)
	}
	return err
}

// filter is the end of the filter at i, or 0.
func (p *rsyslogParser) filter() int {
	if !p.firstOnLine(p.i) {
		return 0
	}
	line := p.text[p.i:p.nextLine(p.i)]
	if p.text[p.i] == ':' {
		return p.matched(propFilter.FindStringIndex(line))
	}
	return p.matched(priFilter.FindStringIndex(line))
}

func (p *rsyslogParser) matched(at []int) int {
	if at == nil {
		return 0
	}
	return p.i + at[1]
}

// chained reads what & adds. Directives may stand in between.
func (p *rsyslogParser) chained(parent *Node) (bool, error) {
	i := p.i
	for {
		var err error
		if i, err = p.skip(i); err != nil || i >= len(p.text) {
			return false, err
		}
		if p.text[i] != '$' || splices(p.text[i:]) {
			break
		}
		i = p.nextLine(i)
	}
	if p.text[i] != '&' {
		return false, nil
	}
	for {
		p.i, _ = p.skip(p.i)
		if p.text[p.i] != '$' {
			break
		}
		if err := p.directive(parent); err != nil {
			return false, err
		}
	}
	var err error
	if p.i, err = p.skip(p.i + 1); err != nil {
		return false, err
	}
	if p.i >= len(p.text) || strings.IndexByte("&{}$", p.text[p.i]) >= 0 {
		return false, p.fault(min(p.i, len(p.text)), "an & without action")
	}
	return p.action(parent)
}

// splices tells the directives that the grammar sees from those it does not.
func splices(text string) bool {
	text = strings.ToLower(text[:min(len(text), len("$includeconfig "))])
	return strings.HasPrefix(text, "$includeconfig") || strings.HasPrefix(text, "$ruleset")
}

// directive reads a line that begins with $.
func (p *rsyslogParser) directive(parent *Node) error {
	from, end := p.i, p.nextLine(p.i)
	name := p.run(from+1, inKeyword)
	valFrom, valEnd := trimRange(p.text, name, end)
	p.i = end
	keyword := strings.ToLower(p.text[from:name])
	if keyword == "$includeconfig" || keyword == "$ruleset" || keyword == "$defaultruleset" {
		valEnd = p.run(valFrom, func(c byte) bool { return !isBlank(c) })
		p.i = max(valEnd, name)
	}
	_, err := p.leaf(parent, keyword, from, max(name, valEnd), valFrom, valEnd)
	return err
}

// leaf hangs a node for text[from:to] with the value text[valFrom:valTo].
func (p *rsyslogParser) leaf(parent *Node, name string, from, to, valFrom, valTo int) (*Node, error) {
	n := Node{Name: name, Value: p.text[valFrom:valTo], Line: p.line(from), Start: p.pos(from), End: p.behind(from, to)}
	n.ValStart = min(p.pos(valFrom), n.End)
	n.ValEnd = min(max(n.ValStart, p.behind(valFrom, valTo)), n.End)
	return p.g.add(parent, n)
}

// inside hangs a node and lets read fill it.
func (p *rsyslogParser) inside(parent *Node, name, value string, from, valFrom, valTo int, read func(*Node) error) error {
	n, err := p.leaf(parent, name, from, max(from, valTo), valFrom, valTo)
	if err != nil {
		return err
	}
	n.Value = value
	if p.depth++; p.depth > MaxDepth {
		return p.fault(from, "statements are nested too deep")
	}
	defer func() { p.depth-- }()
	if err := read(n); err != nil {
		return err
	}
	n.End = max(n.End, p.behind(from, p.i))
	return nil
}
