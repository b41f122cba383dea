package appliance

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
)

// values are what a fact is changed to on the compliant appliance. Each bad one
// breaks every rule that requires the fact, or corroborates by it; each good one
// breaks none. absentIsFine says that a rule may pass without the fact.
type values struct {
	bad, good    []any
	absentIsFine bool
}

type record = map[string]any

func list(items ...any) []any { return items }

func oneOf(v ...any) []any { return v }

var banner = "I've read & consent to nothing in particular"

// mutations hold every fact that any rule reads.
var mutations = map[string]values{
	"captures.fips_enabled": {bad: oneOf(false), good: oneOf(true), absentIsFine: true},
	"crypto_policy.current": {bad: oneOf("DEFAULT", "LEGACY", "FIPSISH"), good: oneOf("FIPS:OSPP"), absentIsFine: true},
	"kernel.fips_enabled":   {bad: oneOf(false), good: oneOf(true)},

	"certificates.device": {bad: certificateFaults(), good: oneOf(certificate("in_date", true))},
	"certificates.portal": {bad: certificateFaults(), good: oneOf(certificate("in_date", true))},

	"chrony.servers": {
		bad:  oneOf(list(), list(ntp("192.0.2.123")), list(ntp("192.0.2.123"), ntp("192.0.2.123")), list(ntp("192.0.2.123"), ntp("203.0.113.9"))),
		good: oneOf(list(ntp("198.51.100.123"), ntp("192.0.2.123"))),
	},
	"ntp.servers": {bad: oneOf(list(), list(ntp("192.0.2.123")))},

	"faillock.deny":           {bad: oneOf(0, 4, 5), good: oneOf(1, 2), absentIsFine: true},
	"faillock.unlock_seconds": {bad: oneOf(1, 600, 899), good: oneOf(0, 901, 3600), absentIsFine: true},
	"limits.max_logins":       {bad: oneOf(6, 10, 11), good: oneOf(1, 5), absentIsFine: true},
	"limits.max_system_logins": {
		bad: oneOf(6, 10, 11), good: oneOf(1, 4), absentIsFine: true,
	},

	"kernel.routes": {
		bad:  oneOf(list(record{"destination": "203.0.113.128/25", "via": "198.51.100.1", "device": "eth1"}), list(record{"destination": "0.0.0.0/0", "via": "192.0.2.9", "device": "eth0"})),
		good: oneOf(list(record{"destination": "0.0.0.0/0", "via": "192.0.2.1", "device": "eth0"})),
	},
	"net.static_routes": {
		bad:  oneOf(list(record{"destination": "10.0.0.0/8", "via": "198.51.100.1", "device": "eth1"})),
		good: oneOf(list()), absentIsFine: true,
	},
	"mics.route_gateways": {bad: oneOf(list("203.0.113.77")), good: oneOf(list("192.0.2.1"))},

	"mics.cli.max_ssh_sessions":              {bad: oneOf(0, 6, 10, 11), good: oneOf(5)},
	"mics.cli.session_timeout_minutes":       {bad: oneOf(0, 11, 15), good: oneOf(1, 9)},
	"mics.portal.idle_timeout_minutes":       {bad: oneOf(0, 16, 30), good: oneOf(1, 14)},
	"mics.portal.login_text":                 {bad: oneOf("", "  \n", banner)},
	"sshd.banner_text":                       {bad: oneOf("", banner)},
	"os.issue_text":                          {bad: oneOf("", banner), absentIsFine: true},
	"sshd.match_banners":                     {bad: oneOf(list("none")), good: oneOf(list("/etc/issue.net")), absentIsFine: true},
	"mics.password_policy.auto_lock_seconds": {bad: oneOf(0, 899), good: oneOf(901, 3600)},
	"mics.password_policy.max_attempts":      {bad: oneOf(0, 4, 16), good: oneOf(1, 2)},
	"mics.password_policy.min_length":        {bad: oneOf(0, 8, 14), good: oneOf(16, 128)},
	"mics.password_policy.upper_required":    {bad: oneOf(false), good: oneOf(true)},
	"mics.password_policy.lower_required":    {bad: oneOf(false), good: oneOf(true)},
	"mics.password_policy.digit_required":    {bad: oneOf(false), good: oneOf(true)},
	"mics.password_policy.special_required":  {bad: oneOf(false), good: oneOf(true)},
	"pwquality.minlen":                       {bad: oneOf(0, 8, 14), good: oneOf(16, 64), absentIsFine: true},
	"pwquality.ucredit":                      {good: oneOf(-1, -2), absentIsFine: true}, // minclass 4 makes up for it
	"pwquality.lcredit":                      {good: oneOf(-1, -2), absentIsFine: true},
	"pwquality.dcredit":                      {good: oneOf(-1, -2), absentIsFine: true},
	"pwquality.ocredit":                      {good: oneOf(-1, -2), absentIsFine: true},
	"pwquality.minclass":                     {good: oneOf(3, 4), absentIsFine: true}, // and the credits for it
	"mics.users":                             {bad: oneOf(list("opsadmin", "auditor", "guest")), good: oneOf(list("opsadmin"))},
	"os.login_accounts":                      {bad: oneOf(list("root", "mallory")), good: oneOf(list("root")), absentIsFine: true},
	"os.uid0_accounts":                       {bad: oneOf(list("root", "toor")), good: oneOf(list("root"))},
	"mics.snmp.enabled":                      {bad: oneOf(false), good: oneOf(true)},
	"mics.snmp.protocol":                     {bad: oneOf("v2c", "v1"), good: oneOf("V3")},
	"snmpd.access":                           {bad: oneOf(list(), list(record{"name": "watch", "level": "noauth"})), good: oneOf(list(record{"name": "watch", "level": "auth"}))},
	"snmpd.communities":                      {bad: oneOf(list(record{"kind": "rocommunity"})), good: oneOf(list()), absentIsFine: true},
	"snmpd.trap_receivers":                   {bad: oneOf(list()), good: oneOf(list(record{"host": "192.0.2.53", "kind": "trapsess"}))},
	"snmpd.users":                            {bad: oneOf(list(), list(record{"name": "watch", "auth": "MD5", "priv": "AES"})), good: oneOf(list(record{"name": "watch", "auth": "SHA-512", "priv": "AES"}))},
	"mics.syslog.servers":                    {bad: oneOf(list(), list(syslog("192.0.2.51", true, true)), list(syslog("192.0.2.51", false, true), syslog("198.51.100.51", true, true)), list(syslog("192.0.2.51", true, false), syslog("198.51.100.51", true, true))), good: oneOf(list(syslog("198.51.100.51", true, true), syslog("192.0.2.51", true, true)))},
	"rsyslog.forwards":                       {bad: oneOf(list(), list(forward("192.0.2.51", false)), list(forward("192.0.2.51", true), forward("198.51.100.51", false))), good: oneOf(list(forward("198.51.100.51", false), forward("192.0.2.51", false)))},
	"mics.tls.incoming.protocols":            tlsValues(),
	"mics.tls.outgoing.protocols":            tlsValues(),
	"mics.tls.uem.protocols":                 tlsValues(),
	"mics.tls.access.protocols":              tlsValues(),
	"probe.incoming_on":                      {bad: oneOf(list("TLSv1"), list("TLSv1.2", "SSLv3")), good: oneOf(list("TLSv1.2")), absentIsFine: true},
	"probe.incoming_off":                     {bad: oneOf(list("TLSv1.2")), good: oneOf(list("TLSv1", "TLSv1.1")), absentIsFine: true},
	"probe.portal_certificate":               {bad: served(), good: oneOf(certificate("in_date", true)), absentIsFine: true},
	"probe.incoming_certificate":             {bad: served(), good: oneOf(certificate("in_date", true)), absentIsFine: true},
	"services.syslog":                        serviceValues("rsyslog.service", ""),
	"services.time":                          serviceValues("chronyd.service", "ntpd.service"),
	"services.firewall":                      serviceValues("iptables.service", "firewalld.service"),
	"release.version":                        {bad: oneOf("9.20.2", "10.4.1", "10.7.0", "11"), good: oneOf("10.7.2")},
	"mics.interface_addresses":               {bad: oneOf(list(), list("198.51.100.10"), list("192.0.2.10", "0.0.0.0"), list("192.0.2.10", "192.0.2.11")), good: oneOf(list("198.51.100.10", "192.0.2.10"))},
	"mics.emm.source_verify":                 {bad: oneOf(false), good: oneOf(true)},
	"mics.emm.addresses":                     {bad: oneOf(list(), list("192.0.2.99")), good: oneOf(list("192.0.2.20"))},
	"mics.signin.certificate":                {bad: oneOf(false), good: oneOf(true)},
	"mics.signin.certificate_mapping":        {bad: oneOf(""), good: oneOf("edipi")},
	"mics.user_edipis":                       {bad: oneOf(list(), list(record{"user": "opsadmin", "edipi": "1234567890"}), list(record{"user": "opsadmin"}, record{"user": "auditor", "edipi": "1234567890"}), list(record{"user": "opsadmin", "edipi": "12345"}, record{"user": "auditor", "edipi": "1234567890"})), good: oneOf(list(record{"user": "auditor", "edipi": "2234567890"}, record{"user": "opsadmin", "edipi": "3234567890"}))},
	"mics.alerts.enabled":                    {bad: oneOf(false), good: oneOf(true)},
	"mics.alerts.recipients":                 {bad: oneOf(list(), list("isso@lab.example", "issm@lab.example")), good: oneOf(list("sca@lab.example", "issm@lab.example", "isso@lab.example"))},
	"firewall.input_policy":                  {good: oneOf("DROP")},
	"firewall.input_rules":                   {bad: oneOf(list(record{"target": "ACCEPT"}))},
	"sockets.listening":                      {bad: oneOf(list(record{"protocol": "tcp", "address": "0.0.0.0", "port": 23})), good: oneOf(list(record{"protocol": "tcp", "address": "0.0.0.0", "port": 443}))},
	"httpd.portal_verify_client":             {bad: oneOf("none"), good: oneOf("optional", "require"), absentIsFine: true},
}

