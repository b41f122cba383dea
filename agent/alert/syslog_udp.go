package alert

import (
	"context"
	"errors"
	"fmt"
	"syscall"
)

// syslogUDP sends datagrams as RFC 5426 has them. UDP promises nothing: that a
// receiver is away shows at the next message at best, and only when its machine
// answers with an ICMP error.
type syslogUDP struct {
	format formatter
	link   *link
}

func newSyslogUDP(address string, format formatter, dial DialFunc) *syslogUDP {
	return &syslogUDP{format: format, link: newLink("udp", address, dial)}
}

// Send hands one datagram to the network.
func (s *syslogUDP) Send(ctx context.Context, batch []*Message) (int, error) {
	return one(batch, func(m *Message) error { return s.send(ctx, m) })
}

func (s *syslogUDP) send(ctx context.Context, m *Message) error {
	b, err := s.format.bytes(m)
	if err != nil {
		return err
	}
	return rejectTooLong(s.link.write(ctx, b))
}

func (s *syslogUDP) trySend(m *Message) bool {
	b, err := s.format.bytes(m)
	return err == nil && s.link.try(b)
}

// Close closes the socket.
func (s *syslogUDP) Close() error { return s.link.close() }

// rejectTooLong marks the one error of a datagram that no new try and no new
// connection can mend.
func rejectTooLong(err error) error {
	if errors.Is(err, syscall.EMSGSIZE) {
		return fmt.Errorf("%w: %w", ErrRejected, err)
	}
	return err
}
