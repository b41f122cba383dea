package lens

import (
	"net/netip"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Routes reads the network scripts' route-<interface> files, in both forms:
// arguments of ip-route(8), a line each, or ADDRESSn=, NETMASKn=, GATEWAYn=.
// A file with one ADDRESSn= is of the second form throughout.
//
// Path "routes" gives a record for each route: destination (CIDR; the default
// route is 0.0.0.0/0), via, device (from the line, else from the file's name).
type Routes struct{}

var addressLine = regexp.MustCompile(`^[ \t]*ADDRESS[0-9]+=`)

// Parse reads one file: nodes named "route" with their words, or nodes named
// after the variables.
func (Routes) Parse(name string, b []byte) (*Doc, error) {
	variables := false
	err := eachLine(name, b, func(l textLine) error {
		variables = variables || addressLine.MatchString(l.text)
		return nil
	})
	if err != nil {
		return nil, err
	}
	g := newGrow(name, b)
	err = eachLine(name, b, func(l textLine) error {
		if variables {
			return addVariable(g, l)
		}
		return addRoute(g, l)
	})
	if err != nil {
		return nil, err
	}
	return g.doc, nil
}

func addVariable(g *grow, l textLine) error {
	words, _ := splitting{quotes: `"'`, inside: true, comment: true}.split(l.text, 0)
	if len(words) == 0 {
		return nil
	}
	w := words[0]
	key, value, ok := strings.Cut(w.text, "=")
	if !ok {
		return &SyntaxError{File: g.doc.Name, Line: l.no, Msg: "neither a setting nor a comment"}
	}
	from, to := w.start+strings.IndexByte(l.text[w.start:w.end], '=')+1, w.end
	if to-from >= 2 && strings.IndexByte(`"'`, l.text[from]) >= 0 && l.text[to-1] == l.text[from] {
		from, to = from+1, to-1
	}
	n := Node{Name: key, Value: value, Line: l.no, Start: w.start, End: w.end, ValStart: from, ValEnd: to}
	_, err := g.add(g.doc.Root, shifted(n, l.start))
	return err
}

func addRoute(g *grow, l textLine) error {
	words, _ := bare().split(l.text, 0)
	if len(words) == 0 || words[0].text[0] == '#' {
		return nil
	}
	first := words[0]
	first.end, first.out = first.start, first.start // a route has no keyword: all words are its value
	n, err := addDirective(g, g.doc.Root, plain(l), "route", append([]piece{first}, words...))
	if err != nil {
		return err
	}
	if len(routesOf(n, "")) == 0 {
		return &SyntaxError{File: g.doc.Name, Line: l.no, Msg: "a route to nowhere"}
	}
	return nil
}

// Includes is empty: the format has none.
func (Routes) Includes(*Doc) []Include { return nil }

// Get lists the routes.
func (Routes) Get(files []*File, q Query) ([]Value, error) {
	if q.Path != "routes" {
		return nil, unknownPath("routes", q.Path)
	}
	var vs []Value
	for _, f := range files {
		device := routeDevice(f.Name)
		for _, n := range f.Root.Children {
			if n.Name != "route" {
				continue
			}
			for _, r := range routesOf(n, device) {
				vs = append(vs, recordOf(f, n, r.fields()))
			}
		}
		more, err := variableRoutes(f, device)
		if err != nil {
			return nil, err
		}
		vs = append(vs, more...)
	}
	return vs, nil
}

// routeDevice takes the interface out of route-eth1 or route6-eth1.
func routeDevice(name string) string {
	kind, device, _ := strings.Cut(path.Base(name), "-")
	if kind != "route" && kind != "route6" {
		return ""
	}
	device, _, _ = strings.Cut(device, ":")
	return device
}

// oneRoute is a route, or one hop of it.
type oneRoute struct{ destination, via, device string }

func (r oneRoute) fields() map[string]string {
	fields := map[string]string{"destination": r.destination}
	if r.via != "" {
		fields["via"] = r.via
	}
	if r.device != "" {
		fields["device"] = r.device
	}
	return fields
}

// routesOf reads the words of a route; each nexthop is a route of its own.
func routesOf(n *Node, device string) []oneRoute {
	at := 0
	if isRouteType(argText(n, at)) {
		at++
	}
	if argText(n, at) == "to" {
		at++
	}
	base := oneRoute{device: device}
	via := routeGateway(n)
	var ok bool
	if base.destination, ok = routeDestination(argText(n, at), strings.Contains(via, ":")); !ok {
		return nil
	}
	all := []oneRoute{base}
	for at++; at < len(n.Children); at++ {
		hop := &all[len(all)-1]
		switch n.Children[at].Value {
		case "nexthop":
			if len(all) > 1 || hop.via != "" {
				all = append(all, base)
			}
		case "via":
			if next := argText(n, at+1); next == "inet" || next == "inet6" {
				at++
			}
			at++
			hop.via = argText(n, at)
		case "dev":
			at++
			hop.device = argText(n, at)
		}
	}
	return all
}

func routeGateway(n *Node) string {
	for i := range n.Children {
		if argText(n, i) == "via" {
			return argText(n, i+1)
		}
	}
	return ""
}

func isRouteType(s string) bool {
	switch s {
	case "unicast", "local", "broadcast", "multicast", "anycast", "throw", "unreachable", "prohibit", "blackhole", "nat":
		return true
	}
	return false
}

// routeDestination reads what ip-route(8) takes for a prefix; v6 says of which
// family a default route is.
func routeDestination(s string, v6 bool) (string, bool) {
	if s == "default" || s == "any" || s == "all" {
		if v6 {
			return "::/0", true
		}
		return "0.0.0.0/0", true
	}
	address, length, cut := strings.Cut(s, "/")
	if !strings.Contains(address, ":") {
		address += strings.Repeat(".0", max(0, 3-strings.Count(address, ".")))
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "", false
	}
	bits := ip.BitLen()
	if mask, err := netip.ParseAddr(length); err == nil {
		bits = maskBits(mask)
	} else if cut {
		if bits, err = strconv.Atoi(length); err != nil {
			return "", false
		}
	}
	prefix, err := ip.Prefix(bits)
	return prefix.String(), err == nil
}

// maskBits counts the bits of a netmask; -1 is none.
func maskBits(mask netip.Addr) int {
	bits, done := 0, false
	for _, b := range mask.AsSlice() {
		for i := 7; i >= 0; i-- {
			switch set := b&(1<<i) != 0; {
			case set && done:
				return -1
			case set:
				bits++
			default:
				done = true
			}
		}
	}
	return bits
}

// variableRoutes reads ADDRESSn and what belongs to it.
func variableRoutes(f *File, device string) ([]Value, error) {
	last := map[string]*Node{}
	for _, n := range f.Root.Children {
		last[n.Name] = n
	}
	var vs []Value
	for _, n := range f.Root.Children {
		number, ok := strings.CutPrefix(n.Name, "ADDRESS")
		if !ok || last[n.Name] != n || n.Value == "" {
			continue
		}
		r := oneRoute{device: device}
		raw := evidence(f, n)
		netmask := ""
		if m := last["NETMASK"+number]; m != nil {
			netmask, raw = m.Value, raw+" "+evidence(f, m)
		}
		if g := last["GATEWAY"+number]; g != nil {
			r.via, raw = g.Value, raw+" "+evidence(f, g)
		}
		if r.destination, ok = maskedDestination(n.Value, netmask); !ok {
			return nil, &SyntaxError{File: f.Name, Line: n.Line, Msg: "no address with a netmask"}
		}
		v := recordOf(f, n, r.fields())
		v.Raw = clip(raw)
		vs = append(vs, v)
	}
	return vs, nil
}

// maskedDestination falls back to the address's class, as ipcalc does.
func maskedDestination(address, netmask string) (string, bool) {
	if netmask == "" {
		first, _, _ := strings.Cut(address, ".")
		switch n, _ := strconv.Atoi(first); {
		case n < 128:
			netmask = "8"
		case n < 192:
			netmask = "16"
		default:
			netmask = "24"
		}
	}
	return routeDestination(address+"/"+netmask, false)
}
