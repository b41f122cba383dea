package alert

import (
	"context"
	"strconv"
)

// syslogTCP sends over TCP, or over TLS as RFC 5425 has it, with octet counting:
// the length of each message stands before it (RFC 6587, section 3.4.1; RFC 5425,
// section 4.3). Neither has an acknowledgement: see stream for what stands in.
type syslogTCP struct {
	format formatter
	stream *stream
}

func newSyslogTCP(address string, format formatter, dial DialFunc, files *tlsFiles) *syslogTCP {
	return &syslogTCP{format: format, stream: newStream(address, dial, files)}
}

// Send writes the frames of a batch. After an error the next frame goes over a
// new connection, so a frame that was cut never mixes with another.
func (s *syslogTCP) Send(ctx context.Context, batch []*Message) (int, error) {
	var frames [][]byte
	_, rejected := one(batch, func(m *Message) error {
		b, err := s.format.bytes(m)
		if err == nil {
			frames = append(frames, frame(b))
		}
		return err
	})
	done, err := s.stream.send(ctx, frames)
	if err == nil {
		err = rejected
	}
	return done, err
}

func (s *syslogTCP) trySend(m *Message) bool {
	b, err := s.format.bytes(m)
	return err == nil && s.stream.try(frame(b))
}

func (s *syslogTCP) unconfirmed() (int, error) { return s.stream.unconfirmed() }

func (s *syslogTCP) part(ctx context.Context) bool { return s.stream.part(ctx) }

// Close closes the connection; what was written is still delivered.
func (s *syslogTCP) Close() error { return s.stream.close() }

func frame(b []byte) []byte {
	f := make([]byte, 0, len(b)+8)
	f = strconv.AppendInt(f, int64(len(b)), 10)
	f = append(f, ' ')
	return append(f, b...)
}
