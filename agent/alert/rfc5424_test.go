package alert

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/leodido/go-syslog/v4/rfc5424"

	"stigwatch/agent/finding"
)

func rfc5424Format(t *testing.T) syslogFormat {
	t.Helper()
	f, err := newSyslogFormat("local4")
	must(t, err)
	return f
}

func TestSyslogLineToTheLetter(t *testing.T) {
	m := FromChange(opened(), "sentry1", 7)
	got, err := rfc5424Format(t).bytes(&m)
	must(t, err)
	want := fmt.Sprintf(`<163>1 2096-02-29T01:02:03.456789Z sentry1 stigwatch %d opened [stigwatch@32473`, os.Getpid()) +
		` actual="8" announced="" assurance="direct" before="" code="" event="opened" expected=">= 15"` +
		` fact="mics.password_policy.min_length" file="/mi/config-system/startup_config/identityconfig.xml" id="` + m.ID + `" line="12"` +
		` previous="pass" reason="minimum length is 8, must be at least 15" result="fail" rule="V-250989" seq="7"` +
		` severity="medium" stigId="MOIS-ND-000420"] ` + m.Text
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Error(d)
	}
}

func TestCountersAreAnElementOfTheirOwn(t *testing.T) {
	for _, m := range []*Message{everything(), heartbeat(), {Head: "12:ab34", Text: "x"}, {Counters: map[string]uint64{`a]b="c é` + hostile["long"]: 1, "": 2}, Text: "x"}} {
		m.Time = instant(m.Time)
		line, err := rfc5424Format(t).bytes(m)
		must(t, err)
		parsed, err := rfc5424.NewParser().Parse(line)
		must(t, err)
		data := *parsed.(*rfc5424.SyslogMessage).StructuredData
		if d := cmp.Diff(map[string]map[string]string{element: parameters(m), countersElement: counted(m)}, data); d != "" {
			t.Errorf("%s: %s", line, d)
		}
		if data[countersElement]["head"] != m.Head || len(data[countersElement]) != len(m.Counters)+1 {
			t.Errorf("%s", line)
		}
	}
	m := FromChange(opened(), "sentry1", 7)
	if counted(&m) != nil {
		t.Error("a change has counters")
	}
}

func TestHostileValuesComeBackWhole(t *testing.T) {
	for name, value := range hostile {
		t.Run(name, func(t *testing.T) {
			c := opened()
			c.Result.Reason, c.Result.Evidence[0].File, c.Result.Evidence[0].Expected = value, value, value
			c.Result.Evidence[0].Actual = value
			m := FromChange(c, "sentry1", 1)
			line, err := rfc5424Format(t).bytes(&m)
			must(t, err)
			if len(line) > 8<<10 {
				t.Errorf("the message has %d bytes", len(line))
			}
			compareParsed(t, &m, line)
		})
	}
}

func TestMessageNotMadeHereIsCleanedToo(t *testing.T) {
	m := Message{Event: finding.Opened, Host: "no host\n", Reason: "a\nb\xff", Text: hostile["long"]}
	line, err := rfc5424Format(t).bytes(&m)
	must(t, err)
	parsed, err := rfc5424.NewParser().Parse(line)
	must(t, err)
	got := parsed.(*rfc5424.SyslogMessage)
	if got.Hostname != nil || got.Timestamp != nil || (*got.StructuredData)[element]["reason"] != "a␊b�" || len(*got.Message) > maxValue {
		t.Errorf("%s", line)
	}
}

func compareParsed(t *testing.T, m *Message, line []byte) {
	t.Helper()
	parsed, err := rfc5424.NewParser().Parse(line)
	must(t, err)
	got := parsed.(*rfc5424.SyslogMessage)
	want := map[string]map[string]string{element: parameters(m)}
	if more := counted(m); more != nil {
		want[countersElement] = more
	}
	if d := cmp.Diff(want, *got.StructuredData); d != "" {
		t.Error(d)
	}
	if *got.Message != m.Text || !got.Timestamp.Equal(m.Time) || *got.MsgID != string(m.Event) || *got.Appname != "stigwatch" {
		t.Errorf("header or text differ: %s", line)
	}
}

func TestFacilities(t *testing.T) {
	for name, want := range map[string]uint8{"": 3, "kern": 0, "authpriv": 10, "audit": 13, "local0": 16, "local7": 23} {
		if got, err := facility(name); err != nil || got != want {
			t.Errorf("facility(%q) = %d, %v", name, got, err)
		}
	}
	if _, err := facility("local8"); err == nil {
		t.Error("local8 is a facility")
	}
}

// The least there is must still be a line that parses.
func TestEmptyMessageStillFormats(t *testing.T) {
	m := Message{Time: time.Time{}}
	line, err := rfc5424Format(t).bytes(&m)
	must(t, err)
	if _, err := rfc5424.NewParser().Parse(line); err != nil {
		t.Errorf("%s: %v", line, err)
	}
}
