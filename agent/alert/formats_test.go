package alert

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
)

// everything has a value in each field, which no real message has.
func everything() *Message {
	m := FromChange(opened(), "sentry1", 7)
	m.Previous, m.Before, m.Waived, m.Announced, m.Code, m.Head = finding.Pass, "15", true, "CHG0042", "sink-dropped", "12:ab34"
	m.Who = &Who{
		Source: "audit", Login: "alice", User: "root", PID: 4711, Command: "vi /mi/x = 1 | wc", Terminal: "pts/0",
		Remote: "192.0.2.7", Package: "sentry-9.20-1",
	}
	m.Counters = map[string]uint64{"sent": 9, "dropped": 1 << 40}
	m.Sinks = []string{"siem"}
	return &m
}

// news is about the agent, with all that such a message can have.
func news() *Message {
	m := AgentMessage("sink-dropped", "3 messages were dropped", finding.High, "sentry1", 8, at)
	return &m
}

func heartbeat() *Message {
	m := NewsMessage(finding.Heartbeat, "alive: 3 open", "sentry1", 9, at)
	m.Counters, m.Head = map[string]uint64{"fail": 3, "lost": 0}, "12:ab34"
	return &m
}

// formatRun is what each format has to bear: every event and category, every
// hostile text in every field, and messages that have next to nothing.
func formatRun() []*Message {
	run := append(script(), everything(), news(), heartbeat(), &Message{}, &Message{Event: finding.Opened, Rule: "V-1"})
	for _, outcome := range []finding.Outcome{finding.Pass, finding.Fail, finding.NotApplicable, finding.NotChecked, finding.Error} {
		m := everything()
		m.Result, m.Waived, m.Who.Remote = outcome, false, "2001:db8::1"
		run = append(run, m)
	}
	for _, name := range slices.Sorted(maps.Keys(hostile)) {
		run = append(run, filledWith(hostile[name]), filledWith(hostile[name]+" x="+hostile[name]+"|"+hostile[name]))
	}
	return run
}

// filledWith has the same text everywhere.
func filledWith(s string) *Message {
	m := everything()
	for _, p := range []*string{
		&m.ID, (*string)(&m.Event), &m.Host, &m.Rule, &m.StigID, &m.Title, (*string)(&m.Severity), (*string)(&m.Result),
		(*string)(&m.Previous), &m.Reason, (*string)(&m.Assurance), &m.Fact, &m.File, &m.Expected, &m.Actual, &m.Before, &m.Text,
		&m.Announced, &m.Code, &m.Head, &m.Who.Source, &m.Who.Login, &m.Who.User, &m.Who.Command, &m.Who.Terminal, &m.Who.Remote,
		&m.Who.Package,
	} {
		*p = s
	}
	m.Counters[s] = 1
	return m
}

func formatFor(t testing.TB, name string) formatter {
	t.Helper()
	f, err := newFormatter(name, Options{Config: Config{Facility: "local4"}, Version: "1.2.3"})
	must(t, err)
	return f
}

// values are the fields of m that are set, under their JSON names, who's with a
// prefix; derived from the JSON, so that a new field cannot be forgotten here.
func values(t testing.TB, m *Message) map[string]string {
	t.Helper()
	b, err := json.Marshal(m.cleaned())
	must(t, err)
	var all map[string]any
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	must(t, d.Decode(&all))
	set := map[string]string{}
	add := func(name string, v any) {
		if s := fmt.Sprint(v); s != "" && s != "false" && (s != "0" || name == "seq") {
			set[name] = s
		}
	}
	for name, v := range all {
		switch inner, _ := v.(map[string]any); {
		case name == "counters":
			text, err := json.Marshal(v)
			must(t, err)
			add(name, string(text))
		case inner != nil:
			for k, w := range inner {
				add(name+"."+k, w)
			}
		default:
			add(name, v)
		}
	}
	return set
}

func TestJSONIsTheMessageOnOneLine(t *testing.T) {
	for _, m := range formatRun() {
		line, err := formatFor(t, "json").bytes(m)
		must(t, err)
		if strings.ContainsAny(string(line), "\n\r\x00") {
			t.Errorf("more than a line: %q", line)
		}
		var got Message
		must(t, json.Unmarshal(line, &got))
		if d := cmp.Diff(m.cleaned(), &got); d != "" {
			t.Error(d)
		}
	}
}

func TestUnknownFormatIsRefused(t *testing.T) {
	for _, name := range []string{"", "xml", "CEF"} {
		if _, err := newFormatter(name, Options{}); err == nil {
			t.Errorf("%q is a format", name)
		}
	}
	if _, err := newFormatter("cef", Options{Config: Config{Facility: "local9"}}); err == nil {
		t.Error("local9 is a facility")
	}
}

func TestFormattingChangesNoMessage(t *testing.T) {
	for _, name := range []string{"rfc5424", "cef", "leef", "json", "ocsf", "ecs"} {
		m, before := filledWith("a\nb"), filledWith("a\nb")
		_, err := formatFor(t, name).bytes(m)
		must(t, err)
		if d := cmp.Diff(before, m); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// compareFields demands each set field of m where a format has it.
func compareFields(t testing.TB, m *Message, got func(name, value string) (string, bool), want func(name, value string) string) {
	t.Helper()
	for name, value := range values(t, m) {
		s, there := got(name, value)
		if value = want(name, value); !there || s != value {
			t.Errorf("%s is %q (there: %v), want %q", name, s, there, value)
		}
	}
}

// fuzzMessage makes a message of what a fuzzer found.
func fuzzMessage(s, other string, n int, agent bool) *Message {
	m := filledWith(s)
	m.Reason, m.Text, m.Title, m.Line, m.Seq = other, other, other, n, uint64(n)&(1<<53-1)
	if agent {
		m.Rule, m.Result, m.Event = "", "", finding.Agent
	}
	return m
}

func seedFormats(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, "plain", 1, false)
		f.Add("plain", s, -1, true)
	}
	f.Add(`a\=b c=d|e ^ f`, ` leading and trailing `, 1<<40, false)
}

func FuzzRFC5424(f *testing.F) {
	seedFormats(f)
	f.Fuzz(func(t *testing.T, s, other string, n int, agent bool) {
		m := fuzzMessage(s, other, n, agent)
		m.Host, m.Event, m.Text = "sentry1", finding.Opened, clean(m.Text)
		line, err := formatFor(t, "rfc5424").bytes(m)
		must(t, err)
		if m.Text != "" {
			m.Time = instant(m.Time)
			compareParsed(t, m, line)
		}
	})
}

func FuzzJSON(f *testing.F) {
	seedFormats(f)
	f.Fuzz(func(t *testing.T, s, other string, n int, agent bool) {
		m := fuzzMessage(s, other, n, agent)
		line, err := formatFor(t, "json").bytes(m)
		must(t, err)
		var got Message
		must(t, json.Unmarshal(line, &got))
		if d := cmp.Diff(m.cleaned(), &got); d != "" {
			t.Error(d)
		}
	})
}

// exactly renders the time of a message as a format that has only milliseconds.
func exactly(value, layout string) string {
	at, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return err.Error()
	}
	if layout == "" {
		return strconv.FormatInt(at.UnixMilli(), 10)
	}
	return at.UTC().Format(layout)
}

func isIP(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == ""
}
