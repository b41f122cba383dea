package agent

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/units"
	"stigwatch/agent/units/rig"
)

// unitsOf gives the compliant appliance with a systemd of its own; its ports are mute.
func unitsOf(t *testing.T, s *rig.Systemd) *pass {
	t.Helper()
	p := liveOn(t, "127.0.0.1:1")
	p.asker.units = units.New(units.Options{Socket: s.Socket, Timeout: patience})
	return p
}

func TestAStoppedServiceFailsItsRulesAndARunningOnePassesNone(t *testing.T) {
	syslog := []string{"V-251002", "V-251006", "V-251015", "V-251016", "V-251017", "V-251018", "V-251019", "V-251020", "V-251030", "V-251039"}
	for unit, rules := range map[string][]string{
		"rsyslog.service": syslog, "chronyd.service": {"V-250999"}, "iptables.service": {"V-251022"},
	} {
		s := rig.New(t)
		p := unitsOf(t, s)
		for what, c := range map[string]struct {
			properties map[string]any
			outcome    finding.Outcome
		}{
			"runs":           {map[string]any{"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "Job": uint32(0)}, finding.Pass},
			"stopped":        {map[string]any{"LoadState": "loaded", "ActiveState": "inactive", "SubState": "dead", "Job": uint32(0)}, finding.Fail},
			"failed":         {map[string]any{"LoadState": "loaded", "ActiveState": "failed", "SubState": "failed", "Job": uint32(0)}, finding.Fail},
			"masked":         {map[string]any{"LoadState": "masked", "ActiveState": "inactive", "SubState": "dead", "Job": uint32(0)}, finding.Fail},
			"restarts":       {map[string]any{"LoadState": "loaded", "ActiveState": "inactive", "SubState": "dead", "Job": uint32(9)}, finding.Pass},
			"unknown":        {map[string]any{"LoadState": "not-found", "ActiveState": "inactive", "SubState": "dead", "Job": uint32(0)}, finding.Pass},
			"talks nonsense": {map[string]any{"LoadState": "loaded", "ActiveState": "", "SubState": "dead", "Job": uint32(0)}, finding.Pass},
		} {
			t.Run(unit+" "+what, func(t *testing.T) {
				s.Set(unit, c.properties)
				p.around(t)
				for id, r := range p.results {
					want := finding.Pass
					for _, mine := range rules {
						if id == mine {
							want = c.outcome
						}
					}
					if r.Outcome != want || want == finding.Fail && (!strings.Contains(r.Reason, unit) || r.Evidence[0].File != "live:unit/"+unit) {
						t.Errorf("%s is %s: %s", id, r.Outcome, r.Reason)
					}
				}
			})
		}
	}
}

func TestWithoutSystemdNothingIsKnownAndNothingBlocked(t *testing.T) {
	p := liveOn(t, "127.0.0.1:1")
	p.around(t)
	for _, name := range []string{"services.syslog", "services.time", "services.firewall"} {
		if f := p.snap[name]; f.State != finding.Unreadable || !strings.Contains(f.Reason, "cannot ask systemd: there is no system bus") {
			t.Errorf("%s is %s: %s", name, f.State, f.Reason)
		}
	}
	for id, r := range p.results {
		if r.Outcome != finding.Pass {
			t.Errorf("%s is %s: %s", id, r.Outcome, r.Reason)
		}
	}
}

// liveDaemon runs a real agent on the compliant appliance as if its root were the
// machine's.
func liveDaemon(t *testing.T, s *rig.Systemd) *daemon {
	t.Helper()
	return startWith(t, appliance(t, "compliant"), func(a *Agent) {
		a.parts.asker = newAsker(a.parts)
		a.parts.asker.units = units.New(units.Options{Socket: s.Socket, Timeout: patience})
		a.parts.asker.probe.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("mute") }
		a.parts.reader = a.parts.newReader()
	})
}

// asked waits until the units were asked for once more.
func asked(t *testing.T, s *rig.Systemd) {
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
	s := rig.New(t)
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
	s := rig.New(t)
	d := liveDaemon(t, s)
	asked(t, s)
	edit(t, filepath.Join(d.dir, "root/etc/chrony.conf"), "server", "#server")
	d.want(finding.Opened, "V-250999")
	changed := time.Now()
	asked(t, s)
	if took := time.Since(changed); took > firstAsk*askLater {
		t.Errorf("it took %s", took)
	}
}

func TestACopiedTreeAsksNoSystemd(t *testing.T) {
	p := passOf(t, appliance(t, "compliant"))
	defer p.close()
	for name, f := range p.snap {
		if strings.HasPrefix(name, "services.") || strings.HasPrefix(name, "probe.") {
			if f.State != finding.Unreadable || !strings.Contains(f.Reason, "not available offline") || !strings.HasPrefix(f.Evidence[0].File, facts.LivePrefix) {
				t.Errorf("%s is %s: %s", name, f.State, f.Reason)
			}
		}
	}
}
