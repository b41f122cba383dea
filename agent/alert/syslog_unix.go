package alert

import "context"

// syslogUnix sends datagrams to a local syslog socket, by default /dev/log. A
// receiver that reads that socket in the old local format has to be told that
// RFC 5424 comes there: rsyslog's imuxsock by UseSpecialParser="off".
type syslogUnix struct {
	format formatter
	link   *link
}

func newSyslogUnix(path string, format formatter, dial DialFunc) *syslogUnix {
	return &syslogUnix{format: format, link: newLink("unixgram", path, dial)}
}

// Send waits while the receiver's queue is full, as datagrams between local
// programs do: nothing is lost there.
func (s *syslogUnix) Send(ctx context.Context, batch []*Message) (int, error) {
	return one(batch, func(m *Message) error { return s.send(ctx, m) })
}

func (s *syslogUnix) send(ctx context.Context, m *Message) error {
	b, err := s.format.bytes(m)
	if err != nil {
		return err
	}
	return rejectTooLong(s.link.write(ctx, b))
}

func (s *syslogUnix) trySend(m *Message) bool {
	b, err := s.format.bytes(m)
	return err == nil && s.link.try(b)
}

// Close closes the socket.
func (s *syslogUnix) Close() error { return s.link.close() }
