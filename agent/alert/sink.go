package alert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
)

// ErrRejected wraps the error of a message that a sink can never send. An outlet
// drops it and goes on; any other error makes it try again.
var ErrRejected = errors.New("message rejected")

// Sink is somewhere an alert goes. Only one goroutine uses it at a time.
type Sink interface {
	// Send hands one message over. After an error the same message is sent
	// again, so a sink may send one twice but never leaves one out.
	Send(ctx context.Context, m *Message) error
	Close() error
}

// DialFunc opens a connection, like net.Dialer.DialContext.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Options describe one sink and its outlet.
type Options struct {
	Name     string // the operator's word for it
	Type     string // syslog, journald or stdout
	Address  string // of a syslog: unix:///dev/log (default), udp://host:514 or tcp://host:601
	Format   string // of a syslog: rfc5424 (default)
	Facility string // of a syslog: daemon (default), local0 …

	Queue     int            // messages that wait at most; 0 means 10,000
	OnDropped func(n uint64) // told once the outlet has caught up; must not block

	Out  io.Writer // where stdout writes
	Dial DialFunc  // nil: the real network
}

// New makes the sink that o describes. Network sinks connect when they have
// something to send, so a receiver that is away is no error here.
func New(o Options) (Sink, error) {
	switch o.Type {
	case "syslog":
		return newSyslog(o)
	case "journald":
		return newJournald(o)
	case "stdout":
		return newStdout(o)
	}
	return nil, fmt.Errorf("cannot use sink type %q: one of syslog, journald or stdout is needed", o.Type)
}

func newSyslog(o Options) (Sink, error) {
	if o.Format != "" && o.Format != "rfc5424" {
		return nil, fmt.Errorf("cannot use format %q: only rfc5424 is known", o.Format)
	}
	format, err := newSyslogFormat(o.Facility)
	if err != nil {
		return nil, err
	}
	scheme, address, err := target(o.Address)
	if err != nil {
		return nil, err
	}
	switch scheme {
	case "udp":
		return newSyslogUDP(address, format, o.Dial), nil
	case "tcp":
		return newSyslogTCP(address, format, o.Dial), nil
	}
	return newSyslogUnix(address, format, o.Dial), nil
}

// target splits an address into its scheme and what is dialled. Its errors show
// the address without user info, which has no place there.
func target(address string) (scheme, dial string, err error) {
	if address == "" {
		return "unix", "/dev/log", nil
	}
	u, err := url.Parse(address)
	if err != nil { // the parser's own words repeat the whole address
		return "", "", errors.New("cannot use the sink's address: it is not a URL like tcp://host:601")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", "", fmt.Errorf("cannot use address %q: only scheme, host and port may stand there", redact(address))
	}
	switch {
	case u.Scheme == "unix" && u.Host == "" && u.Path != "":
		return u.Scheme, u.Path, nil
	case (u.Scheme == "udp" || u.Scheme == "tcp") && u.Hostname() != "" && (u.Path == "" || u.Path == "/"):
		return u.Scheme, net.JoinHostPort(u.Hostname(), port(u)), nil
	}
	return "", "", fmt.Errorf("cannot use address %q: unix:///path, udp://host:port or tcp://host:port is needed", redact(address))
}

// port is the one given, or the registered one: RFC 5426 for UDP, RFC 6587 for TCP.
func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "udp":
		return "514"
	}
	return "601"
}

// redact takes out of an address what could be a secret.
func redact(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return clean(u.String())
}
