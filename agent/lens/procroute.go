package lens

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
)

// ProcRoute reads /proc/net/route of a little-endian machine.
//
// Path "routes" gives a record for each route that is up and goes through a
// gateway: destination (CIDR; the default route is 0.0.0.0/0), via, device.
type ProcRoute struct{}

// Flags of a route, include/uapi/linux/route.h.
const (
	routeUp         = 0x1
	routeHasGateway = 0x2
)

// Parse reads the table; the first line names the columns.
func (ProcRoute) Parse(name string, b []byte) (*Doc, error) {
	g := newGrow(name, b)
	var columns []piece
	err := eachLine(name, b, func(l textLine) error {
		words, _ := bare().split(l.text, 0)
		switch {
		case len(words) == 0:
			return nil
		case columns == nil && words[0].text != "Iface":
			return &SyntaxError{File: name, Line: l.no, Msg: "no table of routes"}
		case columns == nil:
			columns = words
			return nil
		case len(words) != len(columns):
			return &SyntaxError{File: name, Line: l.no, Msg: "a line that does not fit the columns"}
		}
		return addProcRoute(g, plain(l), columns, words)
	})
	if err != nil {
		return nil, err
	}
	if columns == nil {
		return nil, &SyntaxError{File: name, Line: 1, Msg: "no table of routes"}
	}
	return g.doc, nil
}

func addProcRoute(g *grow, l joinedLine, columns, words []piece) error {
	last := words[len(words)-1]
	n := Node{Name: "route", Line: l.no, Start: l.pos(words[0].start), End: l.pos(last.end)}
	n.ValStart, n.ValEnd, n.Value = n.Start, n.End, l.text[words[0].start:last.end]
	route, err := g.add(g.doc.Root, n)
	for i, w := range words {
		if err != nil {
			return err
		}
		_, err = addPiece(g, route, l, columns[i].text, w)
	}
	return err
}

// Includes is empty: the format has none.
func (ProcRoute) Includes(*Doc) []Include { return nil }

// Get lists the routes.
func (ProcRoute) Get(files []*File, q Query) ([]Value, error) {
	if q.Path != "routes" {
		return nil, unknownPath("procroute", q.Path)
	}
	var vs []Value
	for _, f := range files {
		for _, n := range f.Root.Children {
			r, used, ok := procRoute(n)
			if !ok {
				return nil, &SyntaxError{File: f.Name, Line: n.Line, Msg: "a route in an unknown form"}
			}
			if used {
				vs = append(vs, recordOf(f, n, r.fields()))
			}
		}
	}
	return vs, nil
}

// procRoute decodes one line; used says that it is up and has a gateway.
func procRoute(n *Node) (r oneRoute, used, ok bool) {
	column := func(name string) string {
		if c := param(n, name); c != nil {
			return c.Value
		}
		return ""
	}
	flags, err := strconv.ParseUint(column("Flags"), 16, 32)
	to, okTo := hexAddress(column("Destination"))
	via, okVia := hexAddress(column("Gateway"))
	mask, okMask := hexAddress(column("Mask"))
	if err != nil || !okTo || !okVia || !okMask {
		return r, false, false
	}
	prefix, err := to.Prefix(maskBits(mask))
	if err != nil {
		return r, false, false
	}
	r = oneRoute{destination: prefix.String(), via: via.String(), device: column("Iface")}
	return r, flags&routeUp != 0 && flags&routeHasGateway != 0, true
}

// hexAddress reads an address that the kernel printed as one number.
func hexAddress(s string) (netip.Addr, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 4 {
		return netip.Addr{}, false
	}
	slices.Reverse(b)
	return netip.AddrFrom4([4]byte(b)), true
}
