package alert

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
)

// at has more digits than RFC 5424 can say, and a zone.
var at = time.Date(2096, 2, 29, 2, 2, 3, 456789999, time.FixedZone("", 3600))

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func minLength() *finding.Rule {
	return &finding.Rule{
		ID: "V-250989", StigID: "MOIS-ND-000420", Benchmark: "ndm", Severity: finding.Medium,
		Title: "Passwords are at least 15 characters long",
	}
}

// opened is a change as the agent makes it.
func opened() finding.Change {
	return finding.Change{
		Event: finding.Opened, Rule: minLength(), Was: finding.Result{Outcome: finding.Pass}, At: at,
		Result: finding.Result{
			Rule: "V-250989", Outcome: finding.Fail, Assurance: finding.Direct,
			Reason: "minimum length is 8, must be at least 15",
			Evidence: []finding.Item{{
				Fact: "mics.password_policy.min_length", Role: finding.Required, State: finding.Known,
				File: "/mi/config-system/startup_config/identityconfig.xml", Line: 12, Digest: "sha256:00",
				Actual: int64(8), Expected: ">= 15", Reason: "minimum length is 8, must be at least 15",
			}},
		},
	}
}

func TestMessageTellsAChange(t *testing.T) {
	got := FromChange(opened(), "sentry1", 7)
	want := Message{
		Seq: 7, ID: got.ID, Event: finding.Opened, Time: time.Date(2096, 2, 29, 1, 2, 3, 456789000, time.UTC),
		Host: "sentry1", Rule: "V-250989", StigID: "MOIS-ND-000420", Severity: finding.Medium,
		Title: "Passwords are at least 15 characters long", Previous: finding.Pass, Fact: "mics.password_policy.min_length",
		Result: finding.Fail, Assurance: finding.Direct, Reason: "minimum length is 8, must be at least 15",
		File: "/mi/config-system/startup_config/identityconfig.xml", Line: 12, Expected: ">= 15", Actual: "8",
		Text: "V-250989 opened (CAT II): minimum length is 8, must be at least 15 (/mi/config-system/startup_config/identityconfig.xml:12)",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestTextReadsWell(t *testing.T) {
	cases := []struct {
		name   string
		change func(*finding.Change)
		want   string
	}{
		{"resolved tells what is true now", func(c *finding.Change) {
			c.Event, c.Result.Outcome, c.Result.Reason = finding.Resolved, finding.Pass, ""
			c.Result.Evidence[0].Expected, c.Result.Evidence[0].Reason = "", ""
		}, "V-250989 resolved (CAT II): Passwords are at least 15 characters long (/mi/config-system/startup_config/identityconfig.xml:12)"},
		{"not applicable says so", func(c *finding.Change) {
			c.Event, c.Result.Outcome, c.Result.Reason, c.Result.Evidence = finding.Resolved, finding.NotApplicable, "SNMP is off", nil
		}, "V-250989 resolved (CAT II): not applicable, SNMP is off"},
		{"an absent setting names the file searched", func(c *finding.Change) {
			c.Result.Reason = "a minimum length is needed"
			c.Result.Evidence[0].State, c.Result.Evidence[0].Actual, c.Result.Evidence[0].Line = finding.Absent, nil, 0
		}, "V-250989 opened (CAT II): a minimum length is needed (not set in /mi/config-system/startup_config/identityconfig.xml)"},
		{"not set is not said twice", func(c *finding.Change) {
			c.Result.Reason = "minimum length is not set"
			c.Result.Evidence[0].State, c.Result.Evidence[0].Actual, c.Result.Evidence[0].Line = finding.Absent, nil, 0
		}, "V-250989 opened (CAT II): minimum length is not set (/mi/config-system/startup_config/identityconfig.xml)"},
		{"lost gives the reason", func(c *finding.Change) {
			c.Event, c.Rule.Severity = finding.Lost, finding.High
			c.Result.Outcome, c.Result.Reason, c.Result.Evidence = finding.NotChecked, "cannot read the file: permission denied", nil
		}, "V-250989 lost (CAT I): cannot read the file: permission denied"},
		{"a bare outcome is better than nothing", func(c *finding.Change) {
			c.Event, c.Rule, c.Result = finding.Lost, nil, finding.Result{Rule: "V-250989", Outcome: finding.Error}
		}, "V-250989 lost: error"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := opened()
			tc.change(&c)
			if got := FromChange(c, "sentry1", 1).Text; got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestFirstOffendingItemIsShown(t *testing.T) {
	c := opened()
	fine := finding.Item{Fact: "pwquality.minlen", File: "/etc/security/pwquality.conf", Line: 1, Actual: int64(15)}
	c.Result.Evidence = append([]finding.Item{fine}, c.Result.Evidence...)
	if got := FromChange(c, "sentry1", 1); got.Line != 12 || got.Actual != "8" {
		t.Errorf("shows %s:%d %s", got.File, got.Line, got.Actual)
	}
}

func TestActualIsCompact(t *testing.T) {
	cases := []struct {
		value any
		want  string
	}{
		{nil, ""},
		{"", ""},
		{`a "quoted" <b> & \`, `a "quoted" <b> & \`},
		{int64(8), "8"},
		{true, "true"},
		{false, "false"},
		{[]any{}, "[]"},
		{[]any{"TLSv1.1", "a <b>"}, `["TLSv1.1","a <b>"]`},
		{map[string]any{"port": int64(443), "bad": true}, `{"bad":true,"port":443}`},
	}
	for _, tc := range cases {
		if got := actual(tc.value); got != tc.want {
			t.Errorf("actual(%#v) = %q, want %q", tc.value, got, tc.want)
		}
	}
}

func TestLevels(t *testing.T) {
	high, medium, low, none := finding.High, finding.Medium, finding.Low, finding.Severity("")
	cases := []struct {
		event finding.Event
		want  map[finding.Severity]level
	}{
		{finding.Opened, map[finding.Severity]level{high: 2, medium: 3, low: 4, none: 4}},
		{finding.Changed, map[finding.Severity]level{high: 2, medium: 3, low: 4, none: 4}},
		{finding.Resolved, map[finding.Severity]level{high: 5, medium: 5, low: 5, none: 5}},
		{finding.Regained, map[finding.Severity]level{high: 5, medium: 5, low: 5, none: 5}},
		{finding.Lost, map[finding.Severity]level{high: 4, medium: 4, low: 4, none: 4}},
		{finding.Agent, map[finding.Severity]level{high: 2, medium: 3, low: 4, none: 4}},
	}
	for _, tc := range cases {
		for severity, want := range tc.want {
			m := Message{Event: tc.event, Severity: severity}
			if got := m.level(); got != want {
				t.Errorf("%s %q: %v, want %v", tc.event, severity, got, want)
			}
		}
	}
}

func TestAnnouncedChangesAreForInformation(t *testing.T) {
	plain := FromChange(opened(), "sentry1", 7)
	m := plain
	m.Announce("CHG1\x1b")
	if m.level() != info || m.Announced != "CHG1␛" || m.Text != plain.Text+" (announced: CHG1␛)" || m.ID == plain.ID {
		t.Errorf("%v %+v", m.level(), m)
	}
	again := plain
	if again.Announce("CHG1\x1b"); again.ID != m.ID {
		t.Errorf("announced twice it has ids %s and %s", m.ID, again.ID)
	}
	w := WindowMessage("maintenance-opened", "CHG1", "why", "maintenance CHG1 opened", "W7", "sentry1", nil, 8, at)
	if w.level() != notice || w.Event != finding.Maintenance || w.Announced != "CHG1" || w.Code != "maintenance-opened" {
		t.Errorf("%v %+v", w.level(), w)
	}
	if again := WindowMessage("maintenance-opened", "CHG1", "why", "", "W8", "sentry1", nil, 8, at); again.ID == w.ID {
		t.Error("two windows of one ticket have the same id")
	}
	for _, name := range []string{"rfc5424", "cef", "leef", "json", "ocsf", "ecs"} {
		for _, one := range []*Message{&m, &w} {
			if line, err := formatFor(t, name).bytes(one); err != nil || !bytes.Contains(line, []byte("CHG1")) {
				t.Errorf("%s: %s, %v", name, line, err)
			}
		}
	}
}

func TestAgentMessageCarriesItsCode(t *testing.T) {
	got := AgentMessage("watch_overflow", "events were lost, everything was read again", "", "sentry1", 9, at)
	want := Message{
		Seq: 9, ID: got.ID, Event: finding.Agent, Time: got.Time, Host: "sentry1", Code: "watch_overflow",
		Reason: "events were lost, everything was read again",
		Text:   "stigwatch: events were lost, everything was read again (watch_overflow)",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestIDIsOfTheContent(t *testing.T) {
	first := FromChange(opened(), "sentry1", 1)
	if len(first.ID) != 32 {
		t.Fatalf("id %q", first.ID)
	}
	found := opened()
	found.At = found.At.Add(time.Hour) // anew, after a crash
	if again := FromChange(found, "sentry1", 2); again.ID != first.ID {
		t.Error("the same change under another number and time has another id")
	}
	others := map[string]func(*finding.Change){
		"rule":     func(c *finding.Change) { c.Rule.ID = "V-250990" },
		"event":    func(c *finding.Change) { c.Event = finding.Changed },
		"result":   func(c *finding.Change) { c.Result.Outcome = finding.Error },
		"reason":   func(c *finding.Change) { c.Result.Reason = "other" },
		"fact":     func(c *finding.Change) { c.Result.Evidence[0].Fact = "pwquality.minlen" },
		"file":     func(c *finding.Change) { c.Result.Evidence[0].File = "/etc/other" },
		"line":     func(c *finding.Change) { c.Result.Evidence[0].Line = 13 },
		"digest":   func(c *finding.Change) { c.Result.Evidence[0].Digest = "sha256:01" },
		"expected": func(c *finding.Change) { c.Result.Evidence[0].Expected = ">= 16" },
		"actual":   func(c *finding.Change) { c.Result.Evidence[0].Actual = int64(9) },
		"turn":     func(c *finding.Change) { c.Result.Turn++ },
	}
	seen := map[string]string{first.ID: "the first", FromChange(opened(), "sentry2", 1).ID: "host"}
	for name, change := range others {
		c := opened()
		change(&c)
		m := FromChange(c, "sentry1", 1)
		if as := seen[m.ID]; as != "" {
			t.Errorf("another %s has the id of %s", name, as)
		}
		seen[m.ID] = name
	}
	if len(seen) != len(others)+2 {
		t.Errorf("%d ids for %d messages", len(seen), len(others)+2)
	}
}

// hostile are values that a file on the appliance may hold.
var hostile = map[string]string{
	"bracket":    `a]b`,
	"quote":      `a"b`,
	"backslash":  `a\b\\c\`,
	"all three":  `\"]\]"`,
	"element":    `"] [fake@1 seq="9"] msg`,
	"newline":    "a\nb\r\n",
	"tab":        "a\tb",
	"NUL":        "a\x00b",
	"escape":     "a\x1b[31mb",
	"C1":         "a\u009bb",
	"DEL":        "a\x7fb",
	"bidi":       "a\u202eb",
	"not UTF-8":  "a\xff\xfeb\xc3",
	"UTF-8":      "Größe ≥ 15 日本 🔒",
	"only BOM":   "\ufeff",
	"percent":    "%s%d%n",
	"long":       strings.Repeat("x", 40_000),
	"long wide":  strings.Repeat("日", 40_000/3),
	"long quote": strings.Repeat(`"\]`, 40_000/3),
}
