package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

const (
	messageCertificate        = 11
	messageServerKeyExchange  = 12
	messageCertificateRequest = 13
	messageServerHelloDone    = 14
	messageCertificateStatus  = 22
)

// Flight is what a server shows of itself before the client has to answer.
type Flight struct {
	Version     string   // the version of the ServerHello
	Chain       [][]byte // certificates as DER, the leaf first
	Requested   bool     // the server asked for a client certificate
	Authorities [][]byte // the issuers that it accepts, distinguished names as DER; none means any
}

// Handshake reads the server's first flight of TLS 1.2 or older, where it is plain
// text, and leaves without finishing the handshake. A server of TLS 1.3 alone shows
// nothing of it. A Flight comes whole or not at all: not Requested means that the
// server was done without asking. It may still ask later, by renegotiation, for
// some paths only; a server with two kinds of certificates shows one.
func Handshake(ctx context.Context, address string, o Options) (Flight, error) {
	if err := own(address); err != nil {
		return Flight{}, err
	}
	var f Flight
	h := hello{version: tls12, suites: withCertificate(tls12)}
	err := converse(ctx, address, h, o, func(s *stream) (err error) {
		f, err = readFlight(s, h)
		return err
	})
	if err != nil {
		return Flight{}, &handshakeError{address, err}
	}
	return f, nil
}

// handshakeError says in words what was wrong and keeps the cause.
type handshakeError struct {
	address string
	cause   error
}

func (e *handshakeError) Error() string {
	return fmt.Sprintf("cannot read the certificates of %q: %s", e.address, reason(e.cause))
}

func (e *handshakeError) Unwrap() error { return e.cause }

// flightOrder is the order of RFC 5246 section 7.3, with RFC 6066's CertificateStatus.
var flightOrder = []byte{
	messageCertificate, messageCertificateStatus, messageServerKeyExchange,
	messageCertificateRequest, messageServerHelloDone,
}

func readFlight(s *stream, h hello) (Flight, error) {
	chosen, err := readServerHello(s, h)
	if err != nil {
		return Flight{}, err
	}
	if chosen.version > h.version {
		return Flight{}, fmt.Errorf("the server chose %s, which was not offered", chosen.version)
	}
	f := Flight{Version: chosen.version.String()}
	for last := -1; ; {
		kind, body, err := s.message()
		if err != nil {
			return Flight{}, err
		}
		place := slices.Index(flightOrder, kind)
		if place <= last || last < 0 && kind != messageCertificate {
			return Flight{}, fmt.Errorf("the server sent message %d where it does not belong", kind)
		}
		last = place
		if err := f.add(kind, body, chosen.version); err != nil {
			return Flight{}, err
		}
		if kind == messageServerHelloDone {
			return f, nil
		}
	}
}

func (f *Flight) add(kind byte, body []byte, v version) error {
	c := cursor{rest: body}
	switch kind {
	case messageCertificate:
		f.Chain = c.list(3, 3)
		if c.done() && len(f.Chain) == 0 {
			return errors.New("the server sent no certificate")
		}
	case messageCertificateRequest:
		types := c.vector(1)
		if v == tls12 {
			c.vector(2) // signature algorithms
		}
		f.Requested, f.Authorities = true, c.list(2, 2)
		c.bad = c.bad || len(types) == 0
	case messageServerHelloDone:
	default:
		return nil // not read
	}
	if !c.done() {
		return errMalformed
	}
	return nil
}
