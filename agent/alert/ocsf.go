package alert

import (
	"cmp"
	"slices"

	"stigwatch/agent/finding"
)

// ocsfVersion is the schema that the events are written and checked for. Later
// ones of version 1 take them too; none of the attributes that stand here is
// deprecated in 1.8.
const ocsfVersion = "1.2.0"

// ocsfFormat writes messages as events of the Open Cybersecurity Schema
// Framework: a rule's as a Compliance Finding (class 2003), with the host profile
// for the appliance and for who changed it.
//
// News about the agent is no finding, and no other class fits: Application
// Lifecycle (6002) tells of installs, starts and stops, not of heartbeats or
// conditions. It is a Base Event (class 0), which the schema has for that.
type ocsfFormat struct{ version string }

// object is a JSON object; its keys are written in their order.
type object = map[string]any

func (f ocsfFormat) bytes(m *Message) ([]byte, error) {
	m = m.cleaned()
	e := f.base(m)
	if m.Rule == "" {
		ocsfNews(e, m)
	} else {
		ocsfFinding(e, m)
	}
	return jsonLine(m.Seq, e)
}

// base is what all classes have.
func (f ocsfFormat) base(m *Message) object {
	severity := ocsfSeverity(m)
	e := object{
		"time": m.Time.UnixMilli(), "message": m.Text, "severity_id": severity, "severity": ocsfSeverities[severity],
		"metadata": filled(object{
			"version": ocsfVersion, "uid": m.ID, "sequence": m.Seq, "event_code": m.Code, "log_level": m.level().String(),
			"product": filled(object{"name": product, "vendor_name": product, "version": f.version}),
		}),
	}
	if m.Reason != "" {
		e["status_detail"] = m.Reason
	}
	return e
}

func ocsfNews(e object, m *Message) {
	classify(e, 0, "Base Event", 0, "Uncategorized", 99, string(m.Event))
	e["unmapped"] = unmapped(m, "code", "reason")
	if m.Host != "" {
		e["observables"] = []object{{"name": "unmapped.host", "type_id": 1, "type": "Hostname", "value": m.Host}}
		e["unmapped"].(object)["host"] = m.Host
	}
}

func ocsfFinding(e object, m *Message) {
	activity, status := ocsfLifecycle(m)
	classify(e, 2003, "Compliance Finding", 2, "Findings", activity, ocsfActivities[activity])
	e["metadata"].(object)["profiles"] = []string{"host"}
	e["status_id"], e["status"] = status, ocsfStatuses[status]
	e["finding_info"] = ocsfInfo(m)
	e["compliance"] = ocsfCompliance(m)
	e["device"] = object{"hostname": cmp.Or(m.Host, "unknown"), "type_id": 99, "type": "Appliance"}
	if actor := ocsfActor(m.Who); len(actor) > 0 {
		e["actor"] = actor
	}
	e["observables"] = ocsfObservables(m)
	e["unmapped"] = unmapped(m, "rule", "stigId", "title", "result", "reason", "code")
}

// classify names the class and what happened; a type is its class and its
// activity in one number.
func classify(e object, class int, className string, category int, categoryName string, activity int, activityName string) {
	e["class_uid"], e["class_name"] = class, className
	e["category_uid"], e["category_name"] = category, categoryName
	e["activity_id"], e["activity_name"] = activity, activityName
	e["type_uid"], e["type_name"] = class*100+activity, className+": "+activityName
}

// ocsfInfo is the finding itself, which stays the same one until it is resolved
// and when it comes back: the rule on that host.
func ocsfInfo(m *Message) object {
	info := filled(object{
		"uid": m.Host + "/" + m.Rule, "title": cmp.Or(m.Title, m.Rule), "desc": m.Reason, "types": []string{"STIG"},
	})
	if m.Event == finding.Opened {
		info["created_time"] = m.Time.UnixMilli()
	}
	info["modified_time"] = m.Time.UnixMilli()
	return info
}

func ocsfCompliance(m *Message) object {
	status, name := ocsfVerdict(m.Result)
	c := object{
		"standards": []string{"DISA STIG"}, "control": m.Rule, "status_id": status, "status": name,
	}
	if m.StigID != "" {
		c["requirements"] = []string{m.StigID}
	}
	if m.Result != "" {
		c["status_code"] = string(m.Result)
	}
	return c
}

func ocsfActor(w *Who) object {
	if w == nil {
		return nil
	}
	process := filled(object{"cmd_line": w.Command})
	if w.PID != 0 {
		process["pid"] = w.PID
	}
	if w.User != "" {
		process["user"] = object{"name": w.User}
	}
	return filled(object{
		"user": filled(object{"name": w.Login}), "process": process, "session": filled(object{"terminal": w.Terminal}),
	})
}

func ocsfObservables(m *Message) []object {
	list := []object{{"name": "device.hostname", "type_id": 1, "type": "Hostname", "value": cmp.Or(m.Host, "unknown")}}
	if m.File != "" {
		list = append(list, object{"name": "unmapped.file", "type_id": 7, "type": "File Name", "value": m.File})
	}
	if m.Who == nil {
		return list
	}
	if m.Who.Login != "" {
		list = append(list, object{"name": "actor.user.name", "type_id": 4, "type": "User Name", "value": m.Who.Login})
	}
	if isAddress(m.Who.Remote) {
		list = append(list, object{"name": "unmapped.whoRemote", "type_id": 2, "type": "IP Address", "value": m.Who.Remote})
	}
	return list
}

// unmapped are the details that have no attribute, under their own names.
func unmapped(m *Message, mapped ...string) object {
	if m.Rule != "" {
		mapped = append(mapped, "whoLogin", "whoUser", "whoPid", "whoCommand", "whoTerminal")
	}
	u := object{"event": string(m.Event)}
	for _, d := range m.details() {
		if !slices.Contains(mapped, d.key) {
			u[d.key] = d.value
		}
	}
	replace(u, "line", m.Line)
	replace(u, "waived", m.Waived)
	replace(u, "counters", m.Counters)
	return u
}

// replace puts a value that is no text in the place of its text.
func replace(o object, key string, value any) {
	if _, there := o[key]; there {
		o[key] = value
	}
}

// filled leaves out what is empty.
func filled(o object) object {
	for key, value := range o {
		switch v := value.(type) {
		case string:
			if v == "" {
				delete(o, key)
			}
		case object:
			if len(v) == 0 {
				delete(o, key)
			}
		}
	}
	return o
}
