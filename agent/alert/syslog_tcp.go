package alert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// syslogTCP sends over TCP with the octet counting of RFC 6587: the length of
// each message stands before it. There is no acknowledgement: what was written
// before the peer's end became visible may be lost.
type syslogTCP struct {
	format formatter
	link   *link
}

func newSyslogTCP(address string, format formatter, dial DialFunc) *syslogTCP {
	l := newLink("tcp", address, dial)
	l.broken = peerGone
	return &syslogTCP{format: format, link: l}
}

// Send writes one frame. After an error the next frame goes over a new
// connection, so a frame that was cut never mixes with another.
func (s *syslogTCP) Send(ctx context.Context, batch []*Message) (int, error) {
	return one(batch, func(m *Message) error { return s.send(ctx, m) })
}

func (s *syslogTCP) send(ctx context.Context, m *Message) error {
	b, err := s.format.bytes(m)
	if err != nil {
		return err
	}
	return s.link.write(ctx, frame(b))
}

// trySend writes one frame when the peer has acknowledged all before it: then
// there is room for a whole one.
func (s *syslogTCP) trySend(m *Message) bool {
	b, err := s.format.bytes(m)
	return err == nil && s.link.try(frame(b), sendBufferEmpty)
}

// Close closes the connection; what was written is still delivered.
func (s *syslogTCP) Close() error { return s.link.close() }

func frame(b []byte) []byte {
	f := make([]byte, 0, len(b)+8)
	f = strconv.AppendInt(f, int64(len(b)), 10)
	f = append(f, ' ')
	return append(f, b...)
}

// peerGone reads what has come, without waiting, to see whether the peer closed
// the connection: the first write after that would still succeed. Receivers send
// nothing; if one does, it is thrown away.
func peerGone(fd int) error {
	var buf [512]byte
	for range 64 { // a peer that talks without end is not listened to for long
		n, _, err := syscall.Recvfrom(fd, buf[:], syscall.MSG_DONTWAIT)
		switch {
		case errors.Is(err, syscall.EAGAIN):
			return nil
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return fmt.Errorf("cannot read from the receiver: %w", err)
		case n == 0:
			return fmt.Errorf("the receiver closed the connection: %w", io.EOF)
		}
	}
	return nil
}

func sendBufferEmpty(fd int) bool {
	n, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ)
	return err == nil && n == 0
}
