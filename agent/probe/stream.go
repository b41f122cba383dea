package probe

import (
	"errors"
	"fmt"
	"io"
)

const (
	maxAnswer = 64 << 10 // bytes that one peer may make us read
	maxRecord = 1 << 14  // RFC 5246 section 6.2.1

	recordAlert     = 21
	recordHandshake = 22

	messageHelloRequest = 0
)

var (
	errNotTLS    = errors.New("the answer is not TLS")
	errMalformed = errors.New("the answer is malformed")
	errTooLarge  = fmt.Errorf("the answer is larger than %d bytes", maxAnswer)
)

// stream reads handshake messages out of plaintext records. A record may hold
// several messages, and a message may lie in several records (RFC 5246 section
// 6.2.1); so may alerts.
type stream struct {
	r         io.Reader
	read      int
	handshake []byte // read, not yet given out
	alerts    []byte // read, not yet understood: never more than one byte at rest
}

// message gives the next handshake message. An alert that ends the connection
// comes as an alert error. HelloRequest may come at any time and be ignored
// (RFC 5246 section 7.4.1.1).
func (s *stream) message() (kind byte, body []byte, err error) {
	for {
		c := cursor{rest: s.handshake}
		kind, size := byte(c.number(1)), c.number(3)
		if size > maxAnswer {
			return 0, nil, errTooLarge
		}
		if body = c.take(size); c.bad {
			if err := s.record(); err != nil {
				return 0, nil, err
			}
			continue
		}
		s.handshake = c.rest
		if kind != messageHelloRequest || size > 0 {
			return kind, body, nil
		}
	}
}

func (s *stream) record() error {
	kind, fragment, err := s.fragment()
	if err != nil {
		return err
	}
	if kind == recordHandshake {
		s.handshake = append(s.handshake, fragment...)
		return nil
	}
	s.alerts = append(s.alerts, fragment...)
	for len(s.alerts) >= 2 {
		a := alert{level: s.alerts[0], code: s.alerts[1]}
		s.alerts = s.alerts[2:]
		if err := a.judge(); err != nil {
			return err
		}
	}
	return nil
}

// fragment reads one record, its head first: what is no TLS shows there.
func (s *stream) fragment() (kind byte, content []byte, err error) {
	var head [5]byte
	if err := s.fill(head[:]); err != nil {
		return 0, nil, err
	}
	size := int(head[3])<<8 | int(head[4])
	switch {
	case head[0] != recordAlert && head[0] != recordHandshake, head[1] != 3:
		return 0, nil, errNotTLS
	case size == 0, size > maxRecord:
		return 0, nil, errMalformed
	case s.read+size > maxAnswer:
		return 0, nil, errTooLarge
	}
	content = make([]byte, size)
	if err := s.fill(content); err != nil {
		return 0, nil, err
	}
	return head[0], content, nil
}

func (s *stream) fill(b []byte) error {
	n, err := io.ReadFull(s.r, b)
	if err == io.EOF && s.read > 0 {
		err = io.ErrUnexpectedEOF
	}
	s.read += n
	return err
}
