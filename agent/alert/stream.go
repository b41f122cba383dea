package alert

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

const (
	// grace is how long nothing counts as confirmed on a fresh connection. With
	// TLS 1.3 the client is done with the handshake before the server looked at its
	// certificate (RFC 8446, section 4.4.2.4): a refusal comes when the first
	// messages have left already, and the server's TCP has acknowledged them. The
	// same holds for a server that closes because it expected something else.
	grace = 500 * time.Millisecond

	chunkSize = 16 << 10 // bytes written at once: a record of TLS holds no more
)

// stream sends frames over TCP, or TLS over that, one connection after another.
// It is a witness: a frame is confirmed when the peer's TCP acknowledged its last
// byte on a connection that still stands. When a connection broke, it tells that
// once, and goes on over a new one.
type stream struct {
	address string
	dial    DialFunc
	tls     *tlsFiles // nil: plain TCP

	wire    *wire     // nil: no connection
	conn    net.Conn  // the wire, or TLS over it
	hint    string    // why the peer may refuse it
	born    time.Time // when the connection was made
	ends    []uint64  // of the frames that are not confirmed, in bytes of the wire
	lost    error     // the connection broke, and nobody was told
	scratch [512]byte
}

func newStream(address string, dial DialFunc, files *tlsFiles) *stream {
	return &stream{address: address, dial: dialer(dial), tls: files}
}

// send writes frames, several at once, and gives how many as a whole.
func (s *stream) send(ctx context.Context, frames [][]byte) (done int, err error) {
	if len(frames) == 0 {
		return 0, nil
	}
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	for done < len(frames) {
		chunk, n := gather(frames[done:])
		if err := writeBefore(ctx, s.conn, chunk, time.Time{}); err != nil {
			return done, s.drop(err)
		}
		for range n { // with TLS one cannot tell where in the record a frame ends
			s.ends = append(s.ends, s.wire.written)
		}
		done += n
	}
	return done, nil
}

// gather joins as many frames as go into one write, and at least one.
func gather(frames [][]byte) (chunk []byte, n int) {
	for size := 0; n < len(frames); n++ {
		if size += len(frames[n]); n > 0 && size > chunkSize {
			break
		}
		chunk = append(chunk, frames[n]...)
	}
	return chunk, n
}

// ready makes a connection when there is none, and looks after the one there is.
func (s *stream) ready(ctx context.Context) error {
	if err := s.broke(); err != nil {
		return err
	}
	if s.conn == nil {
		return s.connect(ctx)
	}
	if err := s.look(); err != nil {
		return s.drop(err)
	}
	return nil
}

func (s *stream) connect(ctx context.Context) error {
	w, err := dialWire(ctx, s.dial, s.address)
	if err != nil {
		return err
	}
	conn, hint := net.Conn(w), ""
	if s.tls != nil {
		conn, hint, err = s.tls.handshake(ctx, w)
		if err != nil {
			_ = w.Close()
			return fmt.Errorf("cannot make TLS with %q: %w", s.address, err)
		}
	}
	s.wire, s.conn, s.hint, s.born = w, conn, hint, time.Now()
	return nil
}

// try writes one frame without waiting, when the peer has acknowledged all before
// it: then there is room for a whole one.
func (s *stream) try(frame []byte) bool {
	if s.conn == nil {
		return false
	}
	open, err := s.wire.unacknowledged()
	if err == nil {
		err = s.look()
	}
	if err == nil && open > 0 {
		return false
	}
	if err == nil {
		s.wire.nowait = true
		_, err = s.conn.Write(frame)
		s.wire.nowait = false
	}
	if err != nil { // part of it may have left
		s.lost = s.drop(err)
		return false
	}
	s.ends = append(s.ends, s.wire.written)
	return true
}

// unconfirmed is witness's.
func (s *stream) unconfirmed() (int, error) {
	if err := s.broke(); err != nil {
		return 0, err
	}
	if s.conn == nil {
		return 0, nil
	}
	written := s.wire.written
	open, err := s.wire.unacknowledged()
	if err == nil {
		err = s.look() // after it: of a connection that broke, the kernel says that nothing is open
	}
	if err != nil {
		return 0, s.drop(err)
	}
	if time.Since(s.born) < grace {
		return len(s.ends), nil
	}
	i := 0
	for i < len(s.ends) && s.ends[i]+open <= written {
		i++
	}
	s.ends = append(s.ends[:0], s.ends[i:]...)
	return len(s.ends), nil
}

// look reads what has come, without waiting, to see whether the peer closed the
// connection or refused it: the next write would still succeed. Receivers send
// nothing; if one does, it is thrown away.
func (s *stream) look() error {
	s.wire.nowait = true
	defer func() { s.wire.nowait = false }()
	for range 64 { // a peer that talks without end is not listened to for long
		_, err := s.conn.Read(s.scratch[:])
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("the receiver closed the connection: %w", err)
		case err != nil:
			return err
		}
	}
	return nil
}

// drop gives the connection up, and everything on it, and says why.
func (s *stream) drop(err error) error {
	err = fmt.Errorf("cannot send to %q: %w", s.address, err)
	if s.hint != "" && time.Since(s.born) < overlapTime {
		err = fmt.Errorf("%w (%s)", err, s.hint)
	}
	_ = s.wire.Close() // TLS would want to say good-bye
	s.wire, s.conn, s.hint, s.ends = nil, nil, "", s.ends[:0]
	return err
}

// broke tells once that the connection broke.
func (s *stream) broke() error {
	err := s.lost
	s.lost = nil
	return err
}

// part is parting's. Only this side's half of the connection is closed, so that the
// peer's end can be told from a break: the kernel of a program that ends its half
// with something unread, or that died, sends a reset and not an end (RFC 1122, section
// 4.2.2.13; RFC 2525, section 2.17).
func (s *stream) part(ctx context.Context) bool {
	if s.conn == nil || ctx.Err() != nil || s.look() != nil {
		return false
	}
	stop := context.AfterFunc(ctx, func() { _ = s.wire.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if secure, ok := s.conn.(*tls.Conn); ok && secure.CloseWrite() != nil {
		return false
	}
	if s.wire.closeWrite() != nil {
		return false
	}
	for { // a peer that talks without end is listened to until ctx ends
		if _, err := s.wire.Read(s.scratch[:]); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// close closes the connection; what was written is still delivered.
func (s *stream) close() error {
	if s.conn == nil {
		return nil
	}
	end := s.conn.Close
	if s.look() != nil { // which reads: with something unread, the kernel would throw away what is under way
		end = s.wire.Close
	}
	err := end()
	s.wire, s.conn = nil, nil
	if err != nil {
		return fmt.Errorf("cannot close the connection to %q: %w", s.address, err)
	}
	return nil
}
