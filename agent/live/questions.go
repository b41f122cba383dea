package live

import (
	"context"
	"encoding/pem"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"stigwatch/agent/finding"
	"stigwatch/agent/probe"
)

// The kinds of questions. An answer is text, as if it stood in a file: of versions
// for the tlsprobe lens, of a handshake for the tlsflight and pem lenses, of units
// for the unit lens.
const (
	versionsQuestion = "tls/"
	flightQuestion   = "cert/"
	unitQuestion     = "unit/"
)

// listening is the fact that says where a port can be reached.
const listening = "sockets.listening"

// maxServed is how many certificates a port may serve: each costs signatures to
// verify. A usual chain has two or three.
const maxServed = 16

// port asks a question to a port.
func (a *Asker) port(ctx context.Context, question string, sockets *finding.Fact) answer {
	kind, port, _ := strings.Cut(question, "/")
	address, err := reach(port, sockets)
	if err != nil {
		return answer{err: err}
	}
	switch kind + "/" {
	case versionsQuestion:
		return answer{text: versionsText(probe.Versions(ctx, address, a.probe))}
	case flightQuestion:
		f, err := probe.Handshake(ctx, address, a.probe)
		if err != nil {
			return answer{err: err}
		}
		return flightText(f)
	}
	return answer{err: fmt.Errorf("cannot ask %q: there is no such question", question)}
}

func versionsText(answers []probe.Answer) []byte {
	var b strings.Builder
	for _, v := range answers {
		fmt.Fprintf(&b, "%s %s %s\n", v.Version, v.State, v.Reason)
	}
	return []byte(b.String())
}

// flightText writes what was seen before the certificates, then them.
func flightText(f probe.Flight) answer {
	if len(f.Chain) > maxServed {
		return answer{err: fmt.Errorf("it serves %d certificates, which is more than %d", len(f.Chain), maxServed)}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "version %s\n", f.Version)
	fmt.Fprintf(&b, "client certificate %s\n", map[bool]string{true: "requested", false: "not requested"}[f.Requested])
	for _, der := range f.Chain {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	return answer{text: []byte(b.String())}
}

// askUnits asks systemd those of the questions that are to it.
func (a *Asker) askUnits(ctx context.Context, questions []string, got []answer) {
	var names []string
	var places []int
	for i, q := range questions {
		if name, ok := strings.CutPrefix(q, unitQuestion); ok {
			names, places = append(names, name), append(places, i)
		}
	}
	if len(names) == 0 {
		return
	}
	for i, u := range a.units.Ask(ctx, names) {
		got[places[i]] = answer{err: u.Err}
		if u.Err == nil {
			got[places[i]].text = fmt.Appendf(nil, "Id=%s\nLoadState=%s\nActiveState=%s\nSubState=%s\nJob=%d\n",
				u.Unit, u.State.Load, u.State.Active, u.State.Sub, u.State.Job)
		}
	}
}

// reach gives an address of this machine at which a TCP port can be asked.
func reach(port string, sockets *finding.Fact) (string, error) {
	if sockets == nil || sockets.State != finding.Known {
		return "", fmt.Errorf("where port %s listens is not known", port)
	}
	list, _ := sockets.Value.([]any)
	for _, item := range list {
		s, _ := item.(map[string]any)
		if s["protocol"] != "tcp" || fmt.Sprint(s["port"]) != port {
			continue
		}
		text, _ := s["address"].(string)
		ip, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		if ip.IsUnspecified() {
			ip = map[bool]netip.Addr{true: netip.IPv6Loopback(), false: netip.AddrFrom4([4]byte{127, 0, 0, 1})}[ip.Is6()]
		}
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return "", err
		}
		return netip.AddrPortFrom(ip, uint16(n)).String(), nil
	}
	return "", fmt.Errorf("nothing listens on port %s", port)
}
