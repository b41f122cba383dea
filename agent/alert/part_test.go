package alert

import (
	"crypto/tls"
	"io"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"stigwatch/agent/alert/testdata/rig"
)

// ending is a receiver's program at the end of a connection, and up to which of three
// messages, all of which its machine confirmed, the sink is done for good then.
type ending struct {
	end  func(t *testing.T, conn net.Conn)
	done uint64
}

var endings = map[string]ending{
	"reads all": {func(t *testing.T, conn net.Conn) {
		_, err := io.Copy(io.Discard, conn)
		must(t, err)
		must(t, conn.Close())
	}, 3},
	"dies with something unread": {func(t *testing.T, conn net.Conn) {
		eventually(t, func() bool { return halfClosed(t, conn) })
		must(t, conn.Close())
	}, 0},
	"says nothing": {func(t *testing.T, conn net.Conn) {
		_, err := io.Copy(io.Discard, conn)
		must(t, err)
	}, 0},
}

// halfClosed tells whether the peer has closed its half, without reading.
func halfClosed(t *testing.T, conn net.Conn) bool {
	t.Helper()
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	raw, err := conn.(*net.TCPConn).SyscallConn()
	must(t, err)
	const closeWait = 8 // of net/tcp_states.h
	var info *unix.TCPInfo
	must(t, raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }))
	must(t, err)
	return info.State == closeWait
}

// What the receiver's machine confirmed just before a stop is done only when its
// program says that it read it.
func TestAtTheEndTheProgramIsAskedAndNotItsMachine(t *testing.T) {
	pki := rig.NewPKI(t, t.TempDir())
	pki.Issue(t, "server", rig.Fresh)
	pair, err := tls.LoadX509KeyPair(pki.File("server.pem"), pki.File("server.key"))
	must(t, err)
	for _, scheme := range []string{"tcp", "tls"} {
		for name, e := range endings {
			t.Run(scheme+" "+name, func(t *testing.T) {
				receiver := listen(t, "127.0.0.1:0")
				c := Config{Name: "siem", Type: "syslog", Address: scheme + "://" + receiver.Addr().String()}
				if scheme == "tls" {
					c.CA = pki.File("ca.pem")
				}
				sink, err := New(Options{Config: c})
				must(t, err)
				o := outletOf(sink, OutletOptions{Config: c})
				stop := running(t, o)
				for seq := uint64(1); seq <= 3; seq++ {
					offerOne(o, numbered(seq))
				}
				receiver.accept(t)
				conn := receiver.conn
				if scheme == "tls" {
					secure := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{pair}})
					must(t, secure.HandshakeContext(t.Context()))
					conn = secure
				}
				eventually(t, func() bool { return o.Stats().Queued == 0 }) // by its machine's word
				stopped := make(chan error, 1)
				go func() { stopped <- stop() }()
				e.end(t, conn)
				must(t, <-stopped)
				if done := o.spool.Cursor("siem"); done != e.done {
					t.Errorf("done with all up to %d, want %d", done, e.done)
				}
			})
		}
	}
}
