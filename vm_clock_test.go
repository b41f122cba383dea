package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
)

func TestTheClockIsSetBackAndForwardWhileAlertsWait(t *testing.T) {
	m := newMachine(t, "clock")
	m.boot("", "").await(t.Context())
	out := m.out()
	it := func(name string) string { return filepath.Join(out, name) }
	var key journal.Key
	if err := journal.TakeKey(it("state"), func(k journal.Key) error { key = k; return nil }); err != nil {
		t.Fatal(err)
	}
	told, fresh := readJournal(t, it("state"), key), readReport(t, it("check.json"))
	siem, paced, kept := readFrames(t, it("siem")), readFrames(t, it("paced")), readLines(t, it("kept"))
	checkInbox(t, siem, told, fresh)
	checkJournal(t, told, []*inbox{siem, paced, kept})
	others := *told
	others.alerts = slices.DeleteFunc(slices.Clone(told.alerts), func(m received) bool { return m.event == finding.Heartbeat })
	for _, in := range []*inbox{paced, kept} {
		checkInbox(t, in, &others, fresh)
	}
	damped := readLines(t, it("damped"))
	damped.name = "damped"
	c := &complaints{t: t, what: damped.name}
	lastState(c, damped.all(), fresh)
	if summed := slices.ContainsFunc(damped.all(), func(m received) bool { return strings.Contains(m.essence, "flapping") }); !summed {
		t.Error("nothing was damped")
	}
	theClockWasSet(t, it("kept"))
	if said, err := os.ReadFile(it("verify")); err != nil || !strings.Contains(string(said), "entries hold") {
		t.Errorf("journal verify: %s %v", said, err)
	}
	if said, err := os.ReadFile(it("service")); err != nil || !strings.Contains(string(said), "NRestarts=0\n") {
		t.Errorf("the service did not live through it: %s %v", said, err)
	}
	for _, name := range []string{"before", "back", "forward", "after"} {
		saneStatus(t, out, name)
	}
}

// readFrames understands the file into which rsyslog wrote what it got.
func readFrames(t *testing.T, path string) *inbox {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	in := &inbox{name: filepath.Base(path)}
	for line := range strings.Lines(string(b)) {
		in.take(readSyslog([]byte(strings.TrimSuffix(line, "\n"))))
	}
	return in
}

// theClockWasSet looks for the jumps in the times of the alerts.
func theClockWasSet(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var last time.Time
	var back, forward bool
	for line := range strings.Lines(string(b)) {
		var m alert.Message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		back = back || !last.IsZero() && m.Time.Sub(last) < -50*time.Minute
		forward = forward || !last.IsZero() && m.Time.Sub(last) > 110*time.Minute
		last = m.Time
	}
	if !back || !forward {
		t.Errorf("the alerts do not show that the clock was set back: %v, forward: %v", back, forward)
	}
}

// saneStatus looks at what the daemon said of itself at one moment.
func saneStatus(t *testing.T, out, name string) {
	t.Helper()
	status := readReport(t, filepath.Join(out, name+".json"))
	if up := status.Agent.UptimeSeconds; up < 0 || up > 3000 {
		t.Errorf("%s: it says that it lives for %d s", name, up)
	}
	for _, c := range status.Agent.Conditions {
		t.Errorf("%s: %s: %s", name, c.Code, c.Message)
	}
	for _, s := range status.Agent.Sinks {
		away := name != "after" && (s.Name == "siem" || s.Name == "paced")
		if s.Dropped > 0 || away == (s.Queued == 0) && s.Name != "damped" || s.Healthy == away {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if status.Agent.Journal == nil || status.Agent.Journal.Fault != "" || len(status.Results) != 58 {
		t.Errorf("%s: journal %+v, %d results", name, status.Agent.Journal, len(status.Results))
	}
}
