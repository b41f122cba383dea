package alert

import (
	"strings"
	"time"
)

// Proof says in a few words what it means when a message to this sink is done.
func (c *Config) Proof() string {
	switch c.Type {
	case "relp", "smtp", "webhook", "hec", "elastic", "otlp":
		return "acknowledged"
	case "file":
		return "written to disk"
	case "syslog":
		scheme, _, _ := strings.Cut(c.Address, "://")
		switch scheme {
		case "tcp", "tls":
			return "confirmed by the receiver's TCP"
		case "udp":
			return "sent: UDP promises nothing"
		}
	}
	return "written"
}

// ForPeople tells a sink whose messages come to people one by one: what comes
// every hour is not for it.
func (c *Config) ForPeople() bool { return c.Type == "smtp" }

// Slowest is how long the sink's rate may hold a message back, when only a few
// wait before it.
func (c *Config) Slowest() time.Duration {
	if c.Rate <= 0 {
		return 0
	}
	return 2 * time.Minute / time.Duration(c.Rate)
}
