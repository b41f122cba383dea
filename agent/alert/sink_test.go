package alert

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestNewChecksItsOptions(t *testing.T) {
	cases := []struct {
		options Options
		want    string // part of the error; empty: fine
	}{
		{Options{Config: Config{Type: "syslog"}}, ""},
		{Options{Config: Config{Type: "syslog", Address: "unix:///run/log", Format: "rfc5424", Facility: "local0"}}, ""},
		{Options{Config: Config{Type: "syslog", Address: "udp://siem.example"}}, ""},
		{Options{Config: Config{Type: "syslog", Address: "tcp://[2001:db8::1]:1601"}}, ""},
		{Options{Config: Config{Type: "stdout"}}, ""},
		{Options{Config: Config{Type: "relp", Address: "relp://siem.example:2514"}}, ""},
		{Options{Config: Config{Type: "relp", Address: "relps://siem.example"}}, ""},
		{Options{Config: Config{Type: "relp"}}, "address"},
		{Options{Config: Config{Type: "relp", Address: "tcp://u:hunter2@siem.example:601"}}, `address "tcp://siem.example:601"`},
		{Options{}, `sink type ""`},
		{Options{Config: Config{Type: "carrier-pigeon"}}, `sink type "carrier-pigeon"`},
		{Options{Config: Config{Type: "syslog", Format: "cef"}}, ""},
		{Options{Config: Config{Type: "syslog", Format: "xml"}}, `format "xml"`},
		{Options{Config: Config{Type: "syslog", Facility: "local9"}}, `facility "local9"`},
		{Options{Config: Config{Type: "syslog", Address: "tls://siem.example:6514"}}, ""},
		{Options{Config: Config{Type: "syslog", Address: "siem.example:514"}}, `address`},
		{Options{Config: Config{Type: "syslog", Address: "/dev/log"}}, `address "/dev/log"`},
		{Options{Config: Config{Type: "syslog", Address: "tcp://siem.example/path"}}, `address`},
		{Options{Config: Config{Type: "syslog", Address: "tcp://:601"}}, `address`},
		{Options{Config: Config{Type: "syslog", Address: "tcp://u:hunter2@siem.example:601"}}, `address "tcp://siem.example:601"`},
		{Options{Config: Config{Type: "syslog", Address: "tcp://u:hunter2@siem.example:x"}}, `address`},
	}
	for _, tc := range cases {
		sink, err := New(tc.options)
		switch {
		case tc.want == "" && err == nil:
			must(t, sink.Close())
		case tc.want == "" || err == nil || !strings.Contains(err.Error(), tc.want):
			t.Errorf("%+v: %v, want %q", tc.options, err, tc.want)
		case strings.Contains(err.Error(), "hunter2"):
			t.Errorf("a password is shown: %v", err)
		}
	}
}

func TestDefaultAddresses(t *testing.T) {
	for in, want := range map[string][2]string{
		"":                         {"unix", "/dev/log"},
		"unix:///run/x/log":        {"unix", "/run/x/log"},
		"udp://siem.example":       {"udp", "siem.example:514"},
		"tcp://siem.example":       {"tcp", "siem.example:601"},
		"tls://siem.example":       {"tls", "siem.example:6514"},
		"tcp://[2001:db8::1]:1601": {"tcp", "[2001:db8::1]:1601"},
	} {
		scheme, address, _, err := target(in)
		must(t, err)
		if scheme != want[0] || address != want[1] {
			t.Errorf("%q: %s %s", in, scheme, address)
		}
	}
}

func TestStdoutIsOneLineForAPerson(t *testing.T) {
	var out bytes.Buffer
	sink, err := New(Options{Config: Config{Type: "stdout"}, Out: &out})
	must(t, err)
	m := FromChange(opened(), "sentry1", 1)
	must(t, send(t.Context(), sink, &m))
	m = AgentMessage("watch_overflow", "events\nwere lost", "", "sentry1", 2, time.Date(2096, 1, 1, 0, 0, 0, 0, time.UTC))
	must(t, send(t.Context(), sink, &m))
	must(t, sink.Close())
	want := "2096-02-29T01:02:03.456Z  err      " +
		"V-250989 opened (CAT II): minimum length is 8, must be at least 15 (/mi/config-system/startup_config/identityconfig.xml:12)\n" +
		"2096-01-01T00:00:00.000Z  warning  stigwatch: events␊were lost (watch_overflow)\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
