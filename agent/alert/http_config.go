package alert

import (
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// httpKeys are those of every sink over HTTP.
var httpKeys = []string{"address", "ca", "cert", "key", "server_name"}

// checkHTTP looks at the keys that all sinks over HTTP have. path is what the
// sink itself adds to the address.
func checkHTTP(c *Config, path string, wrong Wrong) {
	why := badURL(c.Address)
	if why == "" && path != "" && strings.HasSuffix(strings.TrimRight(c.Address, "/"), path) {
		why = "remove " + path + ": it is added"
	}
	if why != "" {
		wrong("address", "%s", why)
	}
	for key, file := range map[string]string{"ca": c.CA, "cert": c.Cert} {
		if file != "" && !filepath.IsAbs(file) {
			wrong(key, "%q is not an absolute path of a PEM file", file)
		}
	}
	for key, place := range map[string]string{
		"key": c.Key, "token_file": c.TokenFile, "secret_file": c.SecretFile, "password_file": c.PasswordFile,
	} {
		if place == "" {
			continue
		}
		if why := checkSecret(place); why != "" {
			wrong(key, "%s", why)
		}
	}
	switch {
	case c.Cert != "" && c.Key == "":
		wrong("cert", "a certificate needs its private key too: write key")
	case c.Cert == "" && c.Key != "":
		wrong("key", "a private key needs its certificate too: write cert")
	}
	if plain(c.Address) && c.CA+c.Cert+c.Key+c.ServerName != "" {
		wrong("address", "http:// has no certificates: write https://, or remove ca, cert, key and server_name")
	}
}

const urlForms = "write https://host or https://host:port/path"

// badURL says what is wrong with the address of a receiver, "" when nothing is.
// It does not repeat it: somebody may have written a secret in it.
func badURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "it is not an address: " + urlForms
	}
	n, err := strconv.Atoi(u.Port())
	switch {
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "no user, query or fragment may stand here, where a secret would show: " + urlForms
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return "alerts may not travel in the clear, http:// goes to 127.0.0.1, [::1] and localhost only: " + urlForms
	case u.Scheme != "https" && u.Scheme != "http":
		return "it does not begin with https: " + urlForms
	case u.Hostname() == "":
		return "there is no host: " + urlForms
	case u.Port() == "" && !strings.HasSuffix(u.Host, ":"):
		return ""
	case err != nil || n < 1 || n > 65535:
		return "the port is not from 1 to 65535: " + urlForms
	}
	return ""
}

func plain(address string) bool { return strings.HasPrefix(strings.ToLower(address), "http:") }

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$") // RFC 9110, 5.6.2

// ownHeaders are those that a sink or HTTP itself sets.
var ownHeaders = []string{
	"connection", "content-length", "content-type", "host", "idempotency-key", "te", "trailer", "transfer-encoding", "upgrade",
	"user-agent", "webhook-id", "webhook-timestamp", "webhook-signature",
}

// secretHeader finds names whose values nobody should write here.
var secretHeader = regexp.MustCompile(`(?i)auth|token|secret|password|cookie|key|signature|credential`)

// checkHeaders looks at the headers that a site adds. It never shows a value.
func checkHeaders(headers map[string]string, wrong Wrong) {
	for name, value := range headers {
		lower := strings.ToLower(name)
		switch {
		case !headerName.MatchString(name):
			wrong("headers", "%q is not the name of a header", name)
		case slices.Contains(ownHeaders, lower):
			wrong("headers", "%q is set by the sink: remove it", name)
		case secretHeader.MatchString(name):
			wrong("headers", "%q may hold a secret, which does not stand here: write token_file", name)
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }):
			wrong("headers", "the value of %q has characters that a header does not take", name)
		}
	}
}
