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

// link is one connection to a receiver. It is dialled when there is something
// to send, and anew when it broke.
type link struct {
	network, address string
	dial             DialFunc
	broken           func(fd int) error // looks, before each write, whether the peer has gone; may be nil
	conn             net.Conn
	raw              syscall.RawConn // of conn; nil when that has none
}

func newLink(network, address string, dial DialFunc) *link {
	if dial == nil {
		d := &net.Dialer{Timeout: dialTimeout}
		dial = d.DialContext
	}
	return &link{network: network, address: address, dial: dial}
}

// write sends b as a whole. A connection from before that fails is replaced at
// once, and b is sent again from its first byte: whoever restarts a receiver
// should not have to wait for a back-off.
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

// try writes b if that can be done without waiting, on a connection that is
// there, and reports whether it did. After false it has to be written again.
func (l *link) try(b []byte, fits func(fd int) bool) bool {
	if l.conn == nil || l.raw == nil {
		return false
	}
	n := 0
	err := l.raw.Control(func(fd uintptr) { // not raw.Write: that waits, or minds an old deadline
		if l.broken != nil && l.broken(int(fd)) != nil {
			return
		}
		if fits == nil || fits(int(fd)) {
			n, _ = syscall.Write(int(fd), b)
		}
	})
	if n > 0 && n < len(b) {
		_ = l.close() // half a frame has left: the whole one goes over a new connection
	}
	return err == nil && n == len(b)
}

// attempt writes on the connection at hand and gives it up on any error: part of
// b may have left.
func (l *link) attempt(ctx context.Context, b []byte) error {
	err := l.push(ctx, b)
	if err == nil {
		return nil
	}
	l.close()
	return fmt.Errorf("cannot send to %q: %w", l.address, err)
}

func (l *link) push(ctx context.Context, b []byte) error {
	if err := l.look(); err != nil {
		return err
	}
	conn := l.conn
	if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	_, err := conn.Write(b)
	return err
}

func (l *link) look() error {
	if l.broken == nil || l.raw == nil {
		return nil
	}
	var gone error
	err := l.raw.Control(func(fd uintptr) { gone = l.broken(int(fd)) })
	return errors.Join(err, gone)
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
