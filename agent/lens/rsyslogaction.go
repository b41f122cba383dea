package lens

import "strings"

// action reads what is neither filter nor directive. listed says that it is
// an action, to which & may add more.
func (p *rsyslogParser) action(parent *Node) (listed bool, err error) {
	from := p.i
	if !inKeyword(p.text[from]) {
		return true, p.legacy(parent)
	}
	end := p.run(from, inUser)
	switch keyword := strings.ToLower(p.text[from:end]); keyword {
	case "if":
		return false, p.condition(parent, keyword, "then", end)
	case "foreach":
		return false, p.condition(parent, keyword, "do", end)
	case "set", "unset", "reset":
		return false, p.assignment(parent, keyword, end)
	case "call_indirect":
		return true, p.assignment(parent, keyword, end)
	case "stop", "continue":
		p.i = end
		_, err := p.leaf(parent, keyword, from, end, end, end)
		return true, err
	case "call":
		return true, p.call(parent, end)
	case "else":
		return false, p.fault(from, "an else without if")
	}
	if open := skipBlank(p.text, end, len(p.text)); open < len(p.text) && p.text[open] == '(' {
		name := strings.ToLower(p.text[from:p.run(from, inKeyword)])
		return name == "action", p.object(parent, name, open+1)
	}
	p.i = end // a user's name: the message goes to their terminal
	_, err = p.leaf(parent, "legacy", from, end, from, end)
	return true, err
}

// legacy reads an action in the old form: to the end of the line, but for a
// lone * or ~.
func (p *rsyslogParser) legacy(parent *Node) error {
	from, end := p.i, p.nextLine(p.i)
	if strings.IndexByte("~*-/:|.@^?>!+", p.text[from]) < 0 {
		return p.fault(from, "no statement begins like this")
	}
	if p.text[from] == '*' {
		end = from + 1
	}
	_, to := trimRange(p.text, from, end)
	p.i = end
	_, err := p.leaf(parent, "legacy", from, max(to, from+1), from, max(to, from+1))
	return err
}

func (p *rsyslogParser) call(parent *Node, end int) error {
	name := skipBlank(p.text, end, len(p.text))
	to := p.run(name, inRule)
	if to == name {
		return p.fault(p.i, "a call of nothing")
	}
	from := p.i
	p.i = to
	_, err := p.leaf(parent, "call", from, to, name, to)
	return err
}

// assignment reads to the semicolon.
func (p *rsyslogParser) assignment(parent *Node, keyword string, at int) error {
	to, end, err := p.expression(at, ";")
	if err != nil {
		return err
	}
	from := p.i
	p.i = end
	valFrom, valTo := trimRange(p.text, at, to)
	_, err = p.leaf(parent, keyword, from, end, valFrom, valTo)
	return err
}

// condition reads if … then … else …, and foreach (…) do ….
func (p *rsyslogParser) condition(parent *Node, keyword, stop string, at int) error {
	to, end, err := p.expression(at, stop)
	if err != nil {
		return err
	}
	from := p.i
	p.i = end
	valFrom, valTo := trimRange(p.text, at, to)
	return p.inside(parent, keyword, p.text[valFrom:valTo], from, valFrom, valTo, func(n *Node) error {
		if err := p.inside(n, "then", "", p.i, p.i, p.i, p.block); err != nil || keyword != "if" {
			return err
		}
		i, err := p.skip(p.i)
		if err != nil || !strings.EqualFold(p.text[i:p.run(i, inUser)], "else") {
			return err
		}
		p.i = i + len("else")
		return p.inside(n, "else", "", p.i, p.i, p.i, p.block)
	})
}

// expression finds the word, or the semicolon, that ends an expression.
func (p *rsyslogParser) expression(i int, stop string) (to, end int, err error) {
	for i < len(p.text) {
		switch c := p.text[i]; {
		case c == '"' || c == '\'' || c == '`':
			if i, err = p.quoted(i); err != nil {
				return 0, 0, err
			}
		case strings.HasPrefix(p.text[i:], "/*"):
			if i, err = p.skip(i); err != nil {
				return 0, 0, err
			}
		case c == '$':
			i = p.run(i+1, inVariable)
		case inKeyword(c):
			word := i
			if i = p.run(i, inKeyword); strings.EqualFold(p.text[word:i], stop) {
				return word, i, nil
			}
		case c == ';':
			if stop != ";" {
				return 0, 0, p.fault(i, "a condition without "+stop)
			}
			return i, i + 1, nil
		default:
			i++
		}
	}
	return 0, 0, p.fault(len(p.text), "an expression without "+stop)
}

// object reads name(parameter="value" …) and the block that may follow.
func (p *rsyslogParser) object(parent *Node, name string, at int) error {
	from := p.i
	p.i = at
	return p.inside(parent, name, "", from, from, at, func(n *Node) error {
		n.ValStart, n.ValEnd = n.End, n.End
		for more := true; more; {
			var err error
			if more, err = p.parameter(n); err != nil {
				return err
			}
		}
		if name != "ruleset" && name != "template" {
			return nil
		}
		i, err := p.skip(p.i)
		if err != nil || i >= len(p.text) || p.text[i] != '{' {
			return err
		}
		p.i = i
		return p.inside(n, "block", "", i, i, i, p.block)
	})
}

// parameter reads one parameter, or the closing parenthesis.
func (p *rsyslogParser) parameter(object *Node) (more bool, err error) {
	for {
		if p.i, err = p.skip(p.i); err != nil {
			return false, err
		}
		if p.i >= len(p.text) {
			return false, p.fault(p.i, "a parenthesis that nothing closes")
		}
		if p.text[p.i] != ',' {
			break
		}
		p.i++
	}
	if p.text[p.i] == ')' {
		p.i++
		return false, nil
	}
	from := p.i
	name := p.run(from, inParam)
	i, err := p.skip(name)
	if err != nil {
		return false, err
	}
	if name == from || i >= len(p.text) || p.text[i] != '=' {
		return false, p.fault(from, "neither a parameter nor a closing parenthesis")
	}
	if p.i, err = p.skip(i + 1); err != nil {
		return false, err
	}
	return true, p.value(object, strings.ToLower(p.text[from:name]), from)
}

// value reads a quoted text, or an array of them.
func (p *rsyslogParser) value(object *Node, name string, from int) error {
	if p.i >= len(p.text) || strings.IndexByte("\"'`[", p.text[p.i]) < 0 {
		return p.fault(min(p.i, len(p.text)), "a parameter without a quoted value")
	}
	if p.text[p.i] != '[' {
		return p.quotedText(object, name, from)
	}
	open := p.i
	p.i++
	return p.inside(object, name, "", from, open, open, func(n *Node) error {
		for {
			var err error
			if p.i, err = p.skip(p.i); err != nil {
				return err
			}
			switch {
			case p.i >= len(p.text):
				return p.fault(p.i, "an array that nothing closes")
			case p.text[p.i] == ']':
				p.i++
				return nil
			case p.text[p.i] == ',':
				p.i++
			case strings.IndexByte("\"'`", p.text[p.i]) < 0:
				return p.fault(p.i, "an array of something else than texts")
			default:
				if err := p.quotedText(n, "", p.i); err != nil {
					return err
				}
			}
		}
	})
}

// quotedText reads one quoted text.
func (p *rsyslogParser) quotedText(parent *Node, name string, from int) error {
	open := p.i
	end, err := p.quoted(open)
	if err != nil {
		return err
	}
	p.i = end
	n, err := p.leaf(parent, name, from, end, open+1, end-1)
	if err != nil {
		return err
	}
	n.Value = unescapeRsyslog(n.Value)
	return nil
}
