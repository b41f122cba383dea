package alert

import (
	"maps"
	"slices"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
)

// resourceLogs are the messages as log records, under the host that they are of.
func resourceLogs(batch []*Message, version string) []*logspb.ResourceLogs {
	var all []*logspb.ResourceLogs
	for i, m := range batch {
		if i == 0 || m.Host != batch[i-1].Host {
			all = append(all, &logspb.ResourceLogs{
				Resource: &resourcepb.Resource{Attributes: []*commonpb.KeyValue{
					textOf("service.name", appName), textOf("service.version", version), textOf("host.name", m.Host),
				}},
				ScopeLogs: []*logspb.ScopeLogs{{Scope: &commonpb.InstrumentationScope{Name: appName, Version: version}}},
			})
		}
		scope := all[len(all)-1].ScopeLogs[0]
		scope.LogRecords = append(scope.LogRecords, record(m))
	}
	return all
}

func record(m *Message) *logspb.LogRecord {
	at := uint64(m.Time.UnixNano())
	return &logspb.LogRecord{
		TimeUnixNano: at, ObservedTimeUnixNano: at, EventName: "stigwatch." + string(m.Event),
		SeverityNumber: severityNumber(m.level()), SeverityText: m.level().String(),
		Body: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: clean(m.Text)}}, Attributes: attributes(m),
	}
}

// severityNumber is OpenTelemetry's for a level of syslog (Logs Data Model,
// appendix B).
func severityNumber(l level) logspb.SeverityNumber {
	switch l {
	case critical:
		return logspb.SeverityNumber_SEVERITY_NUMBER_ERROR2
	case failure:
		return logspb.SeverityNumber_SEVERITY_NUMBER_ERROR
	case notice:
		return logspb.SeverityNumber_SEVERITY_NUMBER_INFO2
	case info:
		return logspb.SeverityNumber_SEVERITY_NUMBER_INFO
	}
	return logspb.SeverityNumber_SEVERITY_NUMBER_WARN
}

// attributes are the same for every message, empty ones too, but for who changed
// the file and what a heartbeat counts.
func attributes(m *Message) []*commonpb.KeyValue {
	all := []*commonpb.KeyValue{
		numberOf("stigwatch.seq", int64(m.Seq)),
		textOf("stigwatch.id", m.ID),
		textOf("stigwatch.event", string(m.Event)),
		textOf("stigwatch.rule", m.Rule),
		textOf("stigwatch.stig_id", m.StigID),
		textOf("stigwatch.title", m.Title),
		textOf("stigwatch.severity", string(m.Severity)),
		textOf("stigwatch.result", string(m.Result)),
		textOf("stigwatch.previous", string(m.Previous)),
		textOf("stigwatch.reason", m.Reason),
		textOf("stigwatch.assurance", string(m.Assurance)),
		textOf("stigwatch.fact", m.Fact),
		textOf("stigwatch.file", m.File),
		numberOf("stigwatch.line", int64(m.Line)),
		textOf("stigwatch.expected", m.Expected),
		textOf("stigwatch.actual", m.Actual),
		textOf("stigwatch.before", m.Before),
		{Key: "stigwatch.waived", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: m.Waived}}},
		textOf("stigwatch.announced", m.Announced),
		textOf("stigwatch.code", m.Code),
		textOf("stigwatch.head", m.Head),
	}
	for _, name := range slices.Sorted(maps.Keys(m.Counters)) {
		all = append(all, numberOf("stigwatch.counters."+name, int64(m.Counters[name])))
	}
	return append(all, whoAttributes(m.Who)...)
}

func whoAttributes(w *Who) []*commonpb.KeyValue {
	if w == nil {
		return nil
	}
	return []*commonpb.KeyValue{
		textOf("stigwatch.who.source", w.Source),
		textOf("stigwatch.who.login", w.Login),
		textOf("stigwatch.who.user", w.User),
		numberOf("stigwatch.who.pid", int64(w.PID)),
		textOf("stigwatch.who.command", w.Command),
		textOf("stigwatch.who.terminal", w.Terminal),
		textOf("stigwatch.who.remote", w.Remote),
		textOf("stigwatch.who.package", w.Package),
	}
}

// textOf cleans: protobuf refuses what is not UTF-8.
func textOf(key, value string) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: clean(value)}}}
}

func numberOf(key string, n int64) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: n}}}
}
