package alert

import (
	"context"
	"net"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// BenchmarkOfferToSocket measures from Offer until the bytes are in the
// receiver's socket. The receiver is looked at without waking a goroutine of its
// own, by the very goroutine that offered: as in the agent, whose loop goes on
// with its pass, the outlet's goroutine has to be taken up by another thread.
func BenchmarkOfferToSocket(b *testing.B) {
	for _, network := range []string{"unix", "udp", "tcp"} {
		b.Run(network, func(b *testing.B) { benchOffer(b, network) })
	}
}

// BenchmarkSend is the same without the outlet: what the hand-over comes on top of.
func BenchmarkSend(b *testing.B) {
	for _, network := range []string{"unix", "udp", "tcp"} {
		b.Run(network, func(b *testing.B) {
			sink, arrived := benchReceiver(b, network)
			m := FromChange(opened(), "sentry1", 1)
			measure(b, func() {
				if err := send(b.Context(), sink, &m); err != nil {
					b.Fatal(err)
				}
				arrived()
			})
		})
	}
}

// BenchmarkFormat measures writing one message as RFC 5424.
func BenchmarkFormat(b *testing.B) {
	format, err := newSyslogFormat("")
	if err != nil {
		b.Fatal(err)
	}
	m := FromChange(opened(), "sentry1", 1)
	for b.Loop() {
		if _, err := format.bytes(&m); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFromChange measures making one message.
func BenchmarkFromChange(b *testing.B) {
	c := opened()
	for b.Loop() {
		FromChange(c, "sentry1", 1)
	}
}

func benchOffer(b *testing.B, network string) {
	sink, arrived := benchReceiver(b, network)
	o := outletOf(sink, OutletOptions{})
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	m := FromChange(opened(), "sentry1", 1)
	measure(b, func() {
		offerOne(o, &m)
		arrived()
	})
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}

// measure runs f at a pace that lets everything fall asleep in between, as it
// is between real changes.
func measure(b *testing.B, f func()) {
	f()
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	var took []time.Duration
	for b.Loop() {
		<-pace.C
		start := time.Now()
		f()
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1e3, "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1e3, "p99-µs")
}

// benchReceiver makes a sink, the receiver's side of it, and a function that
// spins until something arrived there, and takes it.
func benchReceiver(b *testing.B, network string) (Sink, func()) {
	b.Helper()
	var side func() net.Conn // the receiver's end, once there is one
	address := ""
	switch network {
	case "unix":
		path := filepath.Join(b.TempDir(), "log")
		conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
		must(b, err)
		address, side = "unix://"+path, func() net.Conn { return conn }
	case "udp":
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		must(b, err)
		address, side = "udp://"+conn.LocalAddr().String(), func() net.Conn { return conn }
	case "tcp":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(b, err)
		b.Cleanup(func() { l.Close() })
		address = "tcp://" + l.Addr().String()
		side = func() net.Conn {
			conn, err := l.Accept()
			must(b, err)
			return conn
		}
	default:
		b.Fatalf("no network %q", network)
	}
	sink, err := New(Options{Config: Config{Type: "syslog", Address: address}})
	must(b, err)
	var raw syscall.RawConn
	return sink, func() {
		if raw == nil {
			conn := side()
			b.Cleanup(func() { conn.Close() })
			raw, err = conn.(syscall.Conn).SyscallConn()
			must(b, err)
		}
		must(b, raw.Control(spin))
	}
}

func spin(fd uintptr) {
	var buf [8192]byte
	for {
		if n, _, _ := syscall.Recvfrom(int(fd), buf[:], syscall.MSG_DONTWAIT); n > 0 {
			return
		}
	}
}
