package alert

import (
	"strings"
	"testing"
)

func TestLEEFToTheLetter(t *testing.T) {
	m := FromChange(opened(), "sentry1", 7)
	m.Who = &Who{Source: "audit", Login: "alice", Remote: "192.0.2.7"}
	got, err := formatFor(t, "leef").bytes(&m)
	must(t, err)
	want := strings.Join([]string{
		`<163>Feb 29 01:02:03 sentry1 LEEF:2.0|stigwatch|stigwatch|1.2.3|V-250989|x09|devTime=2096-02-29T01:02:03.456+0000`,
		`devTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ`, `sev=6`, `cat=opened`, `identHostName=sentry1`,
		`msg=V-250989 opened (CAT II): minimum length is 8, must be at least 15 (/mi/config-system/startup_config/identityconfig.xml:12)`,
		`id=` + m.ID, `seq=7`, `rule=V-250989`, `stigId=MOIS-ND-000420`, `title=Passwords are at least 15 characters long`, `severity=medium`,
		`result=fail`, `previous=pass`, `reason=minimum length is 8, must be at least 15`,
		`file=/mi/config-system/startup_config/identityconfig.xml`, `line=12`, `expected=>= 15`, `actual=8`,
		`fact=mics.password_policy.min_length`, `assurance=direct`, `whoSource=audit`, `usrName=alice`, `src=192.0.2.7`,
	}, "\t")
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestLEEFHasEveryField(t *testing.T) {
	for _, m := range formatRun() {
		line, err := formatFor(t, "leef").bytes(m)
		must(t, err)
		compareLEEF(t, m, line)
	}
}

func FuzzLEEF(f *testing.F) {
	seedFormats(f)
	f.Fuzz(func(t *testing.T, s, other string, n int, agent bool) {
		m := fuzzMessage(s, other, n, agent)
		line, err := formatFor(t, "leef").bytes(m)
		must(t, err)
		compareLEEF(t, m, line)
	})
}

// leefPlace is the attribute that has a field of the message.
func leefPlace(name, value string) string {
	switch name {
	case "event":
		return "cat"
	case "time":
		return "devTime"
	case "host":
		return "identHostName"
	case "text":
		return "msg"
	case "who.login":
		return "usrName"
	case "who.remote":
		if isIP(value) {
			return "src"
		}
	}
	if who, ok := strings.CutPrefix(name, "who."); ok {
		return "who" + strings.ToUpper(who[:1]) + who[1:]
	}
	return name
}

func compareLEEF(t testing.TB, m *Message, line []byte) {
	t.Helper()
	all := readLEEF(t, string(line))
	compareFields(t, m, func(name, value string) (string, bool) {
		s, there := all[leefPlace(name, value)]
		return s, there
	}, func(name, value string) string {
		if name == "time" {
			return exactly(value, leefTime)
		}
		return value
	})
}

// readLEEF is the inverse of the guide's rules: five bars, then attributes, each
// with its key up to the first equals sign.
func readLEEF(t testing.TB, line string) map[string]string {
	t.Helper()
	_, body, _ := strings.Cut(line, " LEEF:2.0|")
	parts := strings.SplitN(body, "|", 6)
	if len(parts) != 6 || parts[0] != product || parts[1] != product || parts[2] != "1.2.3" || parts[4] != "x09" {
		t.Fatalf("the header is %q", parts)
	}
	all := map[string]string{}
	for attribute := range strings.SplitSeq(parts[5], "\t") {
		key, value, found := strings.Cut(attribute, "=")
		if _, twice := all[key]; !found || twice || value == "" {
			t.Errorf("%q is no attribute, is there twice or has no value", attribute)
		}
		all[key] = value
	}
	return all
}
