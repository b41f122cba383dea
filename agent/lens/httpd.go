package lens

import (
	"path"
	"strings"
)

// HTTPD reads the configuration of Apache httpd.
//
// Path "<Directive>@<port>" gives the value that a virtual host with that
// port in its address list uses: its own last one, else the server's; several
// such hosts answer in order, the first with a value wins. Without one, the
// server's value counts if it listens on the port. Sections that hold for
// some requests only (Directory, Location, If …) are passed over; those that
// httpd decides about when it starts (IfModule, IfDefine …) count as if they
// held, also <IfModule !x>.
//
// "SSLProtocol@<port>" gives the protocols one by one, in their order of age,
// each where the directive stands. Here all hosts of the port count, and what
// an IfDefine or an IfModule ! sets joins what held before instead of taking
// its place: a protocol that may be on is on.
//
// "SSLVerifyClient@<port>" gives the weakest of what all hosts of the port ask
// of a client's certificate: none, optional_no_ca, optional, require. What is
// not set is none, mod_ssl's default, where httpd listens on the port.
type HTTPD struct{}

const serverRoot = "/etc/httpd"

// httpdWords cuts as ap_getword_conf does.
func httpdWords() splitting {
	return splitting{quotes: `"'`, hides: func(quote, c byte) bool {
		return c == '\\' || quote != 0 && c == quote
	}}
}

// Parse reads one file into directives and sections; a section is named
// after its tag, "<virtualhost".
func (HTTPD) Parse(name string, b []byte) (*Doc, error) {
	p := httpdParser{g: newGrow(name, b)}
	p.open = []*Node{p.g.doc.Root}
	err := eachJoined(name, b, httpdJoin, func(l joinedLine, _ bool) error {
		start, end := trimRange(l.text, 0, len(l.text))
		l.text = l.text[:end]
		switch {
		case start == end || l.text[start] == '#':
			return nil
		case strings.HasPrefix(l.text[start:], "</"):
			return p.closing(l, start)
		case l.text[start] == '<':
			return p.opening(l, start)
		}
		words, _ := httpdWords().split(l.text, start)
		_, err := addDirective(p.g, p.top(), l, strings.ToLower(words[0].text), words)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(p.open) > 1 {
		return nil, &SyntaxError{File: name, Line: p.top().Line, Msg: "a section that nothing closes"}
	}
	return p.g.doc, nil
}

// httpdJoin: a comment goes on, too.
func httpdJoin(line string) (int, string, bool) {
	return len(line) - 1, "", strings.HasSuffix(line, `\`)
}

// httpdParser keeps the sections that are open.
type httpdParser struct {
	g    *grow
	open []*Node
}

func (p *httpdParser) top() *Node { return p.open[len(p.open)-1] }

func (p *httpdParser) fault(l joinedLine, msg string) error {
	return &SyntaxError{File: p.g.doc.Name, Line: l.no, Msg: msg}
}

func (p *httpdParser) opening(l joinedLine, start int) error {
	close := strings.LastIndexByte(l.text, '>')
	if close < 0 {
		return p.fault(l, "a tag without >")
	}
	if len(p.open) > MaxDepth {
		return p.fault(l, "sections are nested too deep")
	}
	name := start + strings.IndexAny(l.text[start:], " \t\r\n>")
	from, to := trimRange(l.text, name, close)
	n := Node{Name: strings.ToLower(l.text[start:name]), Value: l.text[from:to], Start: l.pos(start), End: l.pos(close) + 1}
	n.ValStart = l.pos(from)
	n.ValEnd, n.Line = max(n.ValStart, after(l, from, to)), l.line(n.Start)
	section, err := p.g.add(p.top(), n)
	p.open = append(p.open, section)
	return err
}

func (p *httpdParser) closing(l joinedLine, start int) error {
	name, _, ok := strings.Cut(l.text[start+2:], ">")
	if !ok {
		return p.fault(l, "a tag without >")
	}
	if len(p.open) == 1 || "<"+strings.ToLower(strings.TrimSpace(name)) != p.top().Name {
		return p.fault(l, "a closing tag for no open section")
	}
	end := after(l, start, len(l.text))
	for _, n := range p.open[1:] {
		n.End = max(n.End, end)
	}
	p.open = p.open[:len(p.open)-1]
	return nil
}

// Includes lists Include and IncludeOptional, relative ones below the
// ServerRoot that the same file sets before.
func (HTTPD) Includes(doc *Doc) []Include {
	_, all := httpdIncludes(doc.Root, serverRoot, nil)
	return all
}

func httpdIncludes(parent *Node, root string, all []Include) (string, []Include) {
	for _, n := range parent.Children {
		switch n.Name {
		case "serverroot":
			root = path.Clean("/" + n.Value)
		case "include", "includeoptional":
			if len(n.Children) == 0 {
				continue
			}
			pattern := under(root, n.Children[0].Value)
			if strings.HasSuffix(n.Children[0].Value, "/") {
				pattern = path.Join(pattern, "*")
			}
			all = append(all, Include{Node: n, Pattern: pattern, Optional: n.Name == "includeoptional"})
		default:
			if strings.HasPrefix(n.Name, "<") {
				root, all = httpdIncludes(n, root, all)
			}
		}
	}
	return root, all
}

// Get answers for one directive on one port.
func (HTTPD) Get(files []*File, q Query) ([]Value, error) {
	directive, port, ok := strings.Cut(q.Path, "@")
	if !ok || directive == "" || port == "" || strings.Trim(port, "0123456789") != "" {
		return nil, unknownPath("httpd", q.Path)
	}
	s := httpdScan{directive: strings.ToLower(directive), port: port}
	if err := s.scope(files, &s.server, true); err != nil {
		return nil, err
	}
	hosts := s.hosts()
	switch s.directive {
	case "sslprotocol":
		return sslProtocols(hosts)
	case "sslverifyclient":
		return sslVerifyClient(hosts, s.listens)
	}
	for _, h := range hosts {
		if last := len(h.set) - 1; last >= 0 {
			return []Value{valueOf(h.set[last].f, h.set[last].n)}, nil
		}
	}
	return nil, nil
}
