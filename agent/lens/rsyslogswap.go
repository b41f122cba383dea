package lens

import (
	"slices"
	"strings"
)

// swap gives actions that go to new forwards, where nothing else in them or
// before them is about the old host. It leaves what has found no partner.
func (s *rsyslogSet) swap(p listPlan, missing []int) (edits []Edit, left []int, gone []standing) {
	gone = slices.Clone(p.gone)
	_, tls := s.steps.encrypts()
	for _, i := range missing {
		w := p.missing[i]
		at, swapped := -1, []Edit(nil)
		for j, g := range gone {
			if tls && !s.steps.encrypted(s.steps.of[g.at.n]) || !s.fits(w, g) {
				continue
			}
			es, ok := s.swapped(g, w, tls)
			if ok && (at < 0 || w.Fields["protocol"] == g.Fields["protocol"]) {
				at, swapped = j, es
			}
			if ok && w.Fields["protocol"] == g.Fields["protocol"] {
				break
			}
		}
		if at < 0 {
			left = append(left, i)
			continue
		}
		edits, gone = append(edits, swapped...), slices.Delete(gone, at, at+1)
	}
	return edits, left, gone
}

// fits says whether what stands around an action suits a new forward.
func (s *rsyslogSet) fits(w Want, g standing) bool {
	selector, ok := w.Fields["selector"]
	fw := forwardOf(g.at.f, g.at.n)
	if ok && selector != g.Fields["selector"] || g.Fields["shadowed"] != "false" || fw == nil || len(fw.hosts) != 1 {
		return false
	}
	return s.peersAllow(g.at.n, w.Fields["host"])
}

// peersAllow says whether the certificates that an action asks for, if it does,
// may be those of a host.
func (s *rsyslogSet) peersAllow(n *Node, host string) bool {
	peers := s.steps.peers
	for _, c := range n.Children {
		if strings.Contains(c.Name, "permittedpeer") {
			peers = append(peers[:len(peers):len(peers)], c.Value)
			for _, one := range c.Children {
				peers = append(peers, one.Value)
			}
		}
	}
	if len(peers) == 0 {
		return true
	}
	return len(peers) <= maxPeers && slices.ContainsFunc(peers, func(peer string) bool {
		any, ok := strings.CutPrefix(trimmed(peer), "*.")
		return strings.EqualFold(trimmed(peer), host) || ok && strings.HasSuffix(host, "."+any)
	})
}

// swapped gives the edits of host, port and protocol.
func (s *rsyslogSet) swapped(g standing, w Want, tls bool) ([]Edit, bool) {
	host, port, protocol := w.Fields["host"], w.Fields["port"], w.Fields["protocol"]
	was := g.Fields["protocol"]
	if protocol == "" {
		protocol = was
	}
	if protocol != was && (tls || protocol == "relp" || was == "relp") {
		return nil, false
	}
	if g.at.n.Name == "legacy" {
		return swappedLegacy(g, host, port, protocol)
	}
	return swappedObject(g, host, port, protocol)
}

// legacyAddress is where the host and port stand in an action such as @@(o)host:port;template.
type legacyAddress struct {
	prefix   string // what stands before the options
	options  string // with their parentheses
	from, to int    // of host and port
	port     string
}

// addressOf reads as rsyslogForward.legacy and target do.
func addressOf(text string) (legacyAddress, bool) {
	var a legacyAddress
	switch {
	case strings.HasPrefix(text, "@@"):
		a.prefix = "@@"
	case strings.HasPrefix(text, "@"):
		a.prefix = "@"
	case strings.HasPrefix(strings.ToLower(text), ":omrelp:"):
		a.prefix = text[:len(":omrelp:")]
	}
	a.from = len(a.prefix)
	if a.prefix != "" && a.prefix[0] == '@' && strings.HasPrefix(text[a.from:], "(") {
		end := strings.IndexByte(text[a.from:], ')')
		if end < 0 {
			return a, false
		}
		a.options = text[a.from : a.from+end+1]
		a.from += end + 1
	}
	a.to = a.from + strings.IndexAny(text[a.from:]+";", ":;# \t")
	if strings.HasPrefix(text[a.from:], "[") {
		a.to = a.from + strings.IndexByte(text[a.from:], ']') + 1
	}
	if strings.HasPrefix(text[a.to:], ":") {
		digits := text[a.to+1:]
		a.port = digits[:len(digits)-len(strings.TrimLeft(digits, "0123456789"))]
		a.to += 1 + len(a.port)
	}
	return a, a.prefix != "" && a.to > a.from
}

// written gives host and port as legacy actions have them.
func written(host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" {
		return host
	}
	return host + ":" + port
}

func swappedLegacy(g standing, host, port, protocol string) ([]Edit, bool) {
	n := g.at.n
	a, ok := addressOf(n.Value)
	if !ok || string(g.at.f.raw[n.ValStart:n.ValEnd]) != n.Value {
		return nil, false
	}
	if port == "" || port == syslogPort && a.port == "" {
		port = a.port
	}
	prefix := a.prefix
	if protocol != g.Fields["protocol"] {
		prefix = map[string]string{"udp": "@", "tcp": "@@"}[protocol]
		if a.options != "" {
			return nil, false
		}
	}
	text := prefix + a.options + written(host, port)
	return []Edit{{File: g.File, Start: n.ValStart, End: n.ValStart + a.to, Text: text}}, true
}

func swappedObject(g standing, host, port, protocol string) ([]Edit, bool) {
	target := param(g.at.n, "target")
	edits, more := []Edit(nil), ""
	put := func(name, was, text string) bool {
		if text == "" || text == was {
			return true
		}
		at := param(g.at.n, name)
		if at == nil {
			more += " " + name + `="` + text + `"`
			return true
		}
		if at.ValStart == 0 || len(at.Children) > 0 || strings.IndexByte(`"'`, g.at.f.raw[at.ValStart-1]) < 0 {
			return false
		}
		edits = append(edits, Edit{File: g.File, Start: at.ValStart, End: at.ValEnd, Text: text})
		return true
	}
	if !put("target", g.Fields["host"], host) || !put("port", g.Fields["port"], port) || !put("protocol", g.Fields["protocol"], protocol) {
		return nil, false
	}
	if more != "" {
		edits = append(edits, Edit{File: g.File, Start: target.End, End: target.End, Text: more})
	}
	return edits, true
}
