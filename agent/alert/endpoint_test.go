package alert

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEndpointIsWhereTheSinkConnects(t *testing.T) {
	for _, c := range []struct{ kind, address, network, dial string }{
		{"syslog", "unix:///dev/log", "unixgram", "/dev/log"},
		{"syslog", "udp://siem.example", "", ""},
		{"syslog", "tcp://siem.example", "tcp", "siem.example:601"},
		{"syslog", "tls://[2001:db8::1]", "tcp", "[2001:db8::1]:6514"},
		{"relp", "relps://siem.example:2600", "tcp", "siem.example:2600"},
		{"smtp", "smtp://mail.example", "tcp", "mail.example:587"},
		{"webhook", "https://hook.example/path", "tcp", "hook.example:443"},
		{"hec", "http://[::1]:8088", "tcp", "[::1]:8088"},
		{"otlp", "http://127.0.0.1", "tcp", "127.0.0.1:80"},
		{"file", "", "", ""},
		{"journald", "", "", ""},
	} {
		network, dial := (&Config{Type: c.kind, Address: c.address}).Endpoint()
		if network != c.network || dial != c.dial {
			t.Errorf("%s %s: %q %q, want %q %q", c.kind, c.address, network, dial, c.network, c.dial)
		}
	}
}

func TestSecretsAreTheFilesOfThem(t *testing.T) {
	c := &Config{Key: "/etc/stigwatch/key.pem", TokenFile: "credential:token", PasswordFile: "/p", SecretFile: "typed here by mistake"}
	if diff := cmp.Diff([]string{"/etc/stigwatch/key.pem", "/p"}, c.Secrets()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
