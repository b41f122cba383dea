package alert

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/protobuf/testing/protocmp"

	"stigwatch/agent/finding"
)

// pairs makes attributes as the official types have them.
func pairs(all ...any) (list []*commonpb.KeyValue) {
	for i := 0; i < len(all); i += 2 {
		v := &commonpb.AnyValue{}
		switch value := all[i+1].(type) {
		case string:
			v.Value = &commonpb.AnyValue_StringValue{StringValue: value}
		case int:
			v.Value = &commonpb.AnyValue_IntValue{IntValue: int64(value)}
		case bool:
			v.Value = &commonpb.AnyValue_BoolValue{BoolValue: value}
		}
		list = append(list, &commonpb.KeyValue{Key: all[i].(string), Value: v})
	}
	return list
}

func TestOTLPBringsEveryField(t *testing.T) {
	rx, c := receiverOf(t, protocols(t)["otlp"])
	m := whole()
	m.Waived = false
	must(t, send(t.Context(), openSink(t, c), m))
	got := rx.all()[0]
	if got.path != "/v1/logs" || got.header.Get("Content-Type") != "application/x-protobuf" {
		t.Error(got.path, got.header)
	}
	request, err := otlpRequest(got.body)
	must(t, err)
	const at = 3981315723456789000 // 2096-02-29T01:02:03.456789Z
	want := &collectorpb.ExportLogsServiceRequest{ResourceLogs: []*logspb.ResourceLogs{{
		Resource: &resourcepb.Resource{Attributes: pairs("service.name", "stigwatch", "service.version", "1.2.3", "host.name", "sentry1")},
		ScopeLogs: []*logspb.ScopeLogs{{
			Scope: &commonpb.InstrumentationScope{Name: "stigwatch", Version: "1.2.3"},
			LogRecords: []*logspb.LogRecord{{
				TimeUnixNano: at, ObservedTimeUnixNano: at, EventName: "stigwatch.opened",
				SeverityNumber: logspb.SeverityNumber_SEVERITY_NUMBER_INFO, SeverityText: "info",
				Body: pairs("", m.Text)[0].Value,
				Attributes: pairs(
					"stigwatch.seq", 7, "stigwatch.id", m.ID, "stigwatch.event", "opened", "stigwatch.rule", "V-250989",
					"stigwatch.stig_id", "MOIS-ND-000420", "stigwatch.title", "Passwords are at least 15 characters long",
					"stigwatch.severity", "medium", "stigwatch.result", "fail", "stigwatch.previous", "pass",
					"stigwatch.reason", "minimum length is 8, must be at least 15", "stigwatch.assurance", "direct",
					"stigwatch.fact", "mics.password_policy.min_length",
					"stigwatch.file", "/mi/config-system/startup_config/identityconfig.xml", "stigwatch.line", 12,
					"stigwatch.expected", ">= 15", "stigwatch.actual", "8", "stigwatch.before", "15", "stigwatch.waived", false,
					"stigwatch.announced", "CHG-1", "stigwatch.code", "code", "stigwatch.head", "12:abcd",
					"stigwatch.counters.open", 3, "stigwatch.counters.pass", 41,
					"stigwatch.who.source", "audit", "stigwatch.who.login", "admin(1000)", "stigwatch.who.user", "root",
					"stigwatch.who.pid", 42, "stigwatch.who.command", "/usr/bin/vi", "stigwatch.who.terminal", "pts/0",
					"stigwatch.who.remote", "192.0.2.9", "stigwatch.who.package", "sentry-1.0",
				),
			}},
		}},
	}}}
	if d := cmp.Diff(want, request, protocmp.Transform()); d != "" {
		t.Error(d)
	}
}

