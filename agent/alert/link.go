package alert

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

const (
	dialTimeout  = 5 * time.Second
	writeTimeout = 5 * time.Second
)

// link is a socket for datagrams to a receiver. It is made when there is
// something to send, and anew when that failed.
type link struct {
	network, address string
	dial             DialFunc
	conn             net.Conn
	raw              syscall.RawConn // of conn; nil when that has none
}

func newLink(network, address string, dial DialFunc) *link {
	return &link{network: network, address: address, dial: dialer(dial)}
}

// dialer is dial, or the real network's.
func dialer(dial DialFunc) DialFunc {
	if dial != nil {
		return dial
	}
	d := &net.Dialer{Timeout: dialTimeout}
	return d.DialContext
}

// write sends b as a whole. A socket from before that fails is replaced at once,
// and b is sent again: whoever restarts a receiver should not have to wait for a
// back-off.
func (l *link) write(ctx context.Context, b []byte) error {
	if l.conn != nil {
		err := l.attempt(ctx, b)
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) || ctx.Err() != nil {
			return err
		}
	}
	if err := l.connect(ctx); err != nil {
		return err
	}
	return l.attempt(ctx, b)
}

func (l *link) connect(ctx context.Context) error {
	conn, err := l.dial(ctx, l.network, l.address)
	if err != nil {
		return fmt.Errorf("cannot connect to %q: %w", l.address, err)
	}
	l.conn, l.raw = conn, nil
	if sc, ok := conn.(syscall.Conn); ok {
		l.raw, err = sc.SyscallConn()
	}
	return err
}

// try writes b if that can be done without waiting, on a socket that is there,
// and reports whether it did. After false it has to be written again.
func (l *link) try(b []byte) bool {
	if l.conn == nil || l.raw == nil {
		return false
	}
	n := 0
	err := l.raw.Control(func(fd uintptr) { // not raw.Write: that waits, or minds an old deadline
		n, _ = syscall.Write(int(fd), b)
	})
	return err == nil && n == len(b)
}

// attempt writes on the socket at hand and gives it up on any error.
func (l *link) attempt(ctx context.Context, b []byte) error {
	err := writeBefore(ctx, l.conn, b, time.Now().Add(writeTimeout))
	if err == nil {
		return nil
	}
	l.close()
	return fmt.Errorf("cannot send to %q: %w", l.address, err)
}

// writeBefore writes b until the deadline, zero being none, or the end of ctx.
func writeBefore(ctx context.Context, conn net.Conn, b []byte, deadline time.Time) error {
	if err := conn.SetWriteDeadline(deadline); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	_, err := conn.Write(b)
	return err
}

func (l *link) close() error {
	if l.conn == nil {
		return nil
	}
	conn := l.conn
	l.conn, l.raw = nil, nil
	if err := conn.Close(); err != nil {
		return fmt.Errorf("cannot close the connection to %q: %w", l.address, err)
	}
	return nil
}
