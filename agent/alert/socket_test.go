package alert

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/leodido/go-syslog/v4/rfc5424"
)

// patience is how long a test waits for what must come. Only a failure takes it.
const patience = 10 * time.Second

func sinkTo(t *testing.T, address string) Sink {
	t.Helper()
	sink, err := New(Options{Config: Config{Type: "syslog", Address: address}})
	must(t, err)
	return sink
}

func numbered(seq uint64) *Message {
	c := opened()
	c.Result.Reason = "change number " + strconv.FormatUint(seq, 10)
	m := FromChange(c, "sentry1", seq)
	return &m
}

func seqOf(t *testing.T, line []byte) uint64 {
	t.Helper()
	seq, err := strconv.ParseUint(parameter(t, line, "seq"), 10, 64)
	must(t, err)
	return seq
}

func idOf(t *testing.T, line []byte) string { t.Helper(); return parameter(t, line, "id") }

func parameter(t *testing.T, line []byte, name string) string {
	t.Helper()
	parsed, err := rfc5424.NewParser().Parse(line)
	must(t, err)
	return (*parsed.(*rfc5424.SyslogMessage).StructuredData)[element][name]
}

// datagrams is a receiver of datagrams.
func datagrams(t *testing.T, network, address string) net.PacketConn {
	t.Helper()
	conn, err := net.ListenPacket(network, address)
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	must(t, conn.SetReadDeadline(time.Now().Add(patience)))
	return conn
}

func datagram(t *testing.T, conn net.PacketConn) []byte {
	t.Helper()
	b := make([]byte, 64<<10)
	n, _, err := conn.ReadFrom(b)
	must(t, err)
	return b[:n]
}

// receiver takes frames.
type receiver struct {
	net.Listener
	conn net.Conn
	in   *bufio.Reader
}

func listen(t *testing.T, address string) *receiver {
	t.Helper()
	l, err := net.Listen("tcp", address)
	must(t, err)
	t.Cleanup(func() { l.Close() })
	must(t, l.(*net.TCPListener).SetDeadline(time.Now().Add(patience)))
	return &receiver{Listener: l}
}

func (s *receiver) accept(t *testing.T) {
	t.Helper()
	conn, err := s.Accept()
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	must(t, conn.SetReadDeadline(time.Now().Add(patience)))
	s.conn, s.in = conn, bufio.NewReader(conn)
}

// frame reads one frame; nil at a clean end.
func (s *receiver) frame(t *testing.T) []byte {
	t.Helper()
	length, err := s.in.ReadString(' ')
	if errors.Is(err, io.EOF) && length == "" {
		return nil
	}
	must(t, err)
	n, err := strconv.Atoi(strings.TrimSuffix(length, " "))
	must(t, err)
	b := make([]byte, n)
	_, err = io.ReadFull(s.in, b)
	must(t, err)
	return b
}

// rest reads frames up to the one numbered last, which must come in order.
func (s *receiver) rest(t *testing.T, last uint64) (seqs []uint64) {
	t.Helper()
	for {
		b := s.frame(t)
		if b == nil {
			t.Fatalf("the stream ended after %v", seqs)
		}
		seqs = append(seqs, seqOf(t, b))
		if seqs[len(seqs)-1] == last {
			return seqs
		}
	}
}

func TestHostileValuesOverRealSockets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	unix, udp := datagrams(t, "unixgram", path), datagrams(t, "udp", "127.0.0.1:0")
	tcp := listen(t, "127.0.0.1:0")
	receivers := []struct {
		address string
		next    func() []byte
	}{
		{"unix://" + path, func() []byte { return datagram(t, unix) }},
		{"udp://" + udp.LocalAddr().String(), func() []byte { return datagram(t, udp) }},
		{"tcp://" + tcp.Addr().String(), func() []byte {
			if tcp.conn == nil {
				tcp.accept(t)
			}
			return tcp.frame(t)
		}},
	}
	for _, r := range receivers {
		sink := sinkTo(t, r.address)
		for _, value := range hostile {
			c := opened()
			c.Result.Reason, c.Result.Evidence[0].Actual = value, value
			m := FromChange(c, "sentry1", 1)
			must(t, send(t.Context(), sink, &m))
			compareParsed(t, &m, r.next())
		}
		must(t, sink.Close())
	}
}

func TestUnixReceiverRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	sink := sinkTo(t, "unix://"+path)
	if err := send(t.Context(), sink, numbered(1)); err == nil {
		t.Fatal("sent to nobody")
	}
	for seq := uint64(1); seq <= 3; seq++ {
		receiver := datagrams(t, "unixgram", path)
		must(t, send(t.Context(), sink, numbered(seq)))
		if got := seqOf(t, datagram(t, receiver)); got != seq {
			t.Errorf("got %d, want %d", got, seq)
		}
		must(t, receiver.Close())
		must(t, os.Remove(path))
	}
}

func TestTooLongADatagramIsRejected(t *testing.T) {
	udp := datagrams(t, "udp", "127.0.0.1:0")
	l := newLink("udp", udp.LocalAddr().String(), nil)
	err := rejectTooLong(l.write(t.Context(), make([]byte, 70_000)))
	if !errors.Is(err, ErrRejected) {
		t.Error(err)
	}
	must(t, l.write(t.Context(), []byte("next")))
	if got := datagram(t, udp); string(got) != "next" {
		t.Errorf("got %q", got)
	}
	must(t, l.close())
}

func TestTCPTellsOnceThatThePeerClosed(t *testing.T) {
	receiver := listen(t, "127.0.0.1:0")
	sink := sinkTo(t, "tcp://"+receiver.Addr().String()).(*syslogTCP)
	for seq := uint64(1); seq <= 3; seq++ {
		must(t, send(t.Context(), sink, numbered(seq)))
		receiver.accept(t)
		if got := seqOf(t, receiver.frame(t)); got != seq {
			t.Errorf("got %d, want %d", got, seq)
		}
		_, err := receiver.conn.Write([]byte("noise that nobody asked for"))
		must(t, err)
		must(t, receiver.conn.Close())
		eventually(t, func() bool { return sink.stream.look() != nil })
		tell := [...]func() error{
			func() error { return send(t.Context(), sink, numbered(seq)) },
			func() error { _, err := sink.unconfirmed(); return err },
			func() error {
				if sink.trySend(numbered(seq)) {
					t.Error("wrote to a connection that the peer had closed")
				}
				return send(t.Context(), sink, numbered(seq))
			},
		}[seq-1]
		if tell() == nil {
			t.Error("it was not told")
		}
		if open, err := sink.unconfirmed(); open != 0 || err != nil {
			t.Errorf("then %d are open: %v", open, err)
		}
	}
	must(t, sink.Close())
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("it did not come to that")
		}
	}
}

func TestReceiverThatIsDownLosesNothing(t *testing.T) {
	down := listen(t, "127.0.0.1:0")
	address := down.Addr().String()
	must(t, down.Close())
	o := outletOf(sinkTo(t, "tcp://"+address), OutletOptions{})
	stop := running(t, o)
	for seq := uint64(1); seq <= 500; seq++ {
		offerOne(o, numbered(seq))
	}
	eventually(t, func() bool { return o.Stats().Retries > 1 })

	up := listen(t, address)
	up.accept(t)
	if d := cmp.Diff(numbers(1, 500), up.rest(t, 500)); d != "" {
		t.Error(d)
	}
	must(t, up.conn.Close()) // it goes away again, with nothing under way
	must(t, up.Close())
	eventually(t, func() bool { return o.Stats().Sent == 500 })
	for seq := uint64(501); seq <= 600; seq++ {
		offerOne(o, numbered(seq))
	}
	eventually(t, func() bool { return o.Stats().Failures > 1 })

	again := listen(t, address)
	again.accept(t)
	got := again.rest(t, 600) // what was confirmed lately comes again
	if d := cmp.Diff(numbers(min(got[0], 501), 600), got); d != "" {
		t.Error(d)
	}
	eventually(t, func() bool { return o.Stats().Sent == 600 })
	must(t, stop())
	if s := o.Stats(); s.Dropped != 0 || !s.Healthy {
		t.Errorf("%+v", s)
	}
}

