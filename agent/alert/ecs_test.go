package alert

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stigwatch/agent/finding"
)

func TestECSHasEveryField(t *testing.T) {
	for _, m := range formatRun() {
		line, err := formatFor(t, "ecs").bytes(m)
		must(t, err)
		compareECS(t, m, line)
	}
}

func TestECSDefinesEveryField(t *testing.T) {
	fields := ecsFields(t)
	for _, m := range formatRun() {
		for _, wrong := range fields.wrong(readJSON(t, formatFor(t, "ecs"), m)) {
			t.Error(wrong)
		}
	}
}

// What the check refuses, so that its silence means something.
func TestECSCheckRefuses(t *testing.T) {
	fields := ecsFields(t)
	for name, spoil := range map[string]func(doc object){
		"an unknown field":     func(doc object) { doc["file"].(object)["line"] = 1 },
		"an unknown field set": func(doc object) { doc["stig"] = object{"id": "V-1"} },
		"a wrong type":         func(doc object) { doc["event"].(object)["sequence"] = "one" },
		"a wrong date":         func(doc object) { doc["@timestamp"] = "yesterday" },
		"a wrong word":         func(doc object) { doc["event"].(object)["kind"] = "finding" },
		"a wrong word in list": func(doc object) { doc["event"].(object)["category"] = []any{"compliance"} },
		"a type of another":    func(doc object) { doc["event"].(object)["type"] = []any{"start"} },
		"a list where none is": func(doc object) { doc["event"].(object)["action"] = []any{"opened"} },
		"no list where one is": func(doc object) { doc["tags"] = "stig" },
		"no address":           func(doc object) { doc["source"] = object{"ip": "host"} },
	} {
		doc := readJSON(t, formatFor(t, "ecs"), everything())
		spoil(doc)
		if len(fields.wrong(doc)) == 0 {
			t.Errorf("%s passes", name)
		}
	}
}

func TestECSKindAndOutcome(t *testing.T) {
	for _, c := range []struct {
		event   finding.Event
		result  finding.Outcome
		kind    string
		outcome string
	}{
		{finding.Opened, finding.Fail, "alert", "failure"},
		{finding.Changed, finding.Fail, "alert", "failure"},
		{finding.Lost, finding.NotChecked, "event", "unknown"},
		{finding.Resolved, finding.Pass, "event", "success"},
		{finding.Resolved, finding.NotApplicable, "event", "unknown"},
	} {
		m := everything()
		m.Event, m.Result, m.Announced = c.event, c.result, ""
		e := readJSON(t, formatFor(t, "ecs"), m)["event"].(object)
		if e["kind"] != c.kind || e["outcome"] != c.outcome {
			t.Errorf("%+v: %v", c, e)
		}
	}
	if e := readJSON(t, formatFor(t, "ecs"), news())["event"].(object); e["outcome"] != nil || e["kind"] != "event" {
		t.Errorf("news about the agent is %v", e)
	}
}

func FuzzECS(f *testing.F) {
	seedFormats(f)
	f.Fuzz(func(t *testing.T, s, other string, n int, agent bool) {
		m := fuzzMessage(s, other, n, agent)
		line, err := formatFor(t, "ecs").bytes(m)
		must(t, err)
		compareECS(t, m, line)
		var doc object
		must(t, json.Unmarshal(line, &doc))
		for _, wrong := range ecsFields(t).wrong(doc) {
			t.Error(wrong)
		}
	})
}

var ecsAt = map[string]string{
	"seq": "event.sequence", "id": "event.id", "event": "event.action", "time": "@timestamp", "host": "host.name", "rule": "rule.id",
	"stigId": "stigwatch.stig_id", "title": "rule.name", "reason": "event.reason", "file": "file.path", "text": "message",
	"code": "event.code", "who.login": "user.name", "who.user": "process.user.name", "who.pid": "process.pid",
	"who.command": "process.command_line", "who.remote": "source.address", "who.package": "package.name",
}

func compareECS(t testing.TB, m *Message, line []byte) {
	t.Helper()
	compareJSON(t, m, line, func(name, _ string) string {
		place, known := ecsAt[name]
		switch {
		case name == "title" && m.Rule == "": // no message has one without a rule
			return "message"
		case known:
			return place
		}
		return "stigwatch." + name
	}, func(name, value string) string {
		if name == "time" {
			return exactly(value, ecsTime)
		}
		return value
	})
}

// ecsSchema is what Elastic publishes of each field.
type ecsSchema map[string]struct {
	Type      string   `json:"type"`
	Normalize []string `json:"normalize"`
	Allowed   []struct {
		Name  string   `json:"name"`
		Types []string `json:"expected_event_types"`
	} `json:"allowed_values"`
}

// wrong tells what of a document the schema does not have so.
func (s ecsSchema) wrong(doc object) (list []string) {
	if version, _ := doc["ecs"].(object); version["version"] != ecsVersion {
		list = append(list, "the version is not the schema's")
	}
	list = s.walk(doc, "", list)
	event, _ := doc["event"].(object)
	categories, _ := event["category"].([]any)
	types, _ := event["type"].([]any)
	for _, c := range categories {
		for _, a := range s["event.category"].Allowed {
			for _, kind := range types {
				if a.Name == c && !slices.Contains(a.Types, fmt.Sprint(kind)) {
					list = append(list, fmt.Sprintf("event.type %v does not go with category %v", kind, c))
				}
			}
		}
	}
	return list
}

func (s ecsSchema) walk(doc object, above string, list []string) []string {
	for key, v := range doc {
		name := above + key
		f, known := s[name]
		inner, isObject := v.(object)
		switch {
		case name == product: // custom fields
		case isObject && (!known || f.Type == "object"):
			list = s.walk(inner, name+".", list)
		case !known:
			list = append(list, name+" is not in the schema")
		default:
			each, isList := v.([]any)
			if isList != slices.Contains(f.Normalize, "array") {
				list = append(list, name+": a list, or none, is wrong")
			}
			if !isList {
				each = []any{v}
			}
			for _, v := range each {
				allowed := len(f.Allowed) == 0
				for _, a := range f.Allowed {
					allowed = allowed || a.Name == v
				}
				if !allowed || !hasECSType(v, f.Type) {
					list = append(list, fmt.Sprintf("%s is %v, which is no %s that the schema allows", name, v, f.Type))
				}
			}
		}
	}
	return list
}

func hasECSType(v any, kind string) bool {
	text, isText := v.(string)
	switch kind {
	case "keyword", "match_only_text", "wildcard":
		return isText
	case "date":
		_, err := time.Parse(time.RFC3339Nano, text)
		return err == nil
	case "ip":
		return isIP(text)
	case "long":
		n, ok := v.(float64)
		return ok && n == float64(int64(n))
	}
	return false
}

var ecsOnce struct {
	sync.Mutex // guards fields
	fields     ecsSchema
}

func ecsFields(t testing.TB) ecsSchema {
	t.Helper()
	ecsOnce.Lock()
	defer ecsOnce.Unlock()
	if ecsOnce.fields == nil {
		var answer struct {
			Version string
			Fields  ecsSchema
		}
		node(t, `const e = require("@elastic/ecs"); console.log(JSON.stringify({Version: e.EcsVersion, Fields: e.EcsFlat}))`, nil, &answer)
		if answer.Version != ecsVersion || len(answer.Fields) < 1000 || strings.TrimSpace(answer.Fields["message"].Type) == "" {
			t.Fatalf("the package has %d fields of version %s", len(answer.Fields), answer.Version)
		}
		ecsOnce.fields = answer.Fields
	}
	return ecsOnce.fields
}
