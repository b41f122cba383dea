package alert

import (
	"bytes"
	"io"
	"maps"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/finding"
)

// parsed reads a mail as a receiver does.
func parsed(t testing.TB, text []byte) (mail.Header, string) {
	t.Helper()
	for line := range bytes.Lines(text) {
		if len(line) > 1000 || !bytes.HasSuffix(line, []byte("\r\n")) && !bytes.HasSuffix(text, line) {
			t.Fatalf("no line of a mail: %q", line)
		}
		for _, c := range line {
			if c > 0x7e || c < ' ' && c != '\r' && c != '\n' && c != '\t' {
				t.Fatalf("byte %x in %q", c, line)
			}
		}
	}
	m, err := mail.ReadMessage(bytes.NewReader(text))
	must(t, err)
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	must(t, err)
	return m.Header, strings.ReplaceAll(string(body), "\r\n", "\n")
}

func subjectOf(t testing.TB, h mail.Header) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	must(t, err)
	return s
}

func TestMailReadsWell(t *testing.T) {
	m := FromChange(opened(), "sentry1", 7)
	m.Before, m.Who = "15", &Who{Source: "audit", Login: "müller", User: "root", Remote: "192.0.2.7"}
	h, body := parsed(t, mailText([]*Message{&m}, []string{`"stigwatch" <w@example.org>`}, []string{"<a@example.org>,", "<b@example.org>"}, at))
	want := `V-250989 opened (CAT II): minimum length is 8, must be at least 15 (/mi/config-system/startup_config/identityconfig.xml:12)
  time       2096-02-29T01:02:03Z
  rule       MOIS-ND-000420 Passwords are at least 15 characters long
  result     fail, was pass
  file       /mi/config-system/startup_config/identityconfig.xml:12
  fact       mics.password_policy.min_length
  expected   >= 15
  actual     8
  before     15
  by         müller as root from 192.0.2.7 (audit)
  id         ` + m.ID + `

-- 
stigwatch on sentry1. What is open now: stigwatch status
`
	if body != want {
		t.Errorf("got\n%s", body)
	}
	for name, want := range map[string]string{
		"Subject": "[stigwatch] sentry1: V-250989 opened (CAT II)", "Auto-Submitted": "auto-generated", "X-Stigwatch-Id": m.ID,
		"To": "<a@example.org>, <b@example.org>", "Date": "Wed, 29 Feb 2096 01:02:03 +0000", "Content-Type": "text/plain; charset=utf-8",
	} {
		if h.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, h.Get(name), want)
		}
	}
	if id := h.Get("Message-ID"); len(id) != 32+len("<@example.org>") || !strings.HasSuffix(id, "@example.org>") {
		t.Error(id)
	}
}

func TestSubjectSaysTheWorst(t *testing.T) {
	event := func(e finding.Event, s finding.Severity) *Message {
		return &Message{Host: "sentry1", Rule: "V-250989", Event: e, Severity: s}
	}
	accepted := event(finding.Opened, finding.High)
	accepted.Waived = true
	for want, batch := range map[string][]*Message{
		"3 opened, 1 resolved (CAT I)": {
			event(finding.Resolved, finding.High), event(finding.Opened, finding.Low), event(finding.Opened, finding.High), event(finding.Opened, finding.Medium),
		},
		"2 resolved":                     {event(finding.Resolved, finding.High), event(finding.Resolved, finding.High)},
		"1 opened, 1 changed (CAT III)":  {event(finding.Changed, finding.Low), accepted},
		"V-250989 lost (CAT II)":         {event(finding.Lost, finding.Medium)},
		"agent: watch-lost":              {{Host: "sentry1", Event: finding.Agent, Severity: finding.High, Code: "watch-lost"}},
		"1 heartbeat":                    {{Host: "sentry1", Event: "heartbeat"}},
		"1 opened, 1 heartbeat (CAT II)": {{Host: "sentry1", Event: "heartbeat"}, event(finding.Opened, finding.Medium)},
	} {
		if got := subject(batch); got != "[stigwatch] sentry1: "+want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestMailIDIsTheMessages(t *testing.T) {
	one, two := mailText(messages(1, 3, numbered), []string{"a@b"}, []string{"c@d"}, at), mailText(messages(1, 3, numbered), []string{"a@b"}, []string{"c@d"}, time.Now())
	other := mailText(messages(1, 2, numbered), []string{"a@b"}, []string{"c@d"}, at)
	id := func(text []byte) string { h, _ := parsed(t, text); return h.Get("Message-ID") }
	if id(one) != id(two) || id(one) == id(other) {
		t.Error(id(one), id(two), id(other))
	}
}

func FuzzMailHoldsNoForgedHeader(f *testing.F) {
	for _, s := range append(slices.Collect(maps.Values(hostile)), "x\r\nBcc: mallory@example.org", "=?utf-8?q?x=0d=0aBcc:_m?=", ".\r\nQUIT", strings.Repeat("ü", 500)) {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, host, value string) {
		m := FromChange(opened(), "sentry1", 7)
		m.Host, m.Rule, m.Text, m.Actual, m.Event, m.ID = host, value, value, value, finding.Event(value), value
		h, body := parsed(t, mailText([]*Message{&m, &m}, []string{"<w@example.org>"}, []string{"<a@example.org>"}, at))
		if len(h) != 10 || len(h["To"]) != 1 || h.Get("Bcc") != "" {
			t.Errorf("%v", h)
		}
		if s := subjectOf(t, h); !strings.HasPrefix(s, "[stigwatch] ") || len([]rune(s)) > maxSubject+4 {
			t.Errorf("subject %q", s)
		}
		if !strings.Contains(body, clean(value)+"\n") {
			t.Errorf("%q is not in the body", value)
		}
	})
}
