package alert

import (
	"regexp"
	"strings"
	"testing"

	"github.com/leodido/go-syslog/v4/rfc3164"
)

func TestCEFToTheLetter(t *testing.T) {
	m := FromChange(opened(), "sentry1", 7)
	m.Who = &Who{Source: "audit", Login: "alice", Remote: "2001:db8::1"}
	got, err := formatFor(t, "cef").bytes(&m)
	must(t, err)
	want := `<163>Feb 29 01:02:03 sentry1 CEF:0|stigwatch|stigwatch|1.2.3|V-250989|Passwords are at least 15 characters long|6|` +
		`rt=3981315723456 dvchost=sentry1 externalId=` + m.ID + ` cat=compliance act=opened ` +
		`msg=V-250989 opened (CAT II): minimum length is 8, must be at least 15 (/mi/config-system/startup_config/identityconfig.xml:12) ` +
		`cn2=7 cn2Label=seq cs6=MOIS-ND-000420 cs6Label=stigId stigwatchSeverity=medium outcome=fail flexString1=pass flexString1Label=previous ` +
		`reason=minimum length is 8, must be at least 15 filePath=/mi/config-system/startup_config/identityconfig.xml cn1=12 cn1Label=line ` +
		`cs1=>\= 15 cs1Label=expected cs2=8 cs2Label=actual cs4=mics.password_policy.min_length cs4Label=fact cs5=direct cs5Label=assurance ` +
		`stigwatchWhoSource=audit suser=alice c6a2=2001:db8::1 c6a2Label=Source IPv6 Address`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCEFHasEveryField(t *testing.T) {
	for _, m := range formatRun() {
		line, err := formatFor(t, "cef").bytes(m)
		must(t, err)
		compareCEF(t, m, line)
	}
}

func FuzzCEF(f *testing.F) {
	seedFormats(f)
	f.Fuzz(func(t *testing.T, s, other string, n int, agent bool) {
		m := fuzzMessage(s, other, n, agent)
		line, err := formatFor(t, "cef").bytes(m)
		must(t, err)
		compareCEF(t, m, line)
	})
}

// cefAt is where each field of a message is: a place of the header, or a key.
var cefAt = map[string]string{
	"seq": "cn2", "id": "externalId", "event": "act", "time": "rt", "host": "dvchost", "rule": "4", "stigId": "cs6", "title": "5",
	"severity": "stigwatchSeverity", "result": "outcome", "previous": "flexString1", "reason": "reason", "assurance": "cs5", "fact": "cs4",
	"file": "filePath", "line": "cn1", "expected": "cs1", "actual": "cs2", "before": "cs3", "text": "msg", "waived": "stigwatchWaived",
	"announced": "flexString2", "code": "stigwatchCode", "head": "stigwatchHead", "counters": "stigwatchCounters",
	"who.source": "stigwatchWhoSource", "who.login": "suser", "who.user": "stigwatchWhoUser", "who.pid": "spid", "who.command": "sproc",
	"who.terminal": "stigwatchWhoTerminal", "who.package": "stigwatchWhoPackage",
}

// cefSizes are those of the standard's dictionary below what a clean text has.
var cefSizes = map[string]int{
	"externalId": 40, "act": 63, "dvchost": 100, "outcome": 63, "reason": 1023, "filePath": 1023, "msg": 1023,
	"flexString1": 1023, "flexString2": 1023, "suser": 1023, "sproc": 1023, "shost": 1023, "4": 1023, "5": 512, "stigwatchCounters": 4000,
}

// cefPlace is where name is, for this message.
func cefPlace(m *Message, name, value string) string {
	switch {
	case name == "code" && m.Rule == "":
		return "4"
	case name == "who.remote" && isIP(value) && strings.Contains(value, ":"):
		return "c6a2"
	case name == "who.remote" && isIP(value):
		return "src"
	case name == "who.remote":
		return "shost"
	}
	return cefAt[name]
}

func wantCEF(m *Message, name, value string) string {
	if name == "time" {
		value = exactly(value, "")
	}
	if size := cefSizes[cefPlace(m, name, value)]; size > 0 && len(value) > size {
		kept := strings.TrimSuffix(cut(value, size), cutMark)
		if !strings.HasPrefix(value, kept) || len(kept) > size-len(cutMark) || len(kept) < size-len(cutMark)-3 {
			return "cut wrongly"
		}
		return kept + cutMark
	}
	return value
}

func compareCEF(t testing.TB, m *Message, line []byte) {
	t.Helper()
	parsed, err := rfc3164.NewParser(rfc3164.WithRFC3339()).Parse([]byte(strings.Replace(string(line), "CEF:0|", "CEF: 0|", 1)))
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	if head := parsed.(*rfc3164.SyslogMessage); head.Appname == nil || head.Hostname == nil {
		t.Errorf("there is no host or no tag: %+v in %.300s", head, line)
	} else if *head.Appname != "CEF" || *head.Priority != uint8(20<<3)|uint8(m.level()) || *head.Hostname != headerHost(m.cleaned().Host) {
		t.Errorf("the header is %+v", head)
	}
	all := readCEF(t, string(line))
	compareFields(t, m, func(name, value string) (string, bool) {
		s, there := all[cefPlace(m, name, value)]
		return s, there
	}, func(name, value string) string { return wantCEF(m, name, value) })
}

var cefWord = regexp.MustCompile(`(?:^| )([A-Za-z0-9]+)=`)

// readCEF is the inverse of the standard's rules, written apart from the writer.
func readCEF(t testing.TB, line string) map[string]string {
	t.Helper()
	_, line, _ = strings.Cut(line, " CEF:")
	all, place, rest := map[string]string{}, 0, ""
	var part strings.Builder
	for i := 0; i < len(line); i++ {
		if line[i] == '\\' {
			i++
			part.WriteByte(line[i])
			continue
		}
		if line[i] != '|' {
			part.WriteByte(line[i])
			continue
		}
		all[string(rune('0'+place))] = part.String()
		part.Reset()
		if place++; place == 7 {
			rest = line[i+1:]
			break
		}
	}
	if place != 7 {
		t.Fatalf("the header has %d fields: %q", place, line)
	}
	keys := cefWord.FindAllStringSubmatchIndex(rest, -1)
	for i, k := range keys {
		end := len(rest)
		if i+1 < len(keys) {
			end = keys[i+1][0]
		}
		key, value := rest[k[2]:k[3]], rest[k[1]:end]
		if _, twice := all[key]; twice {
			t.Errorf("%s is there twice", key)
		}
		all[key] = strings.NewReplacer(`\\`, `\`, `\=`, `=`, `\n`, "\n", `\r`, "\r").Replace(value)
	}
	return all
}
