package lens

import "strings"

// httpdScan reads what the server and its virtual hosts say of one directive.
type httpdScan struct {
	splice
	directive, port string
	server          httpdHost
	virtual         []*httpdHost
	listens         bool
}

// httpdHost is what one host says: its last sure setting, and those that may
// hold after it.
type httpdHost struct {
	at   statementAt // its section; of the server, its first Listen on the port
	port portMatch
	sure bool // the first of set holds whatever httpd is started with
	set  []statementAt
}

// portMatch says how an address list covers a port.
type portMatch int

const (
	noPort portMatch = iota
	anyPort
	thisPort
)

func (h *httpdHost) put(s statementAt, sure bool) {
	if sure {
		h.set, h.sure = nil, true
	}
	h.set = append(h.set, s)
}

// scope reads the files of one host; sure is false within a condition that
// may not hold.
func (s *httpdScan) scope(files []*File, h *httpdHost, sure bool) error {
	return s.each(files, func(f *File, n *Node) error { return s.node(f, n, h, sure) })
}

func (s *httpdScan) node(f *File, n *Node, h *httpdHost, sure bool) error {
	within := func(h *httpdHost, sure bool) error {
		return s.nodes(f, n.Children, func(f *File, n *Node) error { return s.node(f, n, h, sure) })
	}
	switch n.Name {
	case "include", "includeoptional":
		return s.scope(f.Included[n], h, sure)
	case "<ifmodule":
		return within(h, sure && !strings.HasPrefix(n.Value, "!"))
	case "<ifdefine", "<ifversion", "<iffile", "<ifdirective", "<ifsection":
		return within(h, false)
	case "<virtualhost":
		if h != &s.server {
			return &SyntaxError{File: f.Name, Line: n.Line, Msg: "a virtual host in a virtual host"}
		}
		host := &httpdHost{at: statementAt{f, n}, port: matchPort(n.Value, s.port)}
		s.virtual = append(s.virtual, host)
		return within(host, true)
	case "listen":
		if h == &s.server && listensOn(n, s.port) && !s.listens {
			s.listens, s.server.at = true, statementAt{f, n}
		}
	case s.directive:
	default:
		return nil
	}
	if n.Name == s.directive {
		h.put(statementAt{f, n}, sure)
	}
	return nil
}

// hosts are those that serve the port, each with what it takes over from the
// server.
func (s *httpdScan) hosts() []*httpdHost {
	best := noPort
	for _, v := range s.virtual {
		if v.port == thisPort || s.listens {
			best = max(best, v.port)
		}
	}
	if best == noPort {
		if s.listens {
			return []*httpdHost{&s.server}
		}
		return nil
	}
	var hosts []*httpdHost
	for _, v := range s.virtual {
		if v.port == best {
			hosts = append(hosts, s.merged(v))
		}
	}
	return hosts
}

func (s *httpdScan) merged(v *httpdHost) *httpdHost {
	if v.sure {
		return v
	}
	set := append([]statementAt{}, s.server.set...)
	return &httpdHost{at: v.at, sure: s.server.sure, set: append(set, v.set...)}
}

// matchPort looks for the port in the address list of a virtual host. An
// address without one stands for any.
func matchPort(addresses, port string) portMatch {
	best := noPort
	words, _ := httpdWords().split(addresses, 0)
	for _, w := range words {
		switch p := addressPort(w.text); p {
		case port:
			return thisPort
		case "", "*":
			best = anyPort
		}
	}
	return best
}

// addressPort is what stands behind the last colon that is not in brackets.
func addressPort(address string) string {
	i := strings.LastIndexByte(address, ':')
	if i < 0 || strings.IndexByte(address[i:], ']') >= 0 {
		return ""
	}
	return address[i+1:]
}

// listensOn reads Listen [address:]port [protocol].
func listensOn(n *Node, port string) bool {
	if len(n.Children) == 0 {
		return false
	}
	address := n.Children[0].Value
	return address == port || addressPort(address) == port
}

// sslNames are the protocols from the oldest on.
func sslNames() []string {
	return []string{"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}
}

// sslProtocols expands SSLProtocol for all hosts of a port.
func sslProtocols(hosts []*httpdHost) ([]Value, error) {
	where := make([]*Value, len(sslNames()))
	seen := map[*Node]bool{}
	for _, h := range hosts {
		for _, s := range h.set {
			if seen[s.n] {
				continue
			}
			seen[s.n] = true
			on, err := sslProtocolLine(s.f, s.n)
			if err != nil {
				return nil, err
			}
			v := valueOf(s.f, s.n)
			for i := range where {
				if on&(1<<i) != 0 && where[i] == nil {
					where[i] = &v
				}
			}
		}
	}
	var vs []Value
	for i, name := range sslNames() {
		if where[i] != nil {
			v := *where[i]
			v.Text = name
			vs = append(vs, v)
		}
	}
	return vs, nil
}

// sslProtocolLine does the sums of one directive, as bits in the order of
// sslNames. A bare name replaces all before it, also a bare name before it.
func sslProtocolLine(f *File, n *Node) (on int, err error) {
	for _, arg := range n.Children {
		name := strings.TrimLeft(arg.Value[:min(1, len(arg.Value))], "+-") + arg.Value[min(1, len(arg.Value)):]
		minus := strings.HasPrefix(arg.Value, "-")
		bits, ok := sslBits(name, minus)
		if !ok {
			return 0, &SyntaxError{File: f.Name, Line: n.Line, Msg: "a protocol that httpd does not know"}
		}
		switch {
		case minus:
			on &^= bits
		case strings.HasPrefix(arg.Value, "+"):
			on |= bits
		default:
			on = bits
		}
	}
	return on, nil
}

// sslBits knows SSLv2 only to take it away.
func sslBits(name string, minus bool) (bits int, ok bool) {
	if strings.EqualFold(name, "all") {
		return 1<<len(sslNames()) - 1, true
	}
	for i, known := range sslNames() {
		if strings.EqualFold(name, known) {
			return 1 << i, true
		}
	}
	return 0, minus && strings.EqualFold(name, "SSLv2")
}
