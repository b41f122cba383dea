package lens

import (
	"encoding/hex"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
)

// ProcSockets reads /proc/net/tcp, tcp6, udp and udp6 of a little-endian
// machine; the file's name tells the protocol.
//
// Path "listening" gives a record for each socket that waits for others, the
// TCP ones that listen and the UDP ones without a peer: protocol (tcp or udp),
// address (an IPv4 one within IPv6 as IPv4), port. The tables belong together:
// without one of them nobody can say what listens, but for both of IPv6, which
// a kernel without it does not have. When nothing listens at all, they are those
// of an empty network namespace, and say nothing of the appliance.
type ProcSockets struct{}

const (
	socketColumns   = 10   // sl, two ends, st, queues, timer, retrnsmt, uid, timeout, inode
	socketListening = "0A" // TCP_LISTEN, include/net/tcp_states.h
)

// Parse reads one table and keeps the sockets without a peer; a busy appliance
// has thousands of others.
func (ProcSockets) Parse(name string, b []byte) (*Doc, error) {
	g := newGrow(name, b)
	head := false
	err := eachLine(name, b, func(l textLine) error {
		columns := strings.Fields(l.text)
		if head {
			return addSocket(g, l, columns)
		}
		head = len(columns) >= socketColumns && columns[0] == "sl" && columns[1] == "local_address"
		if !head {
			return &SyntaxError{File: name, Line: l.no, Msg: "no table of sockets"}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !head {
		return nil, &SyntaxError{File: name, Line: 1, Msg: "no table of sockets"}
	}
	return g.doc, nil
}

// addSocket adds a node for a socket without a peer, named after its state,
// with its own end for a value.
func addSocket(g *grow, l textLine, columns []string) error {
	broken := &SyntaxError{File: g.doc.Name, Line: l.no, Msg: "a socket in an unknown form"}
	if len(columns) < socketColumns || !strings.HasSuffix(columns[0], ":") {
		return broken
	}
	_, okLocal := kernelEnd(columns[1])
	peer, okPeer := kernelEnd(columns[2])
	_, err := strconv.ParseUint(columns[3], 16, 8)
	if err != nil || len(columns[3]) != 2 || !okLocal || !okPeer || isLong(columns[1]) != isLong(columns[2]) {
		return broken
	}
	if !peer.Addr().IsUnspecified() || peer.Port() != 0 {
		return nil
	}
	start, end := trimRange(l.text, 0, len(l.text))
	at := start + strings.Index(l.text[start:], columns[1])
	n := Node{Name: strings.ToUpper(columns[3]), Value: columns[1], Line: l.no, Start: start, End: end, ValStart: at, ValEnd: at + len(columns[1])}
	_, err = g.add(g.doc.Root, shifted(n, l.start))
	return err
}

// Includes is empty: the format has none.
func (ProcSockets) Includes(*Doc) []Include { return nil }

// Get lists the sockets that wait for others.
func (ProcSockets) Get(files []*File, q Query) ([]Value, error) {
	if q.Path != "listening" {
		return nil, unknownPath("procsockets", q.Path)
	}
	if err := socketTables(files); err != nil {
		return nil, err
	}
	var vs []Value
	for _, f := range files {
		protocol, v6 := strings.CutSuffix(path.Base(f.Name), "6")
		for _, n := range f.Root.Children {
			end, ok := kernelEnd(n.Value)
			if !ok || isLong(n.Value) != v6 {
				return nil, &SyntaxError{File: f.Name, Line: n.Line, Msg: "an address of the other family"}
			}
			if protocol == "tcp" && n.Name != socketListening {
				continue
			}
			vs = append(vs, recordOf(f, n, map[string]string{
				"protocol": protocol, "address": end.Addr().Unmap().String(), "port": strconv.Itoa(int(end.Port())),
			}))
		}
	}
	if len(files) > 0 && len(vs) == 0 {
		return nil, &SyntaxError{File: files[0].Name, Line: 1, Msg: "no socket listens: these are not the appliance's own tables (PrivateNetwork of a unit hides them)"}
	}
	return vs, nil
}

// socketTables checks that the files are whole tables of the kernel.
func socketTables(files []*File) error {
	all := []string{"tcp", "udp", "tcp6", "udp6"}
	var have []string
	for _, f := range files {
		name := path.Base(f.Name)
		if !slices.Contains(all, name) {
			return &SyntaxError{File: f.Name, Line: 1, Msg: "the name is none of " + strings.Join(all, ", ")}
		}
		have = append(have, name)
	}
	needed := all
	if !slices.Contains(have, "tcp6") && !slices.Contains(have, "udp6") {
		needed = all[:2]
	}
	for _, name := range needed {
		if len(files) > 0 && !slices.Contains(have, name) {
			return &SyntaxError{File: files[0].Name, Line: 1, Msg: "the table " + name + " is not there beside it"}
		}
	}
	return nil
}

// kernelEnd reads ADDRESS:PORT. The kernel prints an address as numbers of 32
// bits in its own byte order, and the port as it is.
func kernelEnd(s string) (netip.AddrPort, bool) {
	address, port, _ := strings.Cut(s, ":")
	number, err := strconv.ParseUint(port, 16, 16)
	if err != nil || len(port) != 4 {
		return netip.AddrPort{}, false
	}
	b, err := hex.DecodeString(address)
	if err != nil || len(b) != 4 && len(b) != 16 {
		return netip.AddrPort{}, false
	}
	for word := range slices.Chunk(b, 4) {
		slices.Reverse(word)
	}
	ip, _ := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(ip, uint16(number)), true
}

// isLong tells an IPv6 end from an IPv4 one.
func isLong(end string) bool { return len(end) > len("00000000:0000") }