func ntp(host string) record { return record{"host": host, "kind": "server"} }

func syslog(host string, enabled, audit bool) record {
	return record{"host": host, "port": 6514, "protocol": "tcp", "enabled": enabled, "audit": audit}
}

func forward(host string, shadowed bool) record {
	return record{"host": host, "port": 6514, "protocol": "tcp", "selector": "*.*", "shadowed": shadowed}
}

func certificate(field string, v bool) record {
	c := record{"subject": "CN=a", "issuer": "CN=b", "in_date": true, "self_signed": false, "trusted": true}
	c[field] = v
	return c
}

func certificateFaults() []any {
	return oneOf(certificate("in_date", false), certificate("self_signed", true), certificate("trusted", false))
}

// served are the faults of what a port serves: another certificate is one.
func served() []any {
	other := certificate("in_date", true)
	other["key"], other["fingerprint"] = "ECDSA", "00"
	return append(certificateFaults(), other)
}

func unit(name, load, active string) record {
	return record{"unit": name, "load": load, "active": active, "sub": "dead", "pending": false}
}

// serviceValues are those of a job that one service does, or another.
func serviceValues(name, other string) values {
	v := values{
		bad:          oneOf(list(unit(name, "loaded", "inactive")), list(unit(name, "loaded", "failed")), list(unit(name, "masked", "inactive"))),
		good:         oneOf(list(), list(unit(name, "loaded", "active")), list(unit(name, "loaded", "activating")), list(unit(name, "not-found", "inactive"))),
		absentIsFine: true,
	}
	restarting := unit(name, "loaded", "inactive")
	restarting["pending"] = true
	v.good = append(v.good, list(restarting))
	if other != "" {
		v.bad = append(v.bad, list(unit(name, "not-found", "inactive"), unit(other, "loaded", "failed")))
		v.good = append(v.good, list(unit(name, "loaded", "inactive"), unit(other, "loaded", "active")))
	}
	return v
}

