package alert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// silence is how long a peer's machine may acknowledge nothing before the kernel
// gives the connection up: TCP_USER_TIMEOUT of tcp(7). Without it, a peer that
// lost its power would be noticed after a quarter of an hour.
const silence = 30 * time.Second

// wire is a TCP connection that counts what is written, and that can be used
// without waiting: also by TLS, which then reads and writes through it.
type wire struct {
	net.Conn
	raw     syscall.RawConn
	written uint64 // bytes
	nowait  bool   // what would have to wait fails with os.ErrDeadlineExceeded
}

// dialWire connects over TCP.
func dialWire(ctx context.Context, dial DialFunc, address string) (*wire, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to %q: %w", address, err)
	}
	w := &wire{Conn: conn}
	if sc, ok := conn.(*net.TCPConn); ok {
		w.raw, err = sc.SyscallConn()
	} else {
		err = errors.New("it is no TCP connection")
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("cannot use the connection to %q: %w", address, err)
	}
	_ = w.raw.Control(func(fd uintptr) { // a kernel without it takes longer to notice, no more
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(silence.Milliseconds()))
	})
	return w, nil
}

// Write is net.Conn's.
func (w *wire) Write(b []byte) (n int, err error) {
	if w.nowait {
		n, err = w.now(func(fd int) (int, error) { return syscall.Write(fd, b) })
	} else {
		n, err = w.Conn.Write(b)
	}
	w.written += uint64(n)
	if err == nil && n < len(b) {
		err = os.ErrDeadlineExceeded
	}
	return n, err
}

// Read is net.Conn's.
func (w *wire) Read(b []byte) (int, error) {
	if !w.nowait {
		return w.Conn.Read(b)
	}
	n, err := w.now(func(fd int) (int, error) {
		n, _, err := syscall.Recvfrom(fd, b, syscall.MSG_DONTWAIT)
		return n, err
	})
	if n == 0 && err == nil && len(b) > 0 {
		err = io.EOF
	}
	return n, err
}

// now calls a system call that does not wait. It goes around the runtime's
// poller, which waits, or minds an old deadline.
func (w *wire) now(call func(fd int) (int, error)) (n int, err error) {
	outer := w.raw.Control(func(fd uintptr) {
		for {
			if n, err = call(int(fd)); !errors.Is(err, syscall.EINTR) {
				return
			}
		}
	})
	if errors.Is(err, syscall.EAGAIN) {
		err = os.ErrDeadlineExceeded // to TLS, an error that passes
	}
	if outer != nil {
		err = outer
	}
	return max(n, 0), err
}

// closeWrite ends this side's half.
func (w *wire) closeWrite() error {
	c, ok := w.Conn.(*net.TCPConn)
	if !ok {
		return errors.ErrUnsupported
	}
	return c.CloseWrite()
}

// unacknowledged is how many of the bytes written the peer's TCP has not
// acknowledged.
func (w *wire) unacknowledged() (n uint64, err error) {
	outer := w.raw.Control(func(fd uintptr) {
		var size int
		size, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		n = uint64(max(size, 0))
	})
	return n, errors.Join(outer, err)
}
