package alert

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// syslogKind is syslog over each transport that has one.
var syslogKind = kind{
	keys:    []string{"address", "facility"},
	formats: []string{"rfc5424", "cef", "leef"},
	fill: func(c *Config) {
		if c.Address == "" {
			c.Address = "unix:///dev/log"
		}
		if c.Facility == "" {
			c.Facility = defaultFacility
		}
	},
	check: func(c *Config, wrong Wrong) {
		if why := badAddress(c.Address); why != "" {
			wrong("address", "%s", why)
		}
		if !isFacility(c.Facility) {
			wrong("facility", "%q is not a facility: write daemon, auth, authpriv or local0 to local7", c.Facility)
		}
	},
	open: newSyslog,
}

func newSyslog(o Options) (Sink, error) {
	format, err := newFormatter(cmp.Or(o.Format, "rfc5424"), o)
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
	if why := badAddress(address); why != "" {
		return "", "", fmt.Errorf("cannot use address %q: %s", redact(address), why)
	}
	if u.Scheme == "unix" {
		return u.Scheme, u.Path, nil
	}
	return u.Scheme, net.JoinHostPort(u.Hostname(), port(u)), nil
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

func isFacility(name string) bool {
	n, local := strings.CutPrefix(name, "local")
	if local {
		return len(n) == 1 && n >= "0" && n <= "7"
	}
	return slices.Contains([]string{"daemon", "auth", "authpriv"}, name)
}

// maxSocketPath is what a unix socket's address holds, less the final NUL: unix(7).
const maxSocketPath = 107

const addressForms = "write unix:///path, udp://host:514 or tcp://host:601"

// badAddress says what is wrong with a syslog's address, "" when nothing is. It
// does not repeat the address, in which somebody may have written a secret.
func badAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "it is not an address: " + addressForms
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "only scheme, host and port may stand here: " + addressForms
	}
	switch u.Scheme {
	case "unix":
		return badSocket(u)
	case "udp", "tcp":
		return badHostPort(u)
	}
	return "it does not begin with unix, udp or tcp: " + addressForms
}

func badSocket(u *url.URL) string {
	switch {
	case u.Host != "" || !strings.HasPrefix(u.Path, "/"):
		return "the socket's path is not absolute: write it with three slashes, unix:///dev/log"
	case len(u.Path) > maxSocketPath:
		return "the socket's path is too long: a unix socket takes at most " + strconv.Itoa(maxSocketPath) + " bytes"
	}
	return ""
}

func badHostPort(u *url.URL) string {
	n, err := strconv.Atoi(u.Port())
	switch {
	case u.Hostname() == "":
		return "there is no host: " + addressForms
	case strings.Trim(u.Path, "/") != "":
		return "nothing may stand after the port: " + addressForms
	case u.Port() == "" && !strings.HasSuffix(u.Host, ":"): // the registered one
		return ""
	case err != nil || n < 1 || n > 65535:
		return "the port is not from 1 to 65535: " + addressForms
	}
	return ""
}
