package alert

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// syslogKind is syslog over each transport that has one.
var syslogKind = kind{
	keys:    append([]string{"address", "facility"}, tlsKeys...),
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
		why := syslogAddresses.bad(c.Address)
		if why != "" {
			wrong("address", "%s", why)
		}
		checkFacility(c, wrong)
		scheme, _, _ := syslogAddresses.split(c.Address)
		checkTLS(c, scheme == "tls" || why != "", "this address", wrong)
	},
	open: newSyslog,
}

// syslogAddresses have the registered ports: RFC 5426 for UDP, RFC 6587 for TCP,
// RFC 5425 for TLS.
var syslogAddresses = addresses{
	ports: map[string]string{"unix": "", "udp": "514", "tcp": "601", "tls": "6514"},
	forms: addressForms,
}

const addressForms = "write unix:///path, udp://host:514, tcp://host:601 or tls://host:6514"

func newSyslog(o Options) (Sink, error) {
	format, err := newFormatter(cmp.Or(o.Format, "rfc5424"), o)
	if err != nil {
		return nil, err
	}
	scheme, address, host, err := target(o.Address)
	if err != nil {
		return nil, err
	}
	switch scheme {
	case "udp":
		return newSyslogUDP(address, format, o.Dial), nil
	case "tcp":
		return newSyslogTCP(address, format, o.Dial, nil), nil
	case "tls":
		return newSyslogTCP(address, format, o.Dial, newTLSFiles(&o.Config, host)), nil
	}
	return newSyslogUnix(address, format, o.Dial), nil
}

// target splits an address into its scheme, what is dialled, and the host in it.
// Its errors show the address without user info, which has no place there.
func target(address string) (scheme, dial, host string, err error) {
	if address == "" {
		return "unix", "/dev/log", "", nil
	}
	if _, err := url.Parse(address); err != nil { // the parser's own words repeat the whole address
		return "", "", "", errors.New("cannot use the sink's address: it is not a URL like tcp://host:601")
	}
	if why := syslogAddresses.bad(address); why != "" {
		return "", "", "", fmt.Errorf("cannot use address %q: %s", redact(address), why)
	}
	scheme, dial, host = syslogAddresses.split(address)
	return scheme, dial, host, nil
}

func checkFacility(c *Config, wrong Wrong) {
	if !isFacility(c.Facility) {
		wrong("facility", "%q is not a facility: write daemon, auth, authpriv or local0 to local7", c.Facility)
	}
}

func isFacility(name string) bool {
	n, local := strings.CutPrefix(name, "local")
	if local {
		return len(n) == 1 && n >= "0" && n <= "7"
	}
	return slices.Contains([]string{"daemon", "auth", "authpriv"}, name)
}
