package attest

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
	"stigwatch/agent/strict"
)

func importing() Import {
	return Import{
		File:    "f",
		OffBox:  map[string][]string{"V-251004": {"core.backup_schedule", "core.backup_restore"}, "V-251008": {"core.a"}},
		By:      Person{"Ada", "ISSO"},
		Now:     time.Date(2026, 11, 20, 10, 0, 0, 500, time.UTC),
		Expires: time.Date(2027, 11, 20, 10, 0, 0, 0, time.UTC),
	}
}

const safJSON = `[
  {"control_id": "SV-251004r1028242_rule", "explanation": "Seen in the portal.", "frequency": "annually",
   "status": "passed", "updated": "2026-06-02T15:03:59.128Z", "updated_by": "Json Smith, Security", "more": 1},
  {"control_id": "v-251008", "explanation": "No such policy.", "frequency": "3m",
   "status": "failed", "updated": "2026-10-31", "updated_by": "Ada"}
]`

const safYAML = `- control_id: SV-251004
  explanation: Seen in the portal.
  frequency: annually
  status: passed
  updated: 2026-06-02T17:03:59+02:00
  updated_by: Json Smith, Security
- control_id: V-251008
  explanation: |
    No such policy.
  frequency: 3m
  status: failed
  updated: 2026-10-31
  updated_by: Ada
`

