package doctor

import (
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"stigwatch/agent/api"
)

func TestConfigurationAndConditions(t *testing.T) {
	tells(t, map[string]wrong{
		"a mistake":         {"configuration", func(m *machine) { m.o.Valid = func() error { return errors.New("x.yaml:2: rooot: no such key") } }, Fail, "rooot", "systemctl reload"},
		"not to read":       {"configuration", func(m *machine) { m.o.ConfigErr = unix.EACCES }, Skipped, "permission denied", "sudo"},
		"refused":           {"configuration", func(m *machine) { m.report.Agent.Config.Error = "no such key" }, Fail, "last reload was refused", "systemctl reload"},
		"refused, unread":   {"configuration", func(m *machine) { m.o.ConfigErr = unix.EACCES; m.report.Agent.Config.Error = "no such key" }, Fail, "last reload was refused", ""},
		"edited":            {"configuration", func(m *machine) { m.report.Agent.Config.Loaded = api.At(time.Now().Add(-time.Hour)) }, Warn, "site.yaml was edited after", "systemctl reload"},
		"another one":       {"configuration", func(m *machine) { m.report.Agent.Config.Path = "/x.yaml" }, Warn, "the agent reads /x.yaml", "--config /x.yaml"},
		"is it live":        {"configuration", func(m *machine) { m.down(unix.ENOENT) }, Skipped, "no agent answers", "start"},
		"a grave condition": {"agent", condition("journal-fault"), Fail, "journal-fault: m in f", "stigwatch status"},
		"a condition":       {"agent", condition("expiring"), Warn, "expiring: m in f", "stigwatch status"},
		"none says":         {"agent", func(m *machine) { m.down(unix.ENOENT) }, Skipped, "no agent answers", ""},
		"not asked":         {"agent", func(m *machine) { m.down(unix.EACCES) }, Skipped, "permission denied", "sudo"},
	})
}

func TestMapping(t *testing.T) {
	tells(t, map[string]wrong{
		"unmapped":     {"mapping", fact("unmapped", nil), Warn, "1 fact is unmapped: c", "learn"},
		"unconfirmed":  {"mapping", fact("unconfirmed", nil), Warn, "1 fact is unconfirmed: c", "map confirm"},
		"unreadable":   {"mapping", fact("unreadable", nil), Warn, "1 fact is unreadable: c", "probe"},
		"attested":     {"mapping", fact("unmapped", &api.Attestation{}), OK, "none of 3 facts", ""},
		"nothing said": {"mapping", func(m *machine) { m.report.Results = nil }, Skipped, "names no fact", ""},
	})
}

func TestSinks(t *testing.T) {
	tells(t, map[string]wrong{
		"no sink":         {"sinks", func(m *machine) { m.report.Agent.Sinks = nil }, Warn, "nobody is told", "sinks"},
		"it fails":        {"sinks", sink(func(k *api.Sink) { k.Healthy, k.LastError, k.Queued = false, "403", 3 }), Fail, "fails: 403; a connection can be made; 3 alerts wait", "selftest"},
		"it dropped":      {"sinks", sink(func(k *api.Sink) { k.Dropped = 2 }), Warn, "2 were dropped", "history"},
		"nothing yet":     {"sinks", sink(func(k *api.Sink) { k.Sent = 0 }), Warn, "nothing to send yet; a connection can be made", "selftest"},
		"nothing, nobody": {"sinks", func(m *machine) { m.refuse = unix.ECONNREFUSED; sink(func(k *api.Sink) { k.Sent = 0 })(m) }, Fail, "nobody takes a connection", ""},
		"udp":             {"sinks", sink(func(k *api.Sink) { k.Address = "udp://siem.example" }), Warn, "UDP promises nothing", "receiver"},
		"nobody at home":  {"sinks", func(m *machine) { m.down(unix.ENOENT); m.refuse = unix.ECONNREFUSED }, Fail, "nobody takes a connection from here for siem", ""},
	})
}

func TestJournal(t *testing.T) {
	tells(t, map[string]wrong{
		"no journal":      {"journal", func(m *machine) { m.report.Agent.Journal = nil }, Fail, "takes none", ""},
		"a fault":         {"journal", func(m *machine) { m.report.Agent.Journal.Fault = "no space" }, Fail, "nothing can be recorded: no space", ""},
		"the key waits":   {"journal", func(m *machine) { m.report.Agent.Journal.KeyWaits = true }, Warn, "nobody has taken", "journal key"},
		"only half known": {"journal", func(m *machine) { m.down(unix.ENOENT) }, Skipped, "no agent answers", ""},
		"none yet":        {"journal", func(m *machine) { m.down(unix.ENOENT); m.remove("/var/lib/stigwatch/journal.db") }, NotApplicable, "no journal in", ""},
	})
}

func TestTheKeyIsLookedForWithoutAnAgentToo(t *testing.T) {
	m := sound(t)
	m.down(unix.ENOENT)
	m.file("/var/lib/stigwatch/journal.first-key", "", 0o600, user, group)
	if items := m.look("journal"); len(items) != 2 || items[0].State != Skipped || items[1].State != Warn || !strings.Contains(items[1].Next, "journal key") {
		t.Errorf("%+v", items)
	}
}

func TestClockAndFIPS(t *testing.T) {
	tells(t, map[string]wrong{
		"not synchronised": {"clock", func(m *machine) { m.clock.synchronised = false }, Fail, "nobody synchronises", "chronyc"},
		"no clock":         {"clock", func(m *machine) { m.o.clock = func() (clock, error) { return clock{}, unix.EPERM } }, Skipped, "cannot ask the kernel", ""},
		"fips, the kernel": {"fips", func(m *machine) { m.report.Agent.FIPS = false }, Fail, "the kernel is in FIPS mode, and the agent is not", "GODEBUG"},
		"no fips": {"fips", func(m *machine) {
			m.report.Agent.FIPS = false
			m.file("/proc/sys/crypto/fips_enabled", "0\n", 0o444, 0, 0)
		}, Warn, "not in FIPS mode", "GODEBUG"},
		"another module": {"fips", func(m *machine) { m.report.Agent.FIPSModule = "latest" }, Warn, `"latest" is not the certified`, "release build"},
		"fips, nobody":   {"fips", func(m *machine) { m.down(unix.ENOENT) }, Skipped, "no agent answers", ""},
	})
}

func condition(code string) func(*machine) {
	return func(m *machine) { m.report.Agent.Conditions = []api.Condition{{Code: code, Message: "m", File: "f"}} }
}

func fact(state string, a *api.Attestation) func(*machine) {
	return func(m *machine) {
		r := &m.report.Results[0]
		r.Evidence = append(r.Evidence, api.Evidence{Fact: "c", State: state, Attestation: a})
	}
}

func sink(change func(*api.Sink)) func(*machine) {
	return func(m *machine) { change(&m.report.Agent.Sinks[0]) }
}

func TestTheKernelsWordOnTheClock(t *testing.T) {
	for _, c := range []struct {
		state  int
		status int32
		want   bool
	}{{unix.TIME_OK, 0, true}, {unix.TIME_INS, unix.STA_INS, true}, {unix.TIME_OK, unix.STA_UNSYNC, false}, {unix.TIME_ERROR, 0, false}} {
		got := clockOf(c.state, &unix.Timex{Status: c.status, Maxerror: 1500})
		if got != (clock{c.want, 1500 * time.Microsecond}) {
			t.Errorf("state %d, status %x: %+v", c.state, c.status, got)
		}
	}
}
