package alert

import "stigwatch/agent/finding"

// ecsVersion is the version of the schema that the documents are written and
// checked for.
const ecsVersion = "9.4.0"

// ecsFormat writes messages as documents of the Elastic Common Schema. What it
// has no field for is under stigwatch, a name of our own, as its guidelines for
// custom fields have it.
type ecsFormat struct{ version string }

// ecsTime always has as many digits.
const ecsTime = "2006-01-02T15:04:05.000000Z07:00"

func (f ecsFormat) bytes(m *Message) ([]byte, error) {
	m = m.cleaned()
	at := m.Time.UTC().Format(ecsTime)
	doc := object{
		"@timestamp": at, "message": m.Text, "ecs": object{"version": ecsVersion},
		"event": ecsEvent(m, at),
		"log":   object{"level": m.level().String()},
		"observer": filled(object{
			"product": product, "vendor": product, "version": f.version, "type": "compliance", "hostname": m.Host,
		}),
		"tags": ecsTags(m),
	}
	if m.Host != "" {
		doc["host"] = object{"name": m.Host, "hostname": m.Host}
	}
	if m.Rule != "" {
		doc["rule"] = filled(object{"id": m.Rule, "name": m.Title, "ruleset": "DISA STIG"})
	}
	if m.File != "" {
		doc["file"] = object{"path": m.File}
	}
	ecsWho(doc, m.Who)
	if own := ecsOwn(m); len(own) > 0 {
		doc[product] = own
	}
	return jsonLine(m.Seq, doc)
}

// ecsEvent keeps to the schema's words for kind, category, type and outcome.
func ecsEvent(m *Message, at string) object {
	kind, dataset := "event", product+"."+category(m)
	if (m.Event == finding.Opened || m.Event == finding.Changed) && m.Announced == "" {
		kind = "alert"
	}
	e := filled(object{
		"kind": kind, "action": string(m.Event), "id": m.ID, "code": m.Code, "reason": m.Reason,
		"module": product, "dataset": dataset, "provider": product, "created": at,
	})
	e["severity"], e["sequence"] = m.rank(), m.Seq
	e["category"], e["type"] = []string{"host"}, []string{"info"}
	if m.Rule != "" {
		e["category"], e["type"], e["outcome"] = []string{"configuration"}, []string{"change"}, ecsOutcome(m.Result)
	}
	return e
}

func ecsOutcome(o finding.Outcome) string {
	switch o {
	case finding.Pass:
		return "success"
	case finding.Fail:
		return "failure"
	}
	return "unknown"
}

func ecsTags(m *Message) []string {
	tags := []string{product}
	if m.Rule != "" {
		tags = append(tags, "stig")
	}
	if m.Waived {
		tags = append(tags, "waived")
	}
	if m.Announced != "" {
		tags = append(tags, "announced")
	}
	return tags
}

// ecsWho puts who changed the file where the schema has the actors of an event.
func ecsWho(doc object, w *Who) {
	if w == nil {
		return
	}
	process := filled(object{"command_line": w.Command})
	if w.PID != 0 {
		process["pid"] = w.PID
	}
	if w.User != "" {
		process["user"] = object{"name": w.User}
	}
	source := filled(object{"address": w.Remote})
	if isAddress(w.Remote) {
		source["ip"] = w.Remote
	}
	for name, o := range map[string]object{
		"user": filled(object{"name": w.Login}), "process": process, "source": source, "package": filled(object{"name": w.Package}),
	} {
		if len(o) > 0 {
			doc[name] = o
		}
	}
}

// ecsOwn are the details that the schema has no field for.
func ecsOwn(m *Message) object {
	own := filled(object{
		"stig_id": m.StigID, "severity": string(m.Severity), "result": string(m.Result), "previous": string(m.Previous),
		"assurance": string(m.Assurance), "fact": m.Fact, "expected": m.Expected, "actual": m.Actual, "before": m.Before,
		"announced": m.Announced, "head": m.Head,
	})
	if m.Line != 0 {
		own["line"] = m.Line
	}
	if m.Waived {
		own["waived"] = true
	}
	if len(m.Counters) > 0 {
		own["counters"] = m.Counters
	}
	if m.Who != nil {
		if who := filled(object{"source": m.Who.Source, "terminal": m.Who.Terminal}); len(who) > 0 {
			own["who"] = who
		}
	}
	return own
}
