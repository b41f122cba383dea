package alert

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"stigwatch/agent/alert/testdata/rig"
)

// cutter is a proxy that cuts each connection after some bytes, in the middle of
// whatever is under way, until it is told to stop that.
type cutter struct {
	net.Listener
	to    string
	whole atomic.Bool
	cuts  atomic.Int32
}

func newCutter(t *testing.T, to string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	c := &cutter{Listener: l, to: to}
	go c.serve()
	return c
}

func (c *cutter) serve() {
	for {
		conn, err := c.Accept()
		if err != nil {
			return
		}
		go c.pass(conn)
	}
}

// pass lets so many bytes through that a handshake of TLS always succeeds.
func (c *cutter) pass(in net.Conn) {
	defer in.Close()
	out, err := net.Dial("tcp", c.to)
	if err != nil {
		return
	}
	defer out.Close()
	go func() { _, _ = io.Copy(in, out); in.Close() }()
	if c.whole.Load() {
		_, _ = io.Copy(out, in)
		return
	}
	_, _ = io.CopyN(out, in, 4000+rand.Int64N(6000))
	c.cuts.Add(1)
	_ = in.(*net.TCPConn).SetLinger(0) // a reset
}

func TestConnectionsCutInTheMiddleLoseNothing(t *testing.T) {
	for _, transport := range []string{"tcp", "gnutls", "openssl", "relp", "relps"} {
		t.Run(transport, func(t *testing.T) {
			r := rig.StartRsyslog(t)
			r.PKI.Issue(t, "client", rig.Fresh)
			port := map[string]string{"tcp": r.TCP, "gnutls": r.GnuTLS, "openssl": r.OpenSSL, "relp": r.RELP, "relps": r.RELPS}[transport]
			proxy := newCutter(t, "127.0.0.1:"+port)
			scheme := map[string]string{"gnutls": "tls", "openssl": "tls"}[transport]
			if scheme == "" {
				scheme = transport
			}
			c := Config{Address: scheme + "://" + proxy.Addr().String()}
			if scheme == "tls" || scheme == "relps" {
				c = withTLS(r.PKI, c.Address)
			}
			if transport == "relp" || transport == "relps" {
				c.Type = "relp"
			}
			cutThenWhole(t, r, proxy, c, transport)
		})
	}
}

func cutThenWhole(t *testing.T, r *rig.Rsyslog, proxy *cutter, c Config, input string) {
	t.Helper()
	run := script()
	o := outletOf(rigSink(t, c), OutletOptions{})
	stop := running(t, o)
	for _, m := range run {
		offerOne(o, m)
	}
	eventually(t, func() bool { return proxy.cuts.Load() > 2 })
	proxy.whole.Store(true)
	r.Receipts(t, len(run))
	eventually(t, func() bool { return o.Stats().Queued == 0 })
	must(t, stop())
	got := map[string]rig.Receipt{}
	for _, receipt := range r.Receipts(t, len(run)) { // a connection may be read after a later one
		got[receipt.Data(t)[element]["seq"]] = receipt
	}
	var sorted []rig.Receipt
	for _, m := range run {
		sorted = append(sorted, got[parameters(m)["seq"]])
	}
	compareReceipts(t, sorted, run, 3, input)
}

func TestNameThatDoesNotResolveIsTriedAgain(t *testing.T) {
	receiver := listen(t, "127.0.0.1:0")
	var asked atomic.Int32
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if asked.Add(1) <= 4 {
			return nil, &net.DNSError{Err: "no such host", Name: "siem.example.invalid", IsNotFound: true}
		}
		var d net.Dialer
		return d.DialContext(ctx, network, receiver.Addr().String())
	}
	sink, err := New(Options{Config: Config{Type: "syslog", Address: "tcp://siem.example.invalid:601"}, Dial: dial})
	must(t, err)
	o := outletOf(sink, OutletOptions{})
	stop := running(t, o)
	for seq := uint64(1); seq <= 5; seq++ {
		offerOne(o, numbered(seq))
	}
	receiver.accept(t)
	if got := receiver.rest(t, 5); len(got) != 5 {
		t.Errorf("got %v", got)
	}
	eventually(t, func() bool { return o.Stats().Queued == 0 })
	must(t, stop())
	if s := o.Stats(); s.Retries != 4 || !s.Healthy {
		t.Errorf("%+v", s)
	}
}

// Bytes that the peer's machine acknowledged count only when the connection has
// stood for a while.
func TestFreshConnectionConfirmsNothing(t *testing.T) {
	receiver := listen(t, "127.0.0.1:0")
	sink := sinkTo(t, "tcp://"+receiver.Addr().String()).(*syslogTCP)
	must(t, send(t.Context(), sink, numbered(1)))
	receiver.accept(t)
	receiver.frame(t)
	born := time.Now()
	eventually(t, func() bool {
		open, err := sink.unconfirmed()
		must(t, err)
		return open == 0
	})
	if took := time.Since(born); took < grace-100*time.Millisecond {
		t.Errorf("confirmed after %v", took)
	}
	must(t, send(t.Context(), sink, numbered(2)))
	if !sink.trySend(numbered(3)) {
		eventually(t, func() bool { return sink.trySend(numbered(3)) }) // 2 was not acknowledged yet
	}
	if open, err := sink.unconfirmed(); open > 2 || err != nil {
		t.Errorf("%d open: %v", open, err)
	}
	must(t, sink.Close())
}

// A batch is written in a few pieces, each frame whole.
func TestBatchIsGatheredWithoutCuttingFrames(t *testing.T) {
	frames := [][]byte{make([]byte, chunkSize+5), make([]byte, 10), make([]byte, chunkSize-10), make([]byte, 1)}
	var pieces []int
	for rest := frames; len(rest) > 0; {
		chunk, n := gather(rest)
		pieces = append(pieces, len(chunk))
		rest = rest[n:]
	}
	if len(pieces) != 3 || pieces[0] != chunkSize+5 || pieces[1] != chunkSize || pieces[2] != 1 {
		t.Errorf("pieces of %v", pieces)
	}
}
