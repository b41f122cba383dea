package facts

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

const (
	captureAge    = 24 * time.Hour  // for how long a capture counts, when it does not say
	captureFuture = 5 * time.Minute // by how much its clock may be ahead
)

// capture is what a file in the evidence folder says of itself in its first
// lines: where, by which command and when its text was captured.
//
//	# host: sentry1
//	# command: show fips
//	# time: 2026-11-20T10:00:00Z
//	# max-age: 24h
type capture struct {
	host, command string
	taken         time.Time
	maxAge        time.Duration
}

// readCapture reads the first lines. A text that does not say where and when it
// was captured proves nothing.
func readCapture(b []byte) (*capture, error) {
	c := &capture{maxAge: captureAge}
	for line := range bytes.Lines(b) {
		text, ok := strings.CutPrefix(strings.TrimSpace(string(line)), "#")
		if !ok {
			break
		}
		if err := c.take(text); err != nil {
			return nil, err
		}
	}
	if c.host == "" || c.command == "" || c.taken.IsZero() {
		return nil, fmt.Errorf(`it does not say where and when it was captured: begin it with lines "# host: …", "# command: …" and "# time: 2026-11-20T10:00:00Z"`)
	}
	return c, nil
}

func (c *capture) take(text string) (err error) {
	key, value, _ := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	switch strings.TrimSpace(key) {
	case "host":
		c.host = value
	case "command":
		c.command = value
	case "time":
		if c.taken, err = time.Parse(time.RFC3339, value); err != nil {
			return fmt.Errorf("%q is not a time: write it like 2026-11-20T10:00:00Z", short(value))
		}
	case "max-age":
		if c.maxAge, err = time.ParseDuration(value); err != nil || c.maxAge <= 0 {
			return fmt.Errorf("%q is not an age: write it like 24h", short(value))
		}
	}
	return nil
}

// counts says why the capture does not count at this time on this host; nil when
// it does.
func (c *capture) counts(now time.Time, host string) error {
	switch age := now.Sub(c.taken); {
	case host != "" && !sameHost(c.host, host):
		return fmt.Errorf("it was captured on %q, and this is %q", short(c.host), host)
	case age < -captureFuture:
		return fmt.Errorf("it says that it was captured in the future, at %s", c.taken.UTC().Format(time.RFC3339))
	case age > c.maxAge:
		return fmt.Errorf("it was captured at %s and counts for %s: capture it again", c.taken.UTC().Format(time.RFC3339), c.maxAge)
	}
	return nil
}

// sameHost compares two names of a host, of which one may lack the domain.
func sameHost(a, b string) bool {
	first, _, qualified := strings.Cut(a, ".")
	other, _, otherQualified := strings.Cut(b, ".")
	if qualified && otherQualified {
		return strings.EqualFold(a, b)
	}
	return strings.EqualFold(first, other)
}
