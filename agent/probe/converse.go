package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// converse makes one connection, sends the hello and has the answer read. Dialling,
// writing and reading share one time limit, which no drip of bytes prolongs.
func converse(ctx context.Context, address string, h hello, o Options, read func(*stream) error) error {
	record, err := h.record(o.ServerName)
	if err != nil {
		return err
	}
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	dial := o.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := conn.Write(record); err != nil {
		return withCause(ctx, err)
	}
	return withCause(ctx, read(&stream{r: conn}))
}

// withCause says "cancelled" of what broke off because the caller wanted it so.
func withCause(ctx context.Context, err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
}

// reason says in words why there is no answer.
func reason(err error) string {
	var timeout interface{ Timeout() bool }
	var errno syscall.Errno
	switch {
	case errors.Is(err, context.Canceled):
		return "the probe was cancelled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed in the middle of the answer"
	case errors.Is(err, io.EOF):
		return "the connection was closed without an answer"
	case errors.As(err, &errno):
		return errno.Error()
	}
	return err.Error()
}