func tlsValues() values {
	return values{
		bad:  oneOf(list(), list("TLSv1"), list("TLSv1.1", "TLSv1.2"), list("SSLv3", "TLSv1.2")),
		good: oneOf(list("tlsv1.2")),
	}
}

// typedAs makes a table's value one that facts have: whole numbers are int64.
func typedAs(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = typedAs(v[i])
		}
		return out
	case record:
		out := record{}
		for k, field := range v {
			out[k] = typedAs(field)
		}
		return out
	}
	return v
}

// mutant judges the compliant appliance with one fact changed.
type mutant struct {
	*pass
	before map[string]finding.Result
}

func (m *mutant) with(name string, change func(f *finding.Fact)) map[string]finding.Result {
	snap := maps.Clone(m.snap)
	f := *snap[name]
	f.Reason = ""
	change(&f)
	snap[name] = &f
	out := map[string]finding.Result{}
	for _, r := range m.Engine.Evaluate(context.Background(), snap, nil, m.now) {
		out[r.Rule] = r
	}
	return out
}

func (m *mutant) unmoved(t *testing.T, what, name string, results map[string]finding.Result) {
	t.Helper()
	for id, rule := range m.Engine.Rules {
		if !slices.Contains(rule.Requires, name) && !slices.Contains(rule.Corroborates, name) && results[id].Outcome != m.before[id].Outcome {
			t.Errorf("%s %s: %s does not read it and went from %s to %s (%s)", name, what, id, m.before[id].Outcome, results[id].Outcome, results[id].Reason)
		}
	}
}