func TestOTLPSeverities(t *testing.T) {
	for severity, want := range map[finding.Severity]logspb.SeverityNumber{finding.High: 18, finding.Medium: 17, finding.Low: 13} {
		if got := record(&Message{Event: finding.Opened, Severity: severity}).SeverityNumber; got != want {
			t.Errorf("%s: %v", severity, got)
		}
	}
	if got := record(&Message{Event: finding.Resolved}).SeverityNumber; got != 10 {
		t.Error(got)
	}
	if got := record(&Message{Event: finding.Opened, Waived: true}).SeverityNumber; got != 9 {
		t.Error(got)
	}
}

func TestOTLPKeepsHostsApart(t *testing.T) {
	rx, c := receiverOf(t, protocols(t)["otlp"])
	all, ids := withIDs(3)
	all[1].Host = "sentry2"
	_, err := openSink(t, c).Send(t.Context(), all)
	must(t, err)
	request, err := otlpRequest(rx.all()[0].body)
	must(t, err)
	var hosts []string
	for _, r := range request.ResourceLogs {
		hosts = append(hosts, r.Resource.Attributes[2].Value.GetStringValue())
	}
	if d := cmp.Diff([]string{"sentry1", "sentry2", "sentry1"}, hosts) + cmp.Diff(ids, rx.allIDs()); d != "" {
		t.Error(d)
	}
}

func TestOTLPPartialSuccessIsCountedAndNotSentAgain(t *testing.T) {
	p := protocols(t)["otlp"]
	p.answer = otlpAnswer(2, "body too long")
	rx, c := receiverOf(t, p)
	all, ids := withIDs(5)
	done, err := openSink(t, c).Send(t.Context(), all)
	if done != 3 || rejected(err) != 2 || !strings.Contains(err.Error(), "body too long") {
		t.Error(done, err)
	}
	told := uint64(0)
	o := outletOf(openSink(t, c), OutletOptions{Config: Config{Name: "siem"}, OnDropped: func(n uint64) { told += n }})
	for _, m := range all {
		offerOne(o, m)
	}
	stop := running(t, o)
	eventually(t, func() bool { return o.Stats().Queued == 0 })
	must(t, stop())
	if s := o.Stats(); s.Dropped != 2 || s.Sent != 3 || told != 2 {
		t.Errorf("%d told: %+v", told, s)
	}
	if d := cmp.Diff(append(ids, ids...), rx.allIDs()); d != "" {
		t.Error(d)
	}
}

func TestOTLPAnswers(t *testing.T) {
	tests := map[string]struct {
		kind, body string
		lost       int
		fails      bool
	}{
		"nothing":              {"", "", 0, false},
		"empty JSON":           {"application/json; charset=utf-8", "{}", 0, false},
		"rejected in JSON":     {"application/json", `{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"no"}}`, 1, false},
		"a number in JSON":     {"application/json", `{"partialSuccess":{"rejectedLogRecords":1}}`, 1, false},
		"a warning":            {"application/json", `{"partialSuccess":{"errorMessage":"old version"}}`, 0, false},
		"more than were sent":  {"application/json", `{"partialSuccess":{"rejectedLogRecords":"99"}}`, 1, false},
		"broken JSON":          {"application/json", `{"partial`, 0, true},
		"broken number":        {"application/json", `{"partialSuccess":{"rejectedLogRecords":"x"}}`, 0, true},
		"broken protobuf":      {"application/x-protobuf", "\x0a\xff", 0, true},
		"unknown proto fields": {"application/x-protobuf", "\x10\x01\x1d\x01\x02\x03\x04", 0, false},
	}
	for name, tt := range tests {
		p := protocols(t)["otlp"]
		p.answer = func(w http.ResponseWriter, _ []string) {
			w.Header().Set("Content-Type", tt.kind)
			_, _ = io.WriteString(w, tt.body)
		}
		_, c := receiverOf(t, p)
		_, err := openSink(t, c).Send(t.Context(), []*Message{numbered(1)})
		if rejected(err) != tt.lost || (err != nil && !errors.Is(err, ErrRejected)) != tt.fails {
			t.Errorf("%s: %v", name, err)
		}
	}
}
