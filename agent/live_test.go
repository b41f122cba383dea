package agent

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
	"stigwatch/agent/live"
	"stigwatch/agent/probe"
	"stigwatch/agent/units"
	bus "stigwatch/agent/units/rig"
)

// liveDaemon runs a real agent on the compliant appliance as if its root were the
// machine's.
func liveDaemon(t *testing.T, s *bus.Systemd) *daemon {
	t.Helper()
	return startWith(t, rig.New(t, "compliant"), func(a *Agent) {
		a.parts.Ask(live.Options{
			Units: units.New(units.Options{Socket: s.Socket, Timeout: patience}),
			Probe: probe.Options{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("mute") }},
		})
	})
}

// asked waits until the units were asked for once more.
func asked(t *testing.T, s *bus.Systemd) {
	t.Helper()
	for range 6 {
		select {
		case <-s.Asked:
		case <-time.After(patience):
			t.Fatal("systemd is not asked")
		}
	}
}

func TestAServiceThatStopsIsToldAtOnce(t *testing.T) {
	s := bus.New(t)
	s.Put("rsyslog.service", "active", "running", 0)
	d := liveDaemon(t, s)
	asked(t, s)
	start := time.Now()
	s.Put("rsyslog.service", "failed", "failed", 0)
	for range 10 {
		if m := d.next(); m.Event != finding.Opened || !strings.Contains(m.Text, "rsyslog.service is failed") {
			t.Errorf("%+v", m)
		}
	}
	if took := time.Since(start); took > firstAsk { // the timer would take four times that
		t.Errorf("it took %s", took)
	}
	s.Put("rsyslog.service", "active", "running", 0)
	for range 10 {
		if m := d.next(); m.Event != finding.Resolved {
			t.Errorf("%+v", m)
		}
	}
}

// A change of the file is judged by an answer from before at first, so the appliance
// is asked again soon.
func TestAfterAChangeTheApplianceIsAskedAgainSoon(t *testing.T) {
	s := bus.New(t)
	d := liveDaemon(t, s)
	asked(t, s)
	rig.Edit(t, filepath.Join(d.dir, "root/etc/chrony.conf"), "server", "#server")
	d.want(finding.Opened, "V-250999")
	changed := time.Now()
	asked(t, s)
	if took := time.Since(changed); took > firstAsk*askLater {
		t.Errorf("it took %s", took)
	}
}
