package cli

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares text with testdata/golden/name.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s: -want +got:\n%s", path, diff)
	}
}

// noon is when the reports below are looked at.
func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func before(d time.Duration) api.Time { return api.At(noon().Add(-d)) }

func result(rule string, severity finding.Severity, outcome finding.Outcome, title, reason string, evidence ...api.Evidence) api.Result {
	return api.Result{Rule: rule, StigID: "MOIS-ND-" + rule[2:], Benchmark: "ndm", Severity: string(severity), Title: title,
		Result: string(outcome), Assurance: "direct", Reason: reason, Evidence: evidence, Since: before(26 * time.Hour)}
}

func findings() []api.Result {
	return []api.Result{
		result("V-250986", finding.Medium, finding.Fail, "The lockout holds for 15 minutes and longer after three failed logons in a row", "two settings are wrong",
			api.Evidence{Fact: "mics.lockout.attempts", File: "/mi/config-system/startup_config/lockoutconfig.xml", Line: 12, Actual: int64(5), Expected: "<= 3", Reason: "5 attempts, at most 3 are allowed"},
			api.Evidence{Fact: "mics.lockout.seconds", File: "/mi/config-system/startup_config/lockoutconfig.xml", Actual: nil, Expected: ">= 900", Reason: "the time is not set"},
			api.Evidence{Fact: "faillock.deny", File: "/etc/security/faillock.conf", Line: 3, Actual: int64(3)}),
		result("V-250991", finding.Low, finding.Fail, "Passwords have a special character", "none is required",
			api.Evidence{Fact: "mics.password_policy.special", Actual: false, Expected: "true"}),
		result("V-251000", finding.High, finding.Fail, "FIPS mode is on", "it is off",
			api.Evidence{Fact: "fips.mode", File: "/proc/sys/crypto/fips_enabled", Line: 1, Actual: "0", Expected: "1"}),
		result("V-250987", finding.Medium, finding.NotChecked, "The consent banner is shown", "the site value banner_texts is not set"),
		result("V-250999", finding.High, finding.Error, "Logs are sent away", "policy error: cannot evaluate"),
		result("V-250983", finding.Medium, finding.NotChecked, "t", "no policy yet"),
		result("V-250985", finding.High, finding.NotChecked, "t", "no policy yet"),
		result("V-250988", finding.Medium, finding.NotChecked, "t", "no policy yet"),
		result("V-250994", finding.Medium, finding.NotChecked, "t", "no policy yet"),
		result("V-250990", finding.Medium, finding.Pass, "Passwords have a lower-case letter", ""),
		result("V-250992", finding.Medium, finding.NotApplicable, "Passwords change", "there are none"),
	}
}

func checked() *api.Report {
	return &api.Report{Schema: api.Schema, Host: "sentry1", Time: before(0), Results: findings(),
		Policy:  api.Policy{Digest: "sha256:0123456789abcdef0123456789abcdef", Source: "embedded"},
		Summary: api.Summary{Pass: 1, Fail: 3, NotChecked: 5, NotApplicable: 1, Error: 1, Open: api.Open{High: 1, Medium: 1, Low: 1}}}
}

