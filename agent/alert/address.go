package alert

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// addresses are the forms that a type of sink takes.
type addresses struct {
	ports map[string]string // by scheme, the registered or usual one
	forms string            // the advice when an address is wrong
}

// maxSocketPath is what a unix socket's address holds, less the final NUL: unix(7).
const maxSocketPath = 107

// bad says what is wrong with an address, "" when nothing is. It does not repeat
// the address, in which somebody may have written a secret.
func (a addresses) bad(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "it is not an address: " + a.forms
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "only scheme, host and port may stand here: " + a.forms
	}
	if _, known := a.ports[u.Scheme]; !known {
		return "it does not begin with one of the known schemes: " + a.forms
	}
	if u.Scheme == "unix" {
		return badSocket(u)
	}
	return a.badHostPort(u)
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

func (a addresses) badHostPort(u *url.URL) string {
	n, err := strconv.Atoi(u.Port())
	switch {
	case u.Hostname() == "":
		return "there is no host: " + a.forms
	case strings.Trim(u.Path, "/") != "":
		return "nothing may stand after the port: " + a.forms
	case u.Port() == "" && !strings.HasSuffix(u.Host, ":"): // the usual one
		return ""
	case err != nil || n < 1 || n > 65535:
		return "the port is not from 1 to 65535: " + a.forms
	}
	return ""
}

// split takes an address that is not bad apart, into what is dialled and the host
// in it.
func (a addresses) split(address string) (scheme, dial, host string) {
	u, err := url.Parse(address)
	if err != nil {
		return "", "", ""
	}
	if u.Scheme == "unix" {
		return u.Scheme, u.Path, ""
	}
	port := u.Port()
	if port == "" {
		port = a.ports[u.Scheme]
	}
	return u.Scheme, net.JoinHostPort(u.Hostname(), port), u.Hostname()
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
