package facts

import (
	"strings"
	"testing"
	"time"

	"stigwatch/agent/finding"
	"stigwatch/agent/host"
	"stigwatch/agent/mapping"
)

func TestCapture(t *testing.T) {
	const head, body = "# host: sentry1\n# command: show fips\n# time: 2026-11-20T10:00:00Z\n", "FIPS 140 mode is enabled\n"
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		text   string
		now    time.Time
		state  finding.State
		reason string
	}{
		"young enough":            {head + body, now, finding.Known, ""},
		"on its last second":      {head + body, now.Add(time.Hour), finding.Known, ""},
		"too old":                 {head + body, now.Add(time.Hour + time.Second), finding.Unreadable, "it was captured at 2026-11-20T10:00:00Z and counts for 24h0m0s: capture it again"},
		"with an age of its own":  {head + "# max-age: 48h\n" + body, now.Add(20 * time.Hour), finding.Known, ""},
		"past an age of its own":  {head + "# max-age: 1h\n" + body, now, finding.Unreadable, "counts for 1h0m0s"},
		"from the future":         {head + body, now.Add(-48 * time.Hour), finding.Unreadable, "in the future"},
		"of another host":         {strings.Replace(head, "sentry1", "sentry2", 1) + body, now, finding.Unreadable, `it was captured on "sentry2", and this is "sentry1"`},
		"with the host's domain":  {strings.Replace(head, "sentry1", "SENTRY1.lab.example", 1) + body, now, finding.Known, ""},
		"without a head":          {body, now, finding.Unreadable, "it does not say where and when"},
		"without a time":          {strings.Replace(head, "# time", "# when", 1) + body, now, finding.Unreadable, "it does not say where and when"},
		"with a head after text":  {body + head, now, finding.Unreadable, "it does not say where and when"},
		"with a time that is not": {strings.Replace(head, "2026-11-20T", "yesterday ", 1) + body, now, finding.Unreadable, "is not a time"},
		"with an age that is not": {head + "# max-age: -1h\n" + body, now, finding.Unreadable, "is not an age"},
		"with a head and no word": {head, now, finding.Unreadable, "no line says"},
	} {
		t.Run(name, func(t *testing.T) {
			f := fixtureOf(t, map[string]string{"/show-fips.txt": c.text}, nil)
			evidence, err := host.New(host.Options{Root: f.root})
			if err != nil {
				t.Fatal(err)
			}
			defer evidence.Close()
			entry := documented("captures.fips_enabled", mapping.Source{Files: []string{"evidence:show-fips.txt"}, Lens: "showfips", Path: "enabled"})
			r := New(Options{
				Host: evidence, Evidence: evidence, Mapping: map[string]mapping.Entry{entry.Fact: entry}, HostName: "sentry1",
				Schema: finding.Schema{entry.Fact: {Kind: finding.Boolean}}, Now: func() time.Time { return c.now },
			})
			snap, _ := r.All()
			got := snap[entry.Fact]
			if got.State != c.state || !strings.Contains(got.Reason, c.reason) {
				t.Errorf("%s: %s", got.State, got.Reason)
			}
			if c.state == finding.Known && got.Assurance != finding.Attested {
				t.Errorf("assurance is %s", got.Assurance)
			}
		})
	}
}

func TestCaptureGrowsOldWhileNobodyTouchesIt(t *testing.T) {
	f := fixtureOf(t, map[string]string{"/c.txt": "# host: a\n# command: show fips\n# time: 2026-11-20T10:00:00Z\nFIPS 140 mode is enabled\n"}, nil)
	evidence, err := host.New(host.Options{Root: f.root})
	if err != nil {
		t.Fatal(err)
	}
	defer evidence.Close()
	entry := documented("captures.fips_enabled", mapping.Source{Files: []string{"evidence:c.txt"}, Lens: "showfips", Path: "enabled"})
	now := time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC)
	r := New(Options{
		Host: evidence, Evidence: evidence, Mapping: map[string]mapping.Entry{entry.Fact: entry},
		Schema: finding.Schema{entry.Fact: {Kind: finding.Boolean}}, Now: func() time.Time { return now },
	})
	if snap, _ := r.All(); snap[entry.Fact].State != finding.Known {
		t.Fatalf("%+v", snap[entry.Fact])
	}
	now = now.Add(24 * time.Hour)
	if snap, _ := r.All(); snap[entry.Fact].State != finding.Unreadable {
		t.Errorf("a day later it is %+v", snap[entry.Fact])
	}
}