func reported() *api.Report {
	r := checked()
	r.Agent = &api.Agent{
		PID: 4711, Version: "1.2.3", FIPS: true, FIPSMode: "on", FIPSModule: "v1.0.0-c2097c7c", Revision: 7, Started: before(3 * time.Hour), UptimeSeconds: 10800,
		Confinement: &api.Confinement{
			Summary: "Landlock ABI 5, no new privileges, seccomp", Landlock: 5, NoNewPrivs: true, Seccomp: true,
			Writes: []string{"/var/lib/stigwatch", "/run/stigwatch"}, Missing: []string{"no core dumps: this kernel would not let it read \x1b[2J"},
		},
		Config: api.Config{Path: "/etc/stigwatch/stigwatch.yaml", Digest: "sha256:fedcba9876543210", Loaded: before(3 * time.Hour), Error: "/etc/stigwatch/stigwatch.yaml:3: sinks[0].type: \x1b[31mmail is none of ours\n/etc/stigwatch/site.yaml:9: x: unknown key"},
		Watch:  api.Watch{Folders: 14, Files: 220, Events: 1204, Overflows: 1, LastEvent: before(5 * time.Second), LastFullPass: before(11*time.Minute + 3*time.Second)},
		Passes: api.Passes{Count: 311, Full: 12, Last: before(5 * time.Second), EvalP50us: 812, EvalP99us: 2149},
		Sinks: []api.Sink{
			{Name: "siem", Type: "syslog", Address: "tcp://siem.example:514", Healthy: true, Sent: 12, LastSuccess: before(5 * time.Second)},
			{Name: "local", Type: "journal", Queued: 3, Dropped: 1, LastError: "cannot connect: no such file"},
		},
		SelfTest: &api.SelfTest{
			OK: false, At: before(12 * time.Minute),
			Steps: []api.SelfTestStep{{Name: "written", Micros: 90, OK: true}, {Name: "event", Micros: 240, OK: true}, {Name: "read", Micros: 310, OK: true}, {Name: "verdict", Micros: 1240, OK: true}},
			Sinks: []api.SelfTestSink{
				{Name: "siem", Type: "syslog", How: "confirmed by the receiver's TCP", Micros: 21_300, OK: true},
				{Name: "mail", Type: "smtp", How: "acknowledged", OK: true, Skipped: true},
				{Name: "local", Type: "journal", How: "written", Micros: 10_001_000, Error: "it did not take the message within 10s: cannot connect: no such \x1b[2Jfile"},
			},
		},
		Maintenance: []api.Window{{
			ID: "W31", Ticket: "CHG\x1b[2J1", By: "root", Opened: before(time.Hour), Until: before(-time.Hour), Changes: 2,
			Rules: []string{"V-250986", "V-250991"},
		}},
		Enforcement: api.Enforcement{
			Mode: "alert", Error: "cannot reach the enforcer at \"/run/x\": connection refused",
			Rules: []api.EnforcedRule{
				{Rule: "V-250986", Mode: "enforce", Plan: "P1", LastApply: before(time.Hour), SetBack: 3, Stopped: "it was set back 3 times within 10m0s"},
				{Rule: "V-250987", Mode: "plan"},
				{Rule: "V-250999", Mode: "enforce", Said: "check: \x1b[2Jbad\u202e"},
			},
			Plans: []api.Job{
				{ID: "P2", State: api.JobWaiting, Files: []string{"/etc/ssh/sshd_config"}, Confirm: before(-time.Minute)},
				{ID: "P1", State: api.JobDone, Files: []string{"/etc/security/faillock.conf"}},
			},
		},
		Conditions: []api.Condition{
			{Code: "watch-overflow", Message: "events were lost", Since: before(50 * time.Hour)},
			{Code: "unreadable-file", Message: "permission denied", File: "/etc/snmp/snmpd.conf\u202e", Since: before(0)},
		},
	}
	return r
}

func hostile() *api.Report {
	r := checked()
	r.Host = "sen\x1b]0;owned\x07try"
	r.Results = []api.Result{
		result("V-250987", finding.Medium, finding.Fail, "Tit\rle \u009b2J", "x",
			api.Evidence{Fact: "sshd.banner", File: "/etc/\x1b[2Jissue\n", Line: 1, Actual: "line one\nline \xff two\u202egnp" + string(make([]byte, 40)), Expected: "one of \x00"},
			api.Evidence{Fact: "users", File: "/etc/passwd", Line: 7, Actual: map[string]any{"name": "root\x1b\u202e"}, Expected: "not to be there"}),
		result("V-250988", finding.Medium, finding.NotChecked, "t", "cannot read \"/e\x08tc\""),
		result("V-250989", finding.Severity(""), finding.Outcome("\x1b[0m"), "t", ""),
	}
	return r
}

func wide() *api.Report {
	r := checked()
	r.Summary = api.Summary{Fail: 2, Open: api.Open{Medium: 2}}
	r.Results = []api.Result{
		result("V-250987", finding.Medium, finding.Fail, "日本語の題名はとても長いので折り返されなければならないそれでも列は揃う", "理由"),
		result("V-250988", finding.Medium, finding.Fail, "De\u0301ja\u0300 vu: combining marks take no column of their own, whatever the terminal", "why"),
	}
	r.Results[1].Waived = true
	return r
}

