package appliance

import (
	"strings"
	"testing"
	"time"

	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/units"
	bus "stigwatch/agent/units/rig"
)

// unitsOf gives the compliant appliance with a systemd of its own; its ports are mute.
func unitsOf(t *testing.T, s *bus.Systemd) *pass {
	t.Helper()
	p := liveOn(t, "127.0.0.1:1")
	p.ask("127.0.0.1:1", units.New(units.Options{Socket: s.Socket, Timeout: 20 * time.Second}))
	return p
}

func TestAStoppedServiceFailsItsRulesAndARunningOnePassesNone(t *testing.T) {
	syslog := []string{"V-251002", "V-251006", "V-251015", "V-251016", "V-251017", "V-251018", "V-251019", "V-251020", "V-251030", "V-251039"}
	for unit, rules := range map[string][]string{
		"rsyslog.service": syslog, "chronyd.service": {"V-250999"}, "iptables.service": {"V-251022"},
	} {
		s := bus.New(t)
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

func TestACopiedTreeAsksNoSystemd(t *testing.T) {
	p := passOf(t, rig.New(t, "compliant"))
	defer p.Close()
	for name, f := range p.snap {
		if strings.HasPrefix(name, "services.") || strings.HasPrefix(name, "probe.") {
			if f.State != finding.Unreadable || !strings.Contains(f.Reason, "not available offline") || !strings.HasPrefix(f.Evidence[0].File, facts.LivePrefix) {
				t.Errorf("%s is %s: %s", name, f.State, f.Reason)
			}
		}
	}
}
