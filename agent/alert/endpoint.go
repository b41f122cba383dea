package alert

import (
	"cmp"
	"net"
	"net/url"
	"path/filepath"
)

// Endpoint is where the sink connects to, as net.Dial takes it, of a configuration that
// was checked. No network: nothing is shown by connecting, for it sends datagrams over
// a network or has no receiver.
func (c *Config) Endpoint() (network, address string) {
	switch c.Type {
	case "syslog":
		scheme, dial, _ := syslogAddresses.split(c.Address)
		switch scheme {
		case "unix":
			return "unixgram", dial
		case "udp":
			return "", ""
		}
		return "tcp", dial
	case "relp":
		_, dial, _ := relpAddresses.split(c.Address)
		return "tcp", dial
	case "smtp":
		if u, why := mailServer(c.Address); why == "" {
			return "tcp", u.Host
		}
	case "webhook", "hec", "elastic", "otlp":
		if u, err := url.Parse(c.Address); err == nil {
			return "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]))
		}
	}
	return "", ""
}

// Secrets are the files that the sink reads a secret from, credentials of systemd aside.
func (c *Config) Secrets() []string {
	var files []string
	for _, place := range []string{c.Key, c.TokenFile, c.SecretFile, c.PasswordFile} {
		if place != "" && checkSecret(place) == "" && place[0] == '/' {
			files = append(files, place)
		}
	}
	return files
}

// Certificates are the files that hold certificates of the receiver's authorities, or
// the sink's own.
func (c *Config) Certificates() []string {
	var files []string
	for _, f := range []string{c.CA, c.Cert} {
		if filepath.IsAbs(f) {
			files = append(files, f)
		}
	}
	return files
}