func TestFromSAFReadsBothForms(t *testing.T) {
	want := Imported{Attestations: []Attestation{
		{
			Rule: "V-251004", Facts: []string{"core.backup_schedule", "core.backup_restore"}, Status: finding.Pass,
			Statement: "Seen in the portal.", By: Person{"Json Smith, Security", "ISSO"},
			When: "2026-06-02T15:03:59Z", Expires: "2027-06-02T15:03:59Z",
		},
		{
			Rule: "V-251008", Facts: []string{"core.a"}, Status: finding.Fail,
			Statement: "No such policy.", By: Person{"Ada", "ISSO"}, When: "2026-10-31T00:00:00Z", Expires: "2027-01-31T00:00:00Z",
		},
	}}
	for name, text := range map[string]string{
		"JSON": safJSON, "YAML": safYAML, "YAML with a mark": "\uFEFF" + safYAML,
		"InSpec's configuration": `{"plugins": {"inspec-reporter-json-hdf": {"attestations": ` + safJSON + `}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := FromSAF([]byte(text), importing())
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
}

func TestFromSAFRefusesWithASentence(t *testing.T) {
	const good = `{"control_id": "V-251008", "explanation": "a", "frequency": "daily", "status": "passed", "updated": "2026-11-20", "updated_by": "b"}`
	tests := map[string]struct{ old, new, want string }{
		"rule that is read":  {"V-251008", "V-250987", "V-250987: it is no rule of this appliance that only a person can answer: one that can be read here is answered fact by fact, in attestations.yaml"},
		"other name":         {"V-251008", "CIS 1.1", `"CIS 1.1": this does not name one rule: write it like V-251004`},
		"no name":            {`"control_id": "V-251008", `, "", "an answer without a rule: this does not name one rule: write it like V-251004"},
		"name is a number":   {`"V-251008"`, "251008", "an answer without a rule: this does not name one rule: write it like V-251004"},
		"no statement":       {`"a"`, `" \r\n "`, "V-251008: there is no statement: say in the file what is so, and how it is known"},
		"long statement":     {`"a"`, `"` + strings.Repeat("é", 1001) + `"`, "V-251008: its statement has more than 1000 characters: shorten it"},
		"control characters": {`"a"`, `"a\u001b"`, "V-251008: it holds control characters: write plain text"},
		"nobody":             {`"b"`, `""`, "V-251008: it does not say who answers in what role: name both"},
		"status":             {"passed", "skipped", `V-251008: "skipped" is not a status of an attestation: write passed or failed`},
		"time":               {"2026-11-20", "yesterday", `V-251008: "yesterday" under updated is not a time: write it like 2026-11-20`},
		"future":             {"2026-11-20", "3000-01-01", "V-251008: it is dated in the future, 3000-01-01T00:00:00Z"},
		"expired":            {"2026-11-20", "2026-11-19", "V-251008: it expired on 2026-11-20T00:00:00Z: attest it anew"},
		"frequency":          {"daily", "often", `V-251008: "often" is not a frequency: write one like annually or 3m`},
		"no frequency":       {"daily", "0d", `V-251008: "0d" is not a frequency: write one like annually or 3m`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := FromSAF([]byte("["+strings.Replace(good, tt.old, tt.new, 1)+"]"), importing())
			if diff := cmp.Diff(Imported{Attestations: got.Attestations, Refused: []string{tt.want}}, got); err != nil || diff != "" || len(got.Attestations) != 0 {
				t.Error(err, diff)
			}
		})
	}
	if got, err := FromSAF([]byte("["+good+"]"), importing()); err != nil || len(got.Attestations) != 1 {
		t.Error(got, err)
	}
}

func TestFromSAFRefusesTwoMinds(t *testing.T) {
	one := `{"control_id": "V-251008", "explanation": "a", "frequency": "1y", "status": "passed", "updated": "2026-11-20", "updated_by": "b"}`
	other := strings.Replace(one, "passed", "failed", 1)
	got, err := FromSAF([]byte("["+one+","+one+"]"), importing())
	if err != nil || len(got.Attestations) != 1 || got.Refused != nil {
		t.Error(got, err)
	}
	got, err = FromSAF([]byte("["+one+","+other+","+one+"]"), importing())
	want := Imported{Attestations: []Attestation{}, Refused: []string{"V-251008: it is answered more than once, and differently: keep one answer in the file"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestFromSAFRefusesFiles(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":       {"", "a set of keys stands here where a list belongs"},
		"other JSON":    {`{"profiles": []}`, "there is no list of attestations"},
		"JSON syntax":   {"[\n{,", "f:2: cannot read it as JSON: invalid character"},
		"twice a key":   {`[{"status": "failed", "status": "passed"}]`, `the key "status" stands twice in one object`},
		"deep":          {strings.Repeat("[", 40) + strings.Repeat("]", 40), "nested more than 32 deep"},
		"deeper":        {strings.Repeat("[", 1<<20), "exceeded max depth"},
		"many":          {"[" + strings.Repeat("0,", maxValues) + "0]", "more than 500000 values"},
		"large":         {strings.Repeat(" ", MaxImport+1), "larger than 16777216 bytes"},
		"large YAML":    {"- " + strings.Repeat("a", strict.MaxBytes), "larger than 1048576 bytes"},
		"YAML syntax":   {"- a: b\n c: d\n", "f:1: this is not YAML"},
		"YAML alias":    {"- &a {control_id: x}\n- *a\n", "anchors (&a) are not accepted"},
		"YAML no value": {"- {explanation: }\n", "f:1: [0].explanation: there is no value"},
		"a table":       {"a,b\n1,2\n", "stands here where a list belongs"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := FromSAF([]byte(tt.text), importing())
			refusesFile(t, got, err, tt.want)
		})
	}
}

func refusesFile(t *testing.T, got Imported, err error, want string) {
	t.Helper()
	if wrong := (strict.Mistakes)(nil); !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	if got.Attestations != nil || got.Refused != nil {
		t.Errorf("%+v", got)
	}
}

func TestSAFFrequencies(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	tests := []struct{ from, frequency, want string }{
		{"2026-11-20", "annually", "2027-11-20"}, {"2026-11-20", "semiannually", "2027-05-20"}, {"2026-11-20", "Quarterly", "2027-02-20"},
		{"2026-11-20", "monthly", "2026-12-20"}, {"2026-11-20", "every2weeks", "2026-12-04"}, {"2026-11-20", "fortnightly", "2026-12-04"},
		{"2026-11-20", "weekly", "2026-11-27"}, {"2026-11-20", "every3days", "2026-11-23"}, {"2026-11-20", "daily", "2026-11-21"},
		{"2026-11-20", "2wk", "2026-12-04"}, {"2026-11-20", "6 months", "2027-05-20"}, {"2026-11-20", "0.5y", "2027-05-20"},
		{"2026-11-20", "1.5m", "2026-12-20"}, {"2026-11-20", "1.5y", "2027-11-21"}, {"2026-11-20", "9999y", "2027-11-21"},
		{"2026-10-31", "1m", "2026-11-30"}, {"2027-01-31", "1m", "2027-02-28"}, {"2028-02-29", "1y", "2029-02-28"}, {"2027-03-01", "1y", "2028-03-01"},
		{"2026-11-20", "", ""}, {"2026-11-20", "0.01y", ""}, {"2026-11-20", "1", ""}, {"2026-11-20", "1h", ""}, {"2026-11-20", "-1d", ""}, {"2026-11-20", "1e9y", ""},
	}
	for _, tt := range tests {
		end, ok := safEnd(day(tt.from), tt.frequency)
		if ok != (tt.want != "") || ok && !end.Equal(day(tt.want)) {
			t.Errorf("%s %s: %v %v", tt.from, tt.frequency, end, ok)
		}
	}
}

// entry is one rule of a checklist.
type entry struct{ vuln, rule, status, details, comments string }

func cklOf(entries ...entry) string {
	var b strings.Builder
	b.WriteString("\uFEFF<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!--DISA STIG Viewer :: 2.17-->\n<CHECKLIST><ASSET><ROLE>None</ROLE></ASSET><STIGS><iSTIG><STIG_INFO></STIG_INFO>\n")
	for i, e := range entries {
		if i == 1 {
			b.WriteString("</iSTIG><iSTIG>")
		}
		fmt.Fprintf(&b, `<VULN><STIG_DATA><VULN_ATTRIBUTE>Vuln_Num</VULN_ATTRIBUTE><ATTRIBUTE_DATA>%s</ATTRIBUTE_DATA></STIG_DATA>
<STIG_DATA><VULN_ATTRIBUTE>Severity</VULN_ATTRIBUTE><ATTRIBUTE_DATA>low</ATTRIBUTE_DATA></STIG_DATA>
<STIG_DATA><VULN_ATTRIBUTE>Rule_ID</VULN_ATTRIBUTE><ATTRIBUTE_DATA>%s</ATTRIBUTE_DATA></STIG_DATA>
<STATUS>%s</STATUS><FINDING_DETAILS>%s</FINDING_DETAILS><COMMENTS>%s</COMMENTS><SEVERITY_OVERRIDE/><SEVERITY_JUSTIFICATION/></VULN>
`, e.vuln, e.rule, e.status, e.details, e.comments)
	}
	return b.String() + "</iSTIG></STIGS></CHECKLIST>\n"
}

var cklbStatus = strings.NewReplacer("NotAFinding", "not_a_finding", "Open", "open", "Not_Applicable", "not_applicable", "Not_Reviewed", "not_reviewed")

func cklbOf(entries ...entry) string {
	var rules []string
	for _, e := range entries {
		rules = append(rules, fmt.Sprintf(`{"group_id": %q, "rule_id_src": %q, "rule_id": %q, "status": %q, "finding_details": %q, "comments": %q, "overrides": {}}`,
			e.vuln, e.rule, strings.TrimSuffix(e.rule, "_rule"), cklbStatus.Replace(e.status), e.details, e.comments))
	}
	return `{"title": "t", "id": "x", "cklb_version": "1.0", "target_data": {"host_name": "h"}, "stigs": [{"stig_name": "s", "rules": [` +
		strings.Join(rules, ",\n") + `]}, {"rules": null}]}`
}

func TestFromChecklistReadsBothForms(t *testing.T) {
	entries := []entry{
		{"V-251004", "SV-251004r1028242_rule", "NotAFinding", "Seen in the portal.", "By phone."},
		{"V-251008", "SV-251008r1_rule", "Open", "", "None."},
		{"V-250987", "SV-250987r1_rule", "NotAFinding", "Banner is there.", ""},
		{"V-250988", "SV-250988r1_rule", "Not_Reviewed", "x", ""},
		{"V-251025", "", "Not_Applicable", " same ", "same\n"},
		{"", "SV-251031r1_rule", "Not_Applicable", "", " "},
		{"V-251032", "SV-251031r1_rule", "Open", "a", ""},
		{"V-251029", "", "Closed", "a", ""},
		{"V-251028", "", "", "a", ""},
	}
	in := importing()
	for _, rule := range []string{"V-251025", "V-251031", "V-251032", "V-251029", "V-251028"} {
		in.OffBox[rule] = []string{"core.x"}
	}
	expected := func(rule string, facts []string, status finding.Outcome, statement string) Attestation {
		return Attestation{
			Rule: rule, Facts: facts, Status: status, Statement: statement, By: Person{"Ada", "ISSO"},
			When: "2026-11-20T10:00:00Z", Expires: "2027-11-20T10:00:00Z",
		}
	}
	want := Imported{
		Attestations: []Attestation{
			expected("V-251004", []string{"core.backup_schedule", "core.backup_restore"}, finding.Pass, "Seen in the portal.\nBy phone."),
			expected("V-251008", []string{"core.a"}, finding.Fail, "None."),
			expected("V-251025", []string{"core.x"}, finding.NotApplicable, "same"),
		},
		Refused: []string{
			"V-250987: it is no rule of this appliance that only a person can answer: one that can be read here is answered fact by fact, in attestations.yaml",
			"V-251031: there is no statement: say in the file what is so, and how it is known",
			"NAMES: this does not name one rule: write it like V-251004",
			`V-251029: "Closed" is not a status of a checklist`,
			`V-251028: "" is not a status of a checklist`,
		},
	}
	tests := map[string]struct{ text, names string }{
		"CKL":  {cklOf(entries...), `"V-251032 SV-251031r1_rule"`},
		"CKLB": {cklbOf(entries...), `"V-251032 SV-251031r1_rule SV-251031r1"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := FromChecklist([]byte(tt.text), in)
			want := want
			want.Refused = append([]string(nil), want.Refused...)
			want.Refused[2] = strings.Replace(want.Refused[2], "NAMES", tt.names, 1)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
}

func TestFromChecklistReadsOneStatus(t *testing.T) {
	text := strings.Replace(cklOf(entry{"V-251004", "", "Open", "a", ""}), "<STATUS>", "<STATUS>NotAFinding</STATUS><STATUS>", 1)
	got, err := FromChecklist([]byte(text), importing())
	want := Imported{Refused: []string{`V-251004: "NotAFinding Open" is not a status of a checklist`}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestFromChecklistAsksWhoAndForHowLong(t *testing.T) {
	for name, in := range map[string]func(*Import){
		"nobody": func(in *Import) { in.By.Name = " " }, "no role": func(in *Import) { in.By.Role = "" },
		"no end": func(in *Import) { in.Expires = time.Time{} }, "a far end": func(in *Import) { in.Expires = in.Now.Add(maxTerm + 1) },
		"no begin": func(in *Import) { in.Now = time.Time{} },
	} {
		i := importing()
		in(&i)
		got, err := FromChecklist([]byte(cklbOf(entry{"V-251004", "", "Open", "a", ""})), i)
		if err != nil || len(got.Attestations) != 0 || len(got.Refused) != 1 {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

func TestFromChecklistRefusesFiles(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":        {"", "this is not a checklist"},
		"YAML":           {safYAML, "this is not a checklist"},
		"other JSON":     {`{"profiles": []}`, `it has no list "stigs"`},
		"twice a key":    {strings.Replace(cklbOf(entry{"V-251004", "", "Open", "a", ""}), `"status"`, `"status": "not_a_finding", "status"`, 1), `the key "status" stands twice`},
		"XCCDF":          {`<Benchmark/>`, "expected element type <CHECKLIST>"},
		"XML syntax":     {"<CHECKLIST>\n<STIGS></CHECKLIST>", "f:2: cannot read it as a CKL"},
		"cut off":        {cklOf(entry{})[:200], "cannot read it as a CKL"},
		"an attribute":   {`<CHECKLIST><STIGS a="1" b="2" a="3"/></CHECKLIST>`, `the attribute "a" stands twice in one element`},
		"two documents":  {"<CHECKLIST/><CHECKLIST/>", "more than one document"},
		"entities":       {`<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><CHECKLIST>&x;</CHECKLIST>`, "declares a document type"},
		"unknown entity": {"<CHECKLIST>&x;</CHECKLIST>", "invalid character entity &x;"},
		"deep":           {strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40), "nested more than 32 deep"},
		"many":           {"<CHECKLIST>" + strings.Repeat("<a/>", maxValues) + "</CHECKLIST>", "more than 500000 values"},
		"large":          {"<" + strings.Repeat(" ", MaxImport), "larger than 16777216 bytes"},
		"other encoding": {`<?xml version="1.0" encoding="UTF-16"?><CHECKLIST/>`, "UTF-16"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := FromChecklist([]byte(tt.text), importing())
			refusesFile(t, got, err, tt.want)
		})
	}
}

// added demands that what an import gives can be added to a file.
func added(t *testing.T, got Imported) {
	t.Helper()
	if len(got.Attestations) == 0 {
		return
	}
	path := filepath.Join(t.TempDir(), "a.yaml")
	known := Known{}
	for _, a := range got.Attestations {
		known[a.Rule] = a.Facts
		if err := Add(path, a, known); err != nil {
			t.Fatalf("%+v: %v", a, err)
		}
	}
	if book, err := Load(path, true, known); err != nil || cmp.Diff(got.Attestations, book.Attestations) != "" {
		t.Fatal(err, cmp.Diff(got.Attestations, book.Attestations))
	}
}

func FuzzFromSAF(f *testing.F) {
	f.Add([]byte(safJSON))
	f.Add([]byte(safYAML))
	f.Add([]byte(`{"plugins": {"inspec-reporter-json-hdf": {"attestations": [{}, 1, null]}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := FromSAF(b, importing())
		if err != nil {
			refusesFile(t, got, err, "")
			return
		}
		added(t, got)
	})
}

func FuzzFromChecklist(f *testing.F) {
	f.Add([]byte(cklOf(entry{"V-251004", "SV-251004r1028242_rule", "NotAFinding", "Seen &lt;&#13;\n", "b"})))
	f.Add([]byte(cklbOf(entry{"V-251004", "SV-251004r1028242_rule", "NotAFinding", "Seen", "b"})))
	f.Add([]byte(`{"stigs": [1, {"rules": [null, {"status": 3}]}]}`))
	f.Add([]byte("<CHECKLIST><STIGS><iSTIG><VULN/><VULN><STATUS>Open</STATUS></VULN></iSTIG></STIGS></CHECKLIST>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := FromChecklist(b, importing())
		if err != nil {
			refusesFile(t, got, err, "")
			return
		}
		added(t, got)
	})
}
