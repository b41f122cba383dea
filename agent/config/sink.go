package config

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"stigwatch/agent/strict"
)

// Sink is somewhere an alert goes. Address, Format and Facility are a syslog's.
type Sink struct {
	Name     string `key:"name,required"`
	Type     string `key:"type,required"` // syslog, journald, stdout
	Address  string `key:"address"`       // unix:///dev/log (default), udp://host:514, tcp://host:601
	Format   string `key:"format"`        // rfc5424
	Facility string `key:"facility"`      // daemon (default), auth, authpriv, local0 to local7
}

var sinkName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (s *Sink) fill() {
	if s.Type == "syslog" {
		s.Address = cmp.Or(s.Address, "unix:///dev/log")
		s.Format = cmp.Or(s.Format, "rfc5424")
		s.Facility = cmp.Or(s.Facility, "daemon")
	}
}

func (s *Sink) check(d *strict.Doc, key string, before []Sink) {
	switch {
	case !d.Has(key + ".name"):
	case !sinkName.MatchString(s.Name):
		d.Wrong(key+".name", "%q is not a name: up to 64 letters, digits, dots, dashes and underscores", s.Name)
	case slices.ContainsFunc(before, func(b Sink) bool { return b.Name == s.Name }):
		d.Wrong(key+".name", "another sink is named %q already: choose another name", s.Name)
	}
	switch s.Type {
	case "syslog":
		s.checkSyslog(d, key)
	case "journald", "stdout":
		for _, name := range []string{"address", "format", "facility"} {
			if d.Has(key + "." + name) {
				d.Wrong(key+"."+name, "a sink of type %s has none: remove the key", s.Type)
			}
		}
	default:
		if d.Has(key + ".type") {
			d.Wrong(key+".type", "%q is not a type: write syslog, journald or stdout", s.Type)
		}
	}
}

func (s *Sink) checkSyslog(d *strict.Doc, key string) {
	if wrong := badAddress(s.Address); wrong != "" {
		d.Wrong(key+".address", "%s", wrong)
	}
	if s.Format != "rfc5424" {
		d.Wrong(key+".format", "%q is not a format: write rfc5424", s.Format)
	}
	if !isFacility(s.Facility) {
		d.Wrong(key+".facility", "%q is not a facility: write daemon, auth, authpriv or local0 to local7", s.Facility)
	}
}

func isFacility(name string) bool {
	n, local := strings.CutPrefix(name, "local")
	if local {
		return len(n) == 1 && n >= "0" && n <= "7"
	}
	return slices.Contains([]string{"daemon", "auth", "authpriv"}, name)
}

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
	case "tls":
		return "syslog over TLS comes with a later release: until then " + addressForms
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
