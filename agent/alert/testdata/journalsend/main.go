// Command journalsend sends one alert to the systemd journal. The test that
// builds it points the library's fixed socket path elsewhere.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/finding"
)

func main() {
	if err := send(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func send() error {
	sink, err := alert.New(alert.Options{Config: alert.Config{Type: "journald"}})
	if err != nil {
		return err
	}
	m := alert.FromChange(finding.Change{
		Event: finding.Opened, At: time.Date(2096, 2, 29, 1, 2, 3, 0, time.UTC),
		Rule: &finding.Rule{ID: "V-250989", StigID: "MOIS-ND-000420", Severity: finding.Medium, Title: "Passwords are long"},
		Was:  finding.Result{Outcome: finding.Pass, Evidence: []finding.Item{{Fact: "min_length", Actual: int64(15)}}},
		Result: finding.Result{
			Outcome: finding.Fail, Reason: "it is\nwrong",
			Evidence: []finding.Item{{Fact: "min_length", File: "/etc/x=y", Line: 12, Actual: "a=\"b\"]\n\x00", Expected: ">= 15"}},
		},
	}, "sentry1", 7)
	m.Announced, m.Counters = "CHG-1", map[string]uint64{"rules-open": 3}
	m.Who = &alert.Who{Source: "audit", Login: "admin", User: "root", PID: 42, Command: "vi", Terminal: "pts/0", Remote: "192.0.2.7"}
	_, err = sink.Send(context.Background(), []*alert.Message{&m})
	return err
}
