package probe

import (
	"bytes"
	"fmt"
	"slices"
)

const messageServerHello = 2

// serverHello is what counts of one. A HelloRetryRequest is a ServerHello whose
// random is a constant (RFC 8446 section 4.1.3); it chooses the version just so.
type serverHello struct {
	version version
	random  []byte
}

func readServerHello(s *stream, h hello) (serverHello, error) {
	kind, body, err := s.message()
	if err != nil {
		return serverHello{}, err
	}
	if kind != messageServerHello {
		return serverHello{}, fmt.Errorf("the server sent message %d instead of a ServerHello", kind)
	}
	return parseServerHello(body, h)
}

func parseServerHello(body []byte, h hello) (serverHello, error) {
	c := cursor{rest: body}
	sh := serverHello{version: version(c.number(2)), random: c.take(32)}
	session := c.vector(1)
	suite, compression := uint16(c.number(2)), c.number(1)
	selected, err := selectedVersion(&c)
	if err != nil || !c.done() || len(session) > 32 {
		return serverHello{}, errMalformed
	}
	if suite == renegotiationInfo || !slices.Contains(h.suites, suite) || compression != 0 {
		return serverHello{}, fmt.Errorf("the server chose cipher suite %#04x with compression %d, which was not offered", suite, compression)
	}
	// RFC 8446 section 4.2.1: TLS 1.3 is in the extension, all else is not.
	if selected != 0 {
		if sh.version != tls12 || selected < tls13 {
			return serverHello{}, errMalformed
		}
		sh.version = selected
	} else if sh.version < ssl3 || sh.version > tls12 {
		return serverHello{}, errMalformed
	}
	return sh, nil
}

// selectedVersion gives what supported_versions says, 0 when it is not there.
func selectedVersion(c *cursor) (version, error) {
	if len(c.rest) == 0 {
		return 0, nil
	}
	var selected version
	in := cursor{rest: c.vector(2)}
	for len(in.rest) > 0 {
		kind, content := in.number(2), cursor{rest: in.vector(2)}
		if kind != extSupportedVersions {
			continue
		}
		again := selected != 0
		if selected = version(content.number(2)); again || !content.done() || selected == 0 {
			return 0, errMalformed
		}
	}
	if in.bad {
		return 0, errMalformed
	}
	return selected, nil
}

// mayHave says that the end of the random hints at a version (RFC 8446 section
// 4.1.3): a server with TLS 1.3 marks a ServerHello of TLS 1.2, and one with TLS
// 1.2 or newer marks those below. A server may have gaps, so the second mark says
// nothing of TLS 1.1.
func (sh serverHello) mayHave(v version) bool {
	switch {
	case bytes.HasSuffix(sh.random, []byte("DOWNGRD\x01")):
		return v >= tls13
	case bytes.HasSuffix(sh.random, []byte("DOWNGRD\x00")):
		return v >= tls12
	}
	return false
}
