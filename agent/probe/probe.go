// Package probe asks the appliance's own ports which TLS versions they speak,
// which certificates they serve and whether they ask for a client's.
//
// It writes its ClientHello byte by byte and reads what comes back. crypto/tls
// stays away: it cannot say SSLv3, and in FIPS mode it refuses old versions
// itself, so that its "no" would prove nothing about the peer. No handshake is
// ever finished and no key is derived, so the bytes sent are of the same kind
// whether FIPS mode is off, on or only.
//
// # What proves what
//
// On is a ServerHello of the version offered. Off takes a word of the peer, and
// only these two are one:
//
//   - the alert protocol_version (RFC 8446 section 6.2, RFC 5246, 4346 and 2246
//     section 7.2.2), which a server has to send when the only version offered is
//     too old for it (RFC 5246 appendix E.1) or not in its list (RFC 8446 section
//     4.2.1 with appendix D.2);
//   - a ServerHello of an older version. A server without the version offered
//     may not send the alert then: it has to answer with the highest that it has
//     (RFC 5246 appendix E.1), and server_version is by definition the lower of
//     what the client suggests and the highest that the server supports (RFC
//     5246, 4346 and 2246 section 7.4.1.3, RFC 6101 section 5.6.1.3). TLS 1.3 is
//     asked for by supported_versions alone, out of which a server that knows it
//     may only choose what is in there (RFC 8446 section 4.2.1). Answer.Chosen
//     tells this proof from the alert, for who wants the alert alone. It counts
//     for nothing when ServerHello.random hints that the server has the version
//     offered (the downgrade marks of RFC 8446 section 4.1.3).
//
// Silence, a reset, handshake_failure and every local error are Unreadable: a
// server without a common cipher suite looks the same as one without the version.
//
// SSLv3 has no alert protocol_version (RFC 6101 section 5.4.2), and OpenSSL sends
// handshake_failure in its place. So SSLv3 is asked for once more then, as the
// only item of supported_versions, to which the alert is the answer that a server
// of today gives. RFC 8446 appendix D.5 forbids clients to offer SSLv3 because
// they could end up speaking it; this one never does.
package probe

import (
	"context"
	"net"
	"time"
)

const defaultTimeout = 2 * time.Second

// State is what is known about one version on one port.
type State string

// What a version can be. The zero State is none of them.
const (
	On         State = "on"
	Off        State = "off"
	Unreadable State = "unreadable"
)

// Answer is what a port said to one version.
type Answer struct {
	Version string // SSLv3, TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3
	State   State
	Chosen  string // the version of the ServerHello, "" when none decided this
	Reason  string // in words, never empty
}

// Options is how to ask. The zero value will do.
type Options struct {
	Timeout    time.Duration // for each connection, all of it; 0 means 2 s
	ServerName string        // sent as SNI if it is a DNS name
	Dial       func(ctx context.Context, network, address string) (net.Conn, error)
}

// Versions asks the port for each version from SSLv3 to TLS 1.3, one connection
// after the other; for SSLv3 there may be a second one. The address is an IP
// address of this machine and a port; another one is not dialled, and every
// answer says so. The answers are always five, oldest version first.
func Versions(ctx context.Context, address string, o Options) []Answer {
	refused := own(address)
	answers := make([]Answer, 0, len(versions))
	for _, v := range versions {
		if refused != nil {
			answers = append(answers, Answer{Version: v.String(), State: Unreadable, Reason: refused.Error()})
			continue
		}
		answers = append(answers, ask(ctx, address, v, o))
	}
	return answers
}

func ask(ctx context.Context, address string, v version, o Options) Answer {
	a, err := offer(ctx, address, hello{version: v, suites: suitesOf(v), listed: v == tls13}, o)
	if v != ssl3 || !isAlert(err, alertHandshakeFailure) {
		return a
	}
	again, _ := offer(ctx, address, hello{version: v, suites: suitesOf(v), listed: true}, o)
	if again.State == Unreadable {
		return a
	}
	return again
}

// offer makes one connection. The error is what the answer was judged by.
func offer(ctx context.Context, address string, h hello, o Options) (Answer, error) {
	var chosen serverHello
	err := converse(ctx, address, h, o, func(s *stream) (err error) {
		chosen, err = readServerHello(s, h)
		return err
	})
	return judge(h.version, chosen, err), err
}

func judge(offered version, chosen serverHello, err error) Answer {
	a := Answer{Version: offered.String(), State: Unreadable}
	switch {
	case isAlert(err, alertProtocolVersion):
		a.State, a.Reason = Off, err.Error()
	case err != nil:
		a.Reason = reason(err)
	case chosen.version > offered:
		a.Reason = "the server chose " + chosen.version.String() + ", which was not offered"
	case chosen.version == offered:
		a.State, a.Chosen, a.Reason = On, offered.String(), "the server chose "+offered.String()
	case chosen.mayHave(offered):
		a.Reason = "the server chose " + chosen.version.String() + " and hints that it has newer ones"
	default:
		a.State, a.Chosen = Off, chosen.version.String()
		a.Reason = "the server chose " + a.Chosen + ", the highest up to " + a.Version + " that it has"
	}
	return a
}