// TestEveryFactCounts changes every fact that a rule reads.
func TestEveryFactCounts(t *testing.T) {
	m := &mutant{pass: passOf(t, rig.New(t, "compliant"))}
	defer m.Close()
	m.before = maps.Clone(m.results)
	for id, r := range m.before {
		if r.Outcome != finding.Pass {
			t.Fatalf("%s is %s to begin with: %s", id, r.Outcome, r.Reason)
		}
	}
	read := map[string]bool{}
	for _, rule := range m.Engine.Rules {
		for _, name := range slices.Concat(rule.Requires, rule.Corroborates) {
			read[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(read)) {
		v, ok := mutations[name]
		if !ok || len(v.bad)+len(v.good) == 0 {
			t.Errorf("%s is read by a rule and not in the table", name)
			continue
		}
		m.bad(t, name, v)
		m.good(t, name, v)
		m.gone(t, name, v)
	}
	for name := range mutations {
		if !read[name] {
			t.Errorf("%s is in the table and no rule reads it", name)
		}
	}
}

func (m *mutant) readers(name string, required bool) []string {
	var out []string
	for id, rule := range m.Engine.Rules {
		if names := map[bool][]string{true: rule.Requires, false: rule.Corroborates}[required]; slices.Contains(names, name) {
			out = append(out, id)
		}
	}
	return out
}

func (m *mutant) bad(t *testing.T, name string, v values) {
	t.Helper()
	for _, value := range v.bad {
		what := fmt.Sprintf("= %v", value)
		results := m.with(name, func(f *finding.Fact) { f.State, f.Value, f.Assurance = finding.Known, typedAs(value), finding.Direct })
		for _, id := range slices.Concat(m.readers(name, true), m.readers(name, false)) {
			if results[id].Outcome != finding.Fail {
				t.Errorf("%s %s: %s is %s (%s), want fail", name, what, id, results[id].Outcome, results[id].Reason)
			}
		}
		m.unmoved(t, what, name, results)
	}
}

func (m *mutant) good(t *testing.T, name string, v values) {
	t.Helper()
	for _, value := range v.good {
		results := m.with(name, func(f *finding.Fact) { f.State, f.Value, f.Assurance = finding.Known, typedAs(value), finding.Direct })
		for id, r := range results {
			if r.Outcome != m.before[id].Outcome {
				t.Errorf("%s = %v: %s went from %s to %s (%s)", name, value, id, m.before[id].Outcome, r.Outcome, r.Reason)
			}
		}
	}
}

// gone takes the fact away in each way in which facts go.
func (m *mutant) gone(t *testing.T, name string, v values) {
	t.Helper()
	for _, state := range []finding.State{finding.Absent, finding.Missing, finding.Unreadable, finding.Unmapped, finding.Unconfirmed} {
		results := m.with(name, func(f *finding.Fact) { f.State, f.Value, f.Reason = state, nil, "for the test" })
		for _, id := range m.readers(name, true) {
			fine := state == finding.Absent && v.absentIsFine
			if results[id].Outcome == finding.Pass && !fine && !(state == finding.Missing && m.Engine.Rules[id].MissingOK[name] != "") {
				t.Errorf("%s %s: %s still passes", name, state, id)
			}
		}
		for _, id := range m.readers(name, false) {
			if r := results[id]; r.Outcome == finding.Fail {
				t.Errorf("%s %s: %s fails (%s) though it only corroborates", name, state, id, r.Reason)
			}
		}
		m.unmoved(t, string(state), name, results)
	}
}
