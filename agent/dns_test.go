package agent

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
)

// The return codes of RFC 1035, and none at all.
const (
	dnsFine   = 0
	dnsFailed = 2 // SERVFAIL
	dnsNoName = 3 // NXDOMAIN
	dnsSilent = -1
)

// nameServer answers each question for an address with 127.0.0.1, or as it is told.
type nameServer struct {
	addr   string
	answer atomic.Int32
	asked  [4]atomic.Int32 // how often, by answer; the last is of silence
}

func newNameServer(t *testing.T) *nameServer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{addr: conn.LocalAddr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		b := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			code := int(s.answer.Load())
			s.asked[code&3].Add(1)
			if code != dnsSilent {
				_, _ = conn.WriteTo(dnsReply(b[:n], code), from)
			}
		}
	})
	t.Cleanup(func() { conn.Close(); all.Wait() })
	return s
}

// dnsReply answers the one question of a query (RFC 1035, 4.1).
func dnsReply(query []byte, code int) []byte {
	end := 12
	for end < len(query) && query[end] != 0 {
		end += 1 + int(query[end])
	}
	end += 5 // the root's label, type, class
	reply := slices.Clone(query[:end])
	copy(reply[2:], []byte{0x81, 0x80 | byte(code), 0, 1, 0, 0, 0, 0, 0, 0}) // a response, recursion available
	if isA := reply[end-3] == 1; isA && code == dnsFine {
		reply[7] = 1
		reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1)
	}
	return reply
}

// dial resolves names by the server alone.
func (s *nameServer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", s.addr)
	}}
	return (&net.Dialer{Resolver: r, Timeout: time.Second}).DialContext(ctx, network, address)
}

// resolve has an agent's sinks resolve names by the server.
func (s *nameServer) resolve(a *Agent) {
	a.newSink = func(o alert.Options) (alert.Sink, error) { o.Dial = s.dial; return alert.New(o) }
}

// awaitFailures waits until a sink has failed so often in a row, and gives why.
func (d *daemon) awaitFailures(sink string, n int) string {
	d.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		for _, s := range d.status().Agent.Sinks {
			if s.Name == sink && s.Failures >= n {
				return s.LastError
			}
		}
	}
	d.t.Fatalf("sink %q does not fail", sink)
	return ""
}

func TestASinkWhoseNameIsNotResolvedLosesNothing(t *testing.T) {
	for name, code := range map[string]int{"SERVFAIL": dnsFailed, "NXDOMAIN": dnsNoName, "silence": dnsSilent} {
		t.Run(name, func(t *testing.T) {
			siem, names := newCollector(t), newNameServer(t)
			names.answer.Store(int32(code))
			_, port, _ := net.SplitHostPort(siem.addr)
			dir, _ := sinking(t, func(string) []string {
				return []string{fmt.Sprintf("name: siem, type: syslog, address: \"tcp://siem.example:%s\"", port)}
			})
			d := startWith(t, dir, names.resolve)
			var told []got
			text := []string{">15<", ">8<"}
			change := func(i int, event finding.Event) {
				rig.Edit(t, d.file(rig.Identity), text[i%2], text[1-i%2])
				m := d.want(event, "V-250989")
				told = append(told, got{m.Seq, m.ID})
			}
			change(0, finding.Opened)
			why := d.awaitFailures("siem", 2)
			change(1, finding.Resolved)
			if !strings.Contains(why, "siem.example") || names.asked[code&3].Load() == 0 {
				t.Errorf("it fails for another reason: %s", why)
			}
			d.end() // what waits outlives a restart
			names.answer.Store(dnsFine)
			d = startWith(t, dir, names.resolve)
			change(2, finding.Opened)
			d.end()
			first, _ := inOrder(t, "siem", siem.got())
			first = slices.DeleteFunc(first, func(g got) bool { return !slices.Contains(told, g) })
			if !slices.Equal(first, told) {
				t.Errorf("it got %v, want %v", first, told)
			}
		})
	}
}

// A name that is resolved again is tried again by itself.
func TestASinkComesBackWhenItsNameDoes(t *testing.T) {
	siem, names := newCollector(t), newNameServer(t)
	names.answer.Store(dnsFailed)
	_, port, _ := net.SplitHostPort(siem.addr)
	dir, _ := sinking(t, func(string) []string {
		return []string{fmt.Sprintf("name: siem, type: syslog, address: \"tcp://siem.example:%s\"", port)}
	})
	d := startWith(t, dir, names.resolve)
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	m := d.want(finding.Opened, "V-250989")
	d.awaitFailures("siem", 1)
	names.answer.Store(dnsFine)
	for deadline := time.Now().Add(patience); !slices.Contains(siem.got(), got{m.Seq, m.ID}); d.status() {
		if time.Now().After(deadline) {
			t.Fatal("it does not get the alert")
		}
	}
}
