package alert

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/leodido/go-syslog/v4/rfc5424"
)

// The rules for silence in the README ask for what heartbeats really hold.
func TestTheReadmesRulesFindHeartbeats(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	must(t, err)
	readme := string(b)
	m := heartbeat()
	for _, c := range []struct{ format, asks, at, want string }{
		{"json", "event=heartbeat", "event", "heartbeat"},
		{"json", "BY host\n", "host", m.Host},
		{"ecs", `event.action == "heartbeat"`, "event.action", "heartbeat"},
		{"ecs", "BY host.name\n", "host.name", m.Host},
		{"ecs", "MAX(@timestamp)", "@timestamp", m.Time.Format(ecsTime)},
	} {
		line, err := formatFor(t, c.format).bytes(m)
		must(t, err)
		var v any
		must(t, json.Unmarshal(line, &v))
		for part := range strings.SplitSeq(c.at, ".") {
			v = v.(map[string]any)[part]
		}
		if !strings.Contains(readme, c.asks) || v != c.want {
			t.Errorf("%s: %s is %v, want %s; asked for by %q: %v", c.format, c.at, v, c.want, c.asks, strings.Contains(readme, c.asks))
		}
	}
	filled := Config{Type: "hec"}
	filled.Fill()
	if !strings.Contains(readme, `sourcetype="`+filled.SourceType+`"`) {
		t.Errorf("the source type is %q", filled.SourceType)
	}
	filled = Config{Type: "elastic"}
	filled.Fill()
	if !strings.Contains(readme, "FROM "+filled.Index) {
		t.Errorf("the index is %q", filled.Index)
	}
	line, err := rfc5424Format(t).bytes(m)
	must(t, err)
	parsed, err := rfc5424.NewParser().Parse(line)
	must(t, err)
	got := parsed.(*rfc5424.SyslogMessage)
	if asks := `$app-name == "` + *got.Appname + `" and $msgid == "` + *got.MsgID + `"`; !strings.Contains(readme, asks) {
		t.Errorf("rsyslog is not asked for %s", asks)
	}
}
