package probe

import (
	"crypto/ecdh"
	"crypto/rand"
	"net/netip"
	"strings"
)

const (
	messageClientHello = 1

	extServerName           = 0  // RFC 6066 section 3
	extSupportedGroups      = 10 // RFC 8422 section 5.1.1
	extPointFormats         = 11 // RFC 8422 section 5.1.2
	extSignatureAlgorithms  = 13 // RFC 5246 section 7.4.1.4.1
	extExtendedMasterSecret = 23 // RFC 7627: servers in FIPS mode insist on it
	extSupportedVersions    = 43 // RFC 8446 section 4.2.1
	extKeyShare             = 51 // RFC 8446 section 4.2.8

	groupP256   = 0x0017
	groupX25519 = 0x001d
)

// hello is one ClientHello. It offers one version, as legacy_version or, when
// listed, in supported_versions.
type hello struct {
	version version
	listed  bool
	suites  []uint16
}

// record is the hello as one record. The record's own version is the lowest that
// fits: servers may not care (RFC 5246 appendix E.1, RFC 8446 section 5.1), old
// ones do.
func (h hello) record(serverName string) ([]byte, error) {
	extensions, err := h.extensions(serverName)
	if err != nil {
		return nil, err
	}
	legacy, outer := h.version, tls10
	if h.listed {
		legacy = tls12
	} else if h.version == ssl3 {
		outer = ssl3
	}
	body := append(words(legacy), random(32)...)
	body = append(body, vector(1, h.sessionID())...)
	body = append(body, vector(2, words(h.suites...))...)
	body = append(body, vector(1, []byte{0})...) // no compression
	if len(extensions) > 0 {
		body = append(body, vector(2, extensions)...)
	}
	message := append([]byte{messageClientHello}, vector(3, body)...)
	return append(append([]byte{recordHandshake}, words(outer)...), vector(2, message)...), nil
}

// sessionID is 32 bytes where TLS 1.3 has to look like TLS 1.2 (RFC 8446
// appendix D.4), empty elsewhere: nothing is to be resumed.
func (h hello) sessionID() []byte {
	if h.version == tls13 {
		return random(32)
	}
	return nil
}

// extensions are none for SSLv3, which does not know them; TLS 1.0 and 1.1 take
// those about names and curves, which a server may need to choose anything.
func (h hello) extensions(serverName string) ([]byte, error) {
	var out []byte
	add := func(kind uint16, content ...[]byte) {
		out = append(append(out, words(kind)...), vector(2, content...)...)
	}
	if h.listed {
		add(extSupportedVersions, vector(1, words(h.version)))
	}
	if h.version == ssl3 {
		return out, nil
	}
	if name := dnsName(serverName); name != "" {
		add(extServerName, vector(2, []byte{0}, vector(2, []byte(name))))
	}
	add(extSupportedGroups, vector(2, words(groupsOf(h.version)...)))
	add(extPointFormats, vector(1, []byte{0}))
	add(extExtendedMasterSecret)
	if h.version >= tls12 {
		add(extSignatureAlgorithms, vector(2, words(signatureAlgorithms...)))
	}
	if h.version < tls13 {
		return out, nil
	}
	shares, err := keyShares()
	add(extKeyShare, vector(2, shares))
	return out, err
}

// keyShares offers a share of the two common groups; a server that wants another
// one answers with a HelloRetryRequest, which is an answer too. No secret is ever
// derived, so X25519's share is 32 random bytes: each such string is a public key
// (RFC 7748 section 5), and FIPS mode "only" refuses to make one.
func keyShares() ([]byte, error) {
	p256, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	out := append(words[uint16](groupX25519), vector(2, random(32))...)
	out = append(out, words[uint16](groupP256)...)
	return append(out, vector(2, p256.PublicKey().Bytes())...), nil
}

// dnsName gives the name as SNI takes it, or "" for what may not stand there: an
// IP address, a final dot, anything but letters, digits and hyphens (RFC 6066
// section 3).
func dnsName(name string) string {
	name = strings.TrimSuffix(name, ".")
	if _, err := netip.ParseAddr(name); err == nil || len(name) > 253 {
		return ""
	}
	for _, label := range strings.Split(name, ".") {
		if label == "" || len(label) > 63 || strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return ""
		}
	}
	return name
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