// smallBuffers makes a sender stand still early.
func smallBuffers(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return conn, conn.(*net.TCPConn).SetWriteBuffer(4096)
}

// The receiver's machine takes some, its program reads a few of those and dies.
func TestConnectionCutInTheMiddleOfAFrame(t *testing.T) {
	receiver := listen(t, "127.0.0.1:0")
	sink, err := New(Options{Config: Config{Type: "syslog", Address: "tcp://" + receiver.Addr().String()}, Dial: smallBuffers})
	must(t, err)
	o := outletOf(sink, OutletOptions{})
	stop := running(t, o)
	const last, read = 9000, 7
	for seq := uint64(1); seq <= last; seq++ {
		offerOne(o, numbered(seq))
	}
	receiver.accept(t)
	ids := map[uint64]string{}
	for seq := uint64(1); seq <= read; seq++ {
		b := receiver.frame(t)
		ids[seqOf(t, b)] = idOf(t, b)
	}
	atRest(t, o) // the receiver does not read: a frame stands half written
	must(t, receiver.conn.Close())

	receiver.accept(t)
	first := receiver.frame(t)
	from := seqOf(t, first)
	if from > read+1 {
		t.Errorf("%d to %d are lost", read+1, from-1)
	}
	if was := ids[from]; was != "" && was != idOf(t, first) {
		t.Errorf("%d came again as %s, was %s", from, idOf(t, first), was)
	}
	if d := cmp.Diff(numbers(from+1, last), receiver.rest(t, last)); d != "" {
		t.Error(d)
	}
	eventually(t, func() bool { return o.Stats().Queued == 0 })
	must(t, stop())
	if s := o.Stats(); s.Sent != last || s.Resent == 0 || s.Dropped != 0 {
		t.Errorf("%+v", s)
	}
}

// atRest waits until the outlet has sent something and then no more for a while.
func atRest(t *testing.T, o *Outlet) {
	t.Helper()
	sent, same := uint64(0), 0
	eventually(t, func() bool {
		if s := o.Stats().Sent; s != sent {
			sent, same = s, 0
		}
		same++
		return sent > 0 && same > 200
	})
}

func TestSlowReceiverDoesNotHoldUpOffers(t *testing.T) {
	receiver := listen(t, "127.0.0.1:0")
	sink, err := New(Options{Config: Config{Type: "syslog", Address: "tcp://" + receiver.Addr().String()}, Dial: smallBuffers})
	must(t, err)
	dropped := uint64(0)
	o := outletOf(sink, OutletOptions{Config: Config{Name: "siem"}, OnDropped: func(n uint64) { dropped += n }})
	stop := running(t, o)
	const offered = 3 * memoryLimit
	offer(o, 1, offered) // would stand still here
	atRest(t, o)
	s := o.Stats()
	if s.Queued != memoryLimit || dropped == 0 {
		t.Errorf("%d dropped: %+v", dropped, s)
	}
	start := time.Now()
	if err := stop(); err == nil || !strings.Contains(err.Error(), "alerts for sink") {
		t.Error(err)
	}
	if took := time.Since(start); took > drainTime+writeTimeout/2 {
		t.Errorf("stopping took %v", took)
	}
}

func TestUDPGoesOnWhenTheReceiverComesBack(t *testing.T) {
	first := datagrams(t, "udp", "127.0.0.1:0")
	address := first.LocalAddr().String()
	o := outletOf(sinkTo(t, "udp://"+address), OutletOptions{})
	stop := running(t, o)
	offerOne(o, numbered(1))
	if got := seqOf(t, datagram(t, first)); got != 1 {
		t.Errorf("got %d", got)
	}
	must(t, first.Close())
	offerOne(o, numbered(2)) // lost, as UDP does
	eventually(t, func() bool { return o.Stats().Sent == 2 })
	second := datagrams(t, "udp", address)
	offerOne(o, numbered(3))
	if got := seqOf(t, datagram(t, second)); got != 3 {
		t.Errorf("got %d", got)
	}
	must(t, stop())
}
