package alert

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	validate "github.com/valllabh/ocsf-schema-golang/ocsfvalidate/1.2"

	"stigwatch/agent/finding"
)

func TestOCSFIsValidAndHasEveryField(t *testing.T) {
	for _, m := range formatRun() {
		line, err := formatFor(t, "ocsf").bytes(m)
		must(t, err)
		checkOCSF(t, line)
		compareOCSF(t, m, line)
	}
}

func TestOCSFTellsTheLifeOfAFinding(t *testing.T) {
	cases := []struct {
		event                      finding.Event
		result                     finding.Outcome
		waived                     bool
		typeUID, status, compliant float64
	}{
		{finding.Opened, finding.Fail, false, 200301, 1, 3},
		{finding.Opened, finding.Fail, true, 200301, 3, 3},
		{finding.Changed, finding.Fail, false, 200302, 2, 3},
		{finding.Changed, finding.Fail, true, 200302, 3, 3},
		{finding.Lost, finding.NotChecked, false, 200302, 2, 2},
		{finding.Lost, finding.Error, false, 200302, 2, 2},
		{finding.Regained, finding.Pass, false, 200303, 4, 1},
		{finding.Resolved, finding.Pass, false, 200303, 4, 1},
		{finding.Resolved, finding.NotApplicable, false, 200303, 4, 99},
	}
	for _, c := range cases {
		m := everything()
		m.Event, m.Result, m.Waived, m.Announced = c.event, c.result, c.waived, ""
		e := readJSON(t, formatFor(t, "ocsf"), m)
		if e["type_uid"] != c.typeUID || e["status_id"] != c.status || e["compliance"].(object)["status_id"] != c.compliant {
			t.Errorf("%+v: %v, %v, %v", c, e["type_uid"], e["status_id"], e["compliance"])
		}
	}
	if e := readJSON(t, formatFor(t, "ocsf"), heartbeat()); e["class_uid"] != 0.0 || e["activity_name"] != "heartbeat" {
		t.Errorf("a heartbeat is %v", e)
	}
}

// What the check refuses, so that its silence means something.
func TestOCSFCheckRefuses(t *testing.T) {
	for name, spoil := range map[string]func(e object){
		"an unknown attribute":       func(e object) { e["rule"] = "V-1" },
		"one of an object":           func(e object) { e["device"].(object)["rule"] = "V-1" },
		"one of a profile not named": func(e object) { delete(e["metadata"].(object), "profiles") },
		"a missing attribute":        func(e object) { delete(e["finding_info"].(object), "title") },
		"a wrong type":               func(e object) { e["time"] = "now" },
		"a wrong number":             func(e object) { e["severity_id"] = 7 },
		"a wrong caption":            func(e object) { e["severity"] = "Meh" },
	} {
		e := readJSON(t, formatFor(t, "ocsf"), everything())
		spoil(e)
		line, err := json.Marshal(e)
		must(t, err)
		if wrong := wrongOCSF(t, line); len(wrong) == 0 {
			t.Errorf("%s passes", name)
		}
	}
}

func FuzzOCSF(f *testing.F) {
	seedFormats(f)
	f.Fuzz(func(t *testing.T, s, other string, n int, agent bool) {
		m := fuzzMessage(s, other, n, agent)
		line, err := formatFor(t, "ocsf").bytes(m)
		must(t, err)
		checkOCSF(t, line)
		compareOCSF(t, m, line)
	})
}

// ocsfAt is where a finding has each field; what is not here is under unmapped.
var ocsfAt = map[string]string{
	"seq": "metadata.sequence", "id": "metadata.uid", "time": "time", "host": "device.hostname", "text": "message",
	"rule": "compliance.control", "stigId": "compliance.requirements.0", "title": "finding_info.title", "result": "compliance.status_code",
	"reason": "status_detail", "code": "metadata.event_code", "who.login": "actor.user.name", "who.user": "actor.process.user.name",
	"who.pid": "actor.process.pid", "who.command": "actor.process.cmd_line", "who.terminal": "actor.session.terminal",
}

func ocsfPlace(m *Message, name string) string {
	place, mapped := ocsfAt[name]
	about := slices.Contains([]string{"seq", "id", "time", "text", "reason", "code"}, name) // have the same place in a Base Event
	if mapped && (m.Rule != "" || about) {
		return place
	}
	if who, ok := strings.CutPrefix(name, "who."); ok {
		name = "who" + strings.ToUpper(who[:1]) + who[1:]
	}
	return "unmapped." + name
}

func compareOCSF(t testing.TB, m *Message, line []byte) {
	t.Helper()
	compareJSON(t, m, line, func(name, _ string) string { return ocsfPlace(m, name) }, func(name, value string) string {
		if name == "time" {
			return exactly(value, "")
		}
		return value
	})
}

// compareJSON demands each set field of m at its place of a document.
func compareJSON(t testing.TB, m *Message, line []byte, place func(name, value string) string, want func(name, value string) string) {
	t.Helper()
	if strings.ContainsAny(string(line), "\n\r\x00") {
		t.Errorf("more than a line: %q", line)
	}
	var doc any
	d := json.NewDecoder(strings.NewReader(string(line)))
	d.UseNumber()
	must(t, d.Decode(&doc))
	compareFields(t, m, func(name, value string) (string, bool) { return lookUp(doc, place(name, value)) }, want)
}

