package alert

import (
	"context"
	"fmt"
	"strconv"
)

// relpKind is syslog over RELP, whose receiver acknowledges each message.
var relpKind = kind{
	keys:    append([]string{"address", "facility"}, tlsKeys...),
	formats: []string{"rfc5424"},
	fill: func(c *Config) {
		if c.Facility == "" {
			c.Facility = defaultFacility
		}
	},
	check: func(c *Config, wrong Wrong) {
		why := relpAddresses.bad(c.Address)
		if why != "" {
			wrong("address", "%s", why)
		}
		checkFacility(c, wrong)
		scheme, _, _ := relpAddresses.split(c.Address)
		checkTLS(c, scheme == "relps" || why != "", "this address", wrong)
	},
	open: newRELP,
}

// relpAddresses have the port of the receivers' examples: none is registered.
var relpAddresses = addresses{
	ports: map[string]string{"relp": "2514", "relps": "2514"},
	forms: "write relp://host:2514, or relps://host:2514 for TLS",
}

// relpSink sends a batch and waits for the acknowledgement of each message: what
// is done was taken by the program over there.
type relpSink struct {
	format  syslogFormat
	address string
	dial    DialFunc
	tls     *tlsFiles // nil: plain TCP
	session *relpSession
}

func newRELP(o Options) (Sink, error) {
	format, err := newSyslogFormat(o.Facility)
	if err != nil {
		return nil, err
	}
	if why := relpAddresses.bad(o.Address); why != "" {
		return nil, fmt.Errorf("cannot use address %q: %s", redact(o.Address), why)
	}
	scheme, address, host := relpAddresses.split(o.Address)
	s := &relpSink{format: format, address: address, dial: dialer(o.Dial)}
	if scheme == "relps" {
		s.tls = newTLSFiles(&o.Config, host)
	}
	return s, nil
}

// Send sends all of a batch before it waits for answers. What was not
// acknowledged when the session broke is sent again.
func (s *relpSink) Send(ctx context.Context, batch []*Message) (int, error) {
	var lines [][]byte
	_, rejected := one(batch, func(m *Message) error {
		b, err := s.format.bytes(m)
		if err == nil {
			lines = append(lines, b)
		}
		return err
	})
	done, err := s.send(ctx, lines)
	if err == nil {
		err = rejected
	}
	return done, err
}

func (s *relpSink) send(ctx context.Context, lines [][]byte) (done int, err error) {
	if len(lines) == 0 {
		return 0, nil
	}
	if s.session == nil {
		if s.session, err = s.open(ctx); err != nil {
			return 0, err
		}
	}
	done, err = s.session.deliver(ctx, lines)
	if err != nil {
		s.session.abandon()
		s.session = nil
		err = fmt.Errorf("cannot send to %q: %w", s.address, err)
	}
	return done, err
}

func (s *relpSink) open(ctx context.Context) (*relpSession, error) {
	conn, err := dialWire(ctx, s.dial, s.address)
	if err != nil {
		return nil, err
	}
	session, hint, err := s.greet(ctx, conn)
	if err != nil {
		_ = conn.Close()
		if hint != "" {
			err = fmt.Errorf("%w (%s)", err, hint)
		}
		return nil, fmt.Errorf("cannot open a RELP session with %q: %w", s.address, err)
	}
	return session, nil
}

func (s *relpSink) greet(ctx context.Context, conn *wire) (*relpSession, string, error) {
	if s.tls == nil {
		session := newRELPSession(conn)
		return session, "", session.open(ctx)
	}
	secure, hint, err := s.tls.handshake(ctx, conn)
	if err != nil {
		return nil, "", err
	}
	session := newRELPSession(secure)
	return session, hint, session.open(ctx)
}

// Close ends the session as the protocol has it.
func (s *relpSink) Close() error {
	if s.session == nil {
		return nil
	}
	session := s.session
	s.session = nil
	return session.close()
}

// relpFrame is one command: number, name, length and data.
func relpFrame(number uint32, command string, data []byte) []byte {
	f := make([]byte, 0, len(data)+32)
	f = strconv.AppendUint(f, uint64(number), 10)
	f = append(f, ' ')
	f = append(f, command...)
	f = append(f, ' ')
	f = strconv.AppendInt(f, int64(len(data)), 10)
	if len(data) > 0 {
		f = append(f, ' ')
		f = append(f, data...)
	}
	return append(f, '\n')
}