func clean() *api.Report {
	r := checked()
	r.Summary = api.Summary{Pass: 1, NotApplicable: 1}
	r.Results = r.Results[len(r.Results)-2:]
	return r
}

func TestReportForPeople(t *testing.T) {
	cases := []struct {
		name   string
		report *api.Report
		screen screen
	}{
		{"check.txt", checked(), screen{}},
		{"status.txt", reported(), screen{}},
		{"status_80.txt", reported(), screen{width: 80}},
		{"status_40.txt", reported(), screen{width: 40}},
		{"status_colour.txt", reported(), screen{width: 120, colour: true}},
		{"hostile.txt", hostile(), screen{width: 100}},
		{"wide.txt", wide(), screen{width: 80}},
		{"clean.txt", clean(), screen{}},
		{"empty.txt", &api.Report{Host: "h"}, screen{}},
	}
	e := &env{now: noon}
	for i := range cases {
		c := &cases[i]
		e.writeReport(&c.screen, c.report)
		golden(t, c.name, c.screen.String())
	}
}

// explained has a bit of all that an explanation may tell.
func explained() *api.Explanation {
	r := findings()[0]
	r.Evidence = append(r.Evidence, api.Evidence{Fact: "core.policy", Role: "required", State: "unmapped",
		Attestation: &api.Attestation{Status: "pass", Statement: "Seen in Core", By: "A. Nother", Role: "ISSO", Expires: before(-90 * aDay)}})
	r.Reason = "5 attempts, at most 3 are allowed; the time is not set; saved but not applied: a is in order, b is not"
	r.Remark = "the other file agrees; The text asks for two different times; this is the longer one."
	return &api.Explanation{
		Schema: api.Schema, Result: r, SRG: "SRG-APP-000065-NDM-000214", CCIs: []string{"CCI-000044"},
		GUI: "Security > Identity Source > Password Policy", CLI: "enable; configure terminal; lockout 3 (asks first)",
		Remark: "The text asks for two different times; this is the longer one.", NotApplicableWhen: "Nobody signs in.",
		ToPass: []api.Need{
			{Fact: "mics.lockout.attempts", Expected: "<= 3", Reason: "5 attempts, at most 3 are allowed"},
			{Fact: "mics.lockout.seconds", Expected: ">= 900"},
			{Fact: "mics.lockout.seconds", Expected: ">= 900"},
			{Fact: "core.users", Expected: "Core knows its users.", Reason: "nobody has attested it", Next: "stigwatch attest V-250986 --fact core.users"},
			{Fact: "site.limit", Reason: "the site profile does not set it", Next: "set limit"},
		},
		Facts: []api.Fact{
			{Fact: "mics.lockout.attempts", About: "failed sign-ins before the account locks", Role: "required", State: "known", Value: int64(5), Mapping: "confirmed", Assurance: "direct",
				Places: []api.Place{{File: "/mi/config-system/startup_config/lockoutconfig.xml", Line: 12, Raw: "<attempts>5\x1b</attempts>"}}},
			{Fact: "core.users", About: "Core knows its users.", OffBox: true, Role: "required", State: "unmapped"},
			{Fact: "core.policy", About: "Core has the policy.", OffBox: true, Role: "required", State: "unmapped"},
			{Fact: "faillock.deny", Role: "corroborating", State: "unreadable", Mapping: "documented", Assurance: "unknown", Reason: "permission denied",
				Places: []api.Place{{File: "/etc/security/faillock.conf"}}},
			{Fact: "sshd.users", Role: "corroborating", State: "unconfirmed", Value: []any{"a", "b"}, Mapping: "assumed"},
		},
		Site: []api.SiteValue{{Key: "limit"}, {Key: "users", Set: true, Value: []any{"x"}}, {Key: "liberties", Optional: true}},
	}
}

func TestExplanationForPeople(t *testing.T) {
	for name, s := range map[string]*screen{"explain.txt": {}, "explain_60.txt": {width: 60}} {
		writeExplanation(s, explained())
		golden(t, name, s.String())
	}
	passed := explained()
	passed.Result, passed.ToPass, passed.CLI = findings()[9], nil, ""
	passed.Trace = []string{"V-250990.rego:18 | Enter"}
	s := &screen{}
	writeExplanation(s, passed)
	golden(t, "explain_pass.txt", s.String())
}