// lookUp follows the dots of a place into a document.
func lookUp(doc any, place string) (string, bool) {
	for step := range strings.SplitSeq(place, ".") {
		switch v := doc.(type) {
		case object:
			doc = v[step]
		case []any:
			if i, err := strconv.Atoi(step); err == nil && i < len(v) {
				doc = v[i]
			}
		}
	}
	switch v := doc.(type) {
	case nil:
		return "", false
	case string:
		return v, true
	}
	b, err := json.Marshal(doc)
	return string(b), err == nil
}

func readJSON(t testing.TB, f formatter, m *Message) object {
	t.Helper()
	line, err := f.bytes(m)
	must(t, err)
	var doc object
	must(t, json.Unmarshal(line, &doc))
	return doc
}

func checkOCSF(t testing.TB, line []byte) {
	t.Helper()
	for _, wrong := range wrongOCSF(t, line) {
		t.Errorf("%s in %.300s", wrong, line)
	}
}

// wrongOCSF checks an event by two things that others made of the official
// schema: its JSON Schema, which says nothing of attributes that it does not
// know, and the compiled definitions, which do. The JSON Schema was exported with
// all profiles on, so it gets the one attribute that only the cloud profile needs.
func wrongOCSF(t testing.TB, line []byte) []string {
	t.Helper()
	var e object
	must(t, json.Unmarshal(line, &e))
	s := ocsfDefinitions(t)
	name := "base_event"
	if e["class_uid"] == 2003.0 {
		name = "compliance_finding"
	}
	metadata, _ := e["metadata"].(object)
	profiles, _ := metadata["profiles"].([]any)
	wrong := s.wrong(e, s.Classes[name], profiles, name)
	if metadata["version"] != s.Version {
		wrong = append(wrong, "the version is not the schema's")
	}
	e["cloud"] = object{"provider": "none"}
	b, err := json.Marshal(e)
	must(t, err)
	if err := validate.Validate(name, b); err != nil {
		wrong = append(wrong, err.Error())
	}
	return wrong
}

// ocsfSchema are the official definitions, compiled by their own server.
type ocsfSchema struct {
	Version string                `json:"version"`
	Classes map[string]ocsfObject `json:"classes"`
	Objects map[string]ocsfObject `json:"objects"`
}

type ocsfObject struct {
	Attributes map[string]struct {
		Type        string `json:"type"`
		ObjectType  string `json:"object_type"`
		Requirement string `json:"requirement"`
		Profile     string `json:"profile"`
		Sibling     string `json:"sibling"`
		IsArray     bool   `json:"is_array"`
		Enum        map[string]struct {
			Caption string `json:"caption"`
		} `json:"enum"`
	} `json:"attributes"`
}

// wrong goes through the attributes of one object, and of those in it.
func (s *ocsfSchema) wrong(e object, o ocsfObject, profiles []any, path string) (list []string) {
	for key, a := range o.Attributes {
		if _, there := e[key]; !there && a.Requirement == "required" && (a.Profile == "" || slices.Contains(profiles, any(a.Profile))) {
			list = append(list, path+"."+key+" is missing")
		}
	}
	for key, v := range e {
		a, known := o.Attributes[key]
		if !known {
			list = append(list, path+"."+key+" is not in the schema")
			continue
		}
		if a.Profile != "" && !slices.Contains(profiles, any(a.Profile)) {
			list = append(list, path+"."+key+" belongs to the profile "+a.Profile)
		}
		if n, ok := v.(float64); ok && len(a.Enum) > 0 {
			// Which numbers there are, the JSON Schema knows better; of status_id the
			// compiled definitions have the base event's captions over the class's own.
			word, known := a.Enum[strconv.Itoa(int(n))]
			if said, there := e[a.Sibling]; known && n != 99 && there && said != word.Caption && key != "status_id" {
				list = append(list, path+"."+key+" has another caption in the schema")
			}
		}
		list = append(list, s.wrongValues(v, a.ObjectType, a.IsArray, profiles, path+"."+key)...)
	}
	return list
}

func (s *ocsfSchema) wrongValues(v any, kind string, array bool, profiles []any, path string) (list []string) {
	each, isArray := v.([]any)
	if isArray != array {
		return []string{path + ": a list, or none, is wrong"}
	}
	if !isArray {
		each = []any{v}
	}
	for _, v := range each {
		if inner, ok := v.(object); ok && kind != "object" && kind != "" {
			list = append(list, s.wrong(inner, s.Objects[kind], profiles, path)...)
		}
	}
	return list
}

var loadOCSF = sync.OnceValues(func() (*ocsfSchema, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/valllabh/ocsf-schema-golang").Output()
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "schema", "v1.2-schema.json"))
	if err != nil {
		return nil, err
	}
	var s ocsfSchema
	return &s, json.Unmarshal(b, &s)
})

func ocsfDefinitions(t testing.TB) *ocsfSchema {
	t.Helper()
	s, err := loadOCSF()
	must(t, err)
	return s
}
