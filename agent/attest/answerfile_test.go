package attest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
)

// older and newer are answer files of the two forms around some XML.
func older(vulns string) string {
	return "\uFEFF<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- ours -->\n<STIGComments Name=\"Sentry\">\n" + vulns + "</STIGComments>\n"
}

func newer(id, key string, answers ...string) string {
	return older(fmt.Sprintf("  <Vuln ID=%q>\n    <!-- a title -->\n    <AnswerKey Name=%q>\n%s    </AnswerKey>\n  </Vuln>\n", id, key, strings.Join(answers, "")))
}

func oldKey(name, expected, code, status, comment string) string {
	return fmt.Sprintf(`    <AnswerKey Name=%q>
      <ExpectedStatus>%s</ExpectedStatus>
      <ValidationCode>%s</ValidationCode>
      <ValidTrueStatus>%s</ValidTrueStatus>
      <ValidTrueComment>%s</ValidTrueComment>
      <ValidFalseStatus>Open</ValidFalseStatus>
      <ValidFalseComment>This is never read.</ValidFalseComment>
    </AnswerKey>
`, name, expected, code, status, comment)
}

// oldFile has the keys for V-251008.
func oldFile(keys ...string) string {
	return older("  <Vuln ID=\"V-251008\">\n" + strings.Join(keys, "") + "  </Vuln>\n")
}

func newAnswer(attributes, code, status, comment string) string {
	return fmt.Sprintf(`      <Answer Index="1" %s>
        <ValidationCode>%s</ValidationCode>
        <ValidTrueStatus>%s</ValidTrueStatus>
        <ValidTrueComment>%s</ValidTrueComment>
        <ValidFalseStatus></ValidFalseStatus>
        <ValidFalseComment></ValidFalseComment>
      </Answer>
`, attributes, code, status, comment)
}

const (
	nobody = `ExpectedStatus="NR" Hostname="" Instance="" Database="" Site="" ResultHash=""`
	onHost = `ExpectedStatus="NR" Hostname="other, SENTRY1" Instance="" Database="" Site="" ResultHash=""`
	onHash = `ExpectedStatus="NR" Hostname="" Instance="" Database="" Site="" ResultHash="0a1b"`
)

func importingHere() Import {
	in := importing()
	in.Host = "sentry1.lab.example"
	return in
}

// statements are what was taken over, in a few words.
func statements(got Imported) []string {
	var out []string
	for _, a := range got.Attestations {
		out = append(out, fmt.Sprintf("%s %s %s", a.Rule, a.Status, a.Statement))
	}
	return out
}

func TestFromAnswerFileReadsBothForms(t *testing.T) {
	want := Imported{Attestations: []Attestation{{
		Rule: "V-251008", Facts: []string{"core.a"}, Status: finding.NotApplicable,
		Statement: "No such thing is in use.\nAsked in May.", By: Person{"Ada", "ISSO"},
		When: "2026-11-20T10:00:00Z", Expires: "2027-11-20T10:00:00Z",
	}}}
	const comment = "\r\nNo such thing is in use.\r\nAsked in May. "
	for name, text := range map[string]string{
		"to 1.2404":           oldFile(oldKey("DEFAULT", "Not_Reviewed", "", "Not_Applicable", comment)),
		"from 1.2507":         newer("V-251008", "DEFAULT", newAnswer(nobody, "", "NA", comment)),
		"by the rule's id":    newer("sv-251008R1_rule", "default", newAnswer(nobody, "\n  ", "not_applicable", comment)),
		"as STIG Manager":     newer("V-251008", "LAB, DEFAULT", newAnswer(`ExpectedStatus="notchecked"`, "", "notapplicable", comment)),
		"without empty parts": newer("V-251008", "DEFAULT", `<Answer ExpectedStatus="NR"><ValidTrueStatus>NA</ValidTrueStatus><ValidTrueComment>`+comment+`</ValidTrueComment></Answer>`),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := FromAnswerFile([]byte(text), importingHere())
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
}

func TestFromAnswerFileReadsAllStatuses(t *testing.T) {
	for words, want := range map[string]finding.Outcome{
		"NF NotAFinding not_a_finding pass":   finding.Pass,
		"O Open open fail":                    finding.Fail,
		"NA Not_Applicable notapplicable":     finding.NotApplicable,
		"NR Not_Reviewed not_reviewed _ nr _": "",
	} {
		for word := range strings.FieldsSeq(words) {
			text := newer("V-251008", "DEFAULT", newAnswer(nobody, "", strings.Trim(word, "_"), "So it is."))
			got, err := FromAnswerFile([]byte(text), importingHere())
			var is finding.Outcome
			if len(got.Attestations) == 1 {
				is = got.Attestations[0].Status
			}
			if err != nil || is != want || got.Refused != nil {
				t.Errorf("%s: %v %v", word, got, err)
			}
		}
	}
}

func TestFromAnswerFileTakesTheAnswerOfHighestRank(t *testing.T) {
	a := func(attributes, comment string) string { return newAnswer(attributes, "", "NF", comment) }
	two := func(keyed string) string {
		return strings.Replace(newer("V-251008", "DEFAULT", a(nobody, "for all")), "  </Vuln>", keyed+"  </Vuln>", 1)
	}
	lab := `<AnswerKey Name="lab, x y">` + a(nobody, "for the lab") + `</AnswerKey>`
	old := []string{
		oldKey("DEFAULT", "Not_Reviewed", "", "NotAFinding", "for all"),
		oldKey("lab x", "Not_Reviewed", "", "NotAFinding", "for the lab"),
		oldKey("other,SENTRY1", "Not_Reviewed", "", "NotAFinding", "for the host"),
	}
	tests := map[string]struct{ text, key, want string }{
		"newer, no key":             {two(lab), "", "for all"},
		"newer, a key":              {two(lab), "LAB", "for the lab"},
		"newer, a key with a space": {two(lab), "x y", "for the lab"},
		"newer, another key":        {two(lab), "x", "for all"},
		"newer, the host":           {newer("V-251008", "DEFAULT", a(nobody, "for all"), a(onHost, "for the host")), "", "for the host"},
		"newer, key before host":    {strings.Replace(two(lab), nobody, onHost, 1), "lab", "for the lab"},
		"newer, expected as it is":  {newer("V-251008", "DEFAULT", a(strings.Replace(nobody, "NR", "O", 1), "open"), a(nobody, "for all")), "", "for all"},
		"newer, other instance":     {newer("V-251008", "DEFAULT", a(strings.Replace(nobody, `Instance=""`, `Instance="i"`, 1), "i"), a(nobody, "for all")), "", "for all"},
		"older, no key":             {oldFile(old[:2]...), "", "for all"},
		"older, a key":              {oldFile(old[:2]...), "x", "for the lab"},
		"older, the host":           {oldFile(old...), "lab", "for the host"},
		"older, only the host":      {oldFile(old[2]), "", "for the host"},
		"a better one says nothing": {newer("V-251008", "DEFAULT", a(nobody, "for all"), newAnswer(onHost, "", "", "later")), "", ""},
		"a better one is refused":   {oldFile(old[0], oldKey("lab", "Open", "", "NotAFinding", "a waiver")), "lab", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := importingHere()
			in.AnswerKey = tt.key
			got, err := FromAnswerFile([]byte(tt.text), in)
			var want []string
			if tt.want != "" {
				want = []string{"V-251008 pass " + tt.want}
			}
			if diff := cmp.Diff(want, statements(got)); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
}

func TestFromAnswerFileRefusesWithASentence(t *testing.T) {
	plain := newAnswer(nobody, "", "NF", "a")
	tests := map[string]struct{ text, want string }{
		"code":               {newer("V-251008", "DEFAULT", newAnswer(nobody, "return $true", "NF", "a")), "V-251008: line 7: its answer depends on PowerShell code, which is never run here: see for yourself, and answer with stigwatch attest"},
		"code, older":        {oldFile(oldKey("DEFAULT", "Not_Reviewed", "<![CDATA[1]]>", "NotAFinding", "a")), "V-251008: line 5: its answer depends on PowerShell code, which is never run here: see for yourself, and answer with stigwatch attest"},
		"code in an element": {newer("V-251008", "DEFAULT", newAnswer(nobody, "<a>1</a>", "NF", "a")), "V-251008: line 7: its answer depends on PowerShell code, which is never run here: see for yourself, and answer with stigwatch attest"},
		"second code":        {newer("V-251008", "DEFAULT", strings.Replace(plain, "<ValidTrueStatus>", "<ValidationCode>1</ValidationCode><ValidTrueStatus>", 1)), "V-251008: line 7: its answer depends on PowerShell code, which is never run here: see for yourself, and answer with stigwatch attest"},
		"code beside":        {newer("V-251008", "DEFAULT", plain, newAnswer(nobody, "1", "O", "b")), "V-251008: line 14: its answer depends on PowerShell code, which is never run here: see for yourself, and answer with stigwatch attest"},
		"code for the host":  {newer("V-251008", "DEFAULT", plain, newAnswer(onHost, "1", "O", "b")), "V-251008: line 14: its answer depends on PowerShell code, which is never run here: see for yourself, and answer with stigwatch attest"},
		"code by other id":   {strings.Replace(newer("V-251008", "DEFAULT", plain), "</STIG", `<Vuln ID="SV-251008r1_rule"><AnswerKey Name="DEFAULT">`+newAnswer(nobody, "1", "NF", "a")+"</AnswerKey></Vuln></STIG", 1), "V-251008: line 16: its answer depends on PowerShell code, which is never run here: see for yourself, and answer with stigwatch attest"},
		"hash":               {newer("V-251008", "DEFAULT", plain, newAnswer(onHash, "", "NF", "b")), "V-251008: line 14: its answer depends on what Evaluate-STIG printed (ResultHash): see for yourself, and answer with stigwatch attest"},
		"other key":          {newer("V-251008", "LAB", plain), `V-251008: line 7: its answer key "LAB" is not DEFAULT: name the key that holds with --answer-key`},
		"other host":         {newer("V-251008", "DEFAULT", strings.Replace(newAnswer(onHost, "", "NF", "a"), "SENTRY1", "sentry10", 1)), `V-251008: line 7: it is an answer for the host "other, sentry10", and not for sentry1.lab.example`},
		"instance":           {newer("V-251008", "DEFAULT", strings.Replace(plain, `Instance=""`, `Instance="i"`, 1)), `V-251008: line 7: it is an answer for the instance "i", and this appliance has none`},
		"database":           {newer("V-251008", "DEFAULT", strings.Replace(plain, `Database=""`, `Database="d"`, 1)), `V-251008: line 7: it is an answer for the database "d", and this appliance has none`},
		"site":               {newer("V-251008", "DEFAULT", strings.Replace(plain, `Site=""`, `Site="s"`, 1)), `V-251008: line 7: it is an answer for the site "s", and this appliance has none`},
		"a finding":          {newer("V-251008", "DEFAULT", strings.Replace(plain, "NR", "Open", 1)), `V-251008: line 7: its answer stands for the result "Open", and only a rule that was not reviewed is a person's to answer`},
		"a finding, older":   {oldFile(oldKey("DEFAULT", "Open", "", "NotAFinding", "a")), `V-251008: line 5: its answer stands for the result "Open", and only a rule that was not reviewed is a person's to answer`},
		"no expectation":     {newer("V-251008", "DEFAULT", strings.Replace(plain, `ExpectedStatus="NR"`, "", 1)), `V-251008: line 7: its answer stands for the result "", and only a rule that was not reviewed is a person's to answer`},
		"two expectations":   {oldFile(oldKey("DEFAULT", "Not_Reviewed</ExpectedStatus><ExpectedStatus>Open", "", "NotAFinding", "a")), `V-251008: line 5: its answer stands for the result "Not_Reviewed Open", and only a rule that was not reviewed is a person's to answer`},
		"status":             {newer("V-251008", "DEFAULT", newAnswer(nobody, "", "Closed", "a")), `V-251008: line 7: "Closed" is not a status of an answer file`},
		"no statement":       {newer("V-251008", "DEFAULT", newAnswer(nobody, "", "NF", " ")), "V-251008: there is no statement: say in the file what is so, and how it is known"},
		"no key":             {oldFile(), "V-251008: it has no answer key"},
		"two minds":          {newer("V-251008", "DEFAULT", plain, newAnswer(nobody, "", "O", "b")), "V-251008: it is answered more than once, and differently: keep one answer in the file"},
		"a mind and none":    {newer("V-251008", "DEFAULT", plain, newAnswer(nobody, "", "NR", "b")), "V-251008: it is answered more than once, and differently: keep one answer in the file"},
		"rule that is read":  {newer("V-250987", "DEFAULT", plain), "V-250987: it is no rule of this appliance that only a person can answer: one that can be read here is answered fact by fact, in attestations.yaml"},
		"no rule":            {newer("V-00000", "DEFAULT", plain), `"V-00000": this does not name one rule: write it like V-251004`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := FromAnswerFile([]byte(tt.text), importingHere())
			if diff := cmp.Diff([]string{tt.want}, got.Refused); err != nil || diff != "" || len(got.Attestations) != 0 {
				t.Error(err, diff, statements(got))
			}
		})
	}
}

func TestFromAnswerFileTakesNoHostsAnswerWithoutAName(t *testing.T) {
	text := newer("V-251008", "DEFAULT", newAnswer(onHost, "", "NF", "a"))
	got, err := FromAnswerFile([]byte(text), importing())
	want := Imported{Refused: []string{`V-251008: line 7: it is an answer for the host "other, SENTRY1", and not for this one, whose name is not known`}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestFromAnswerFileNamesTheKeyThatWasAskedFor(t *testing.T) {
	in := importingHere()
	in.AnswerKey = "lab"
	got, err := FromAnswerFile([]byte(newer("V-251008", "FIELD", newAnswer(nobody, "", "NF", "a"))), in)
	want := Imported{Refused: []string{`V-251008: line 7: its answer key "FIELD" is neither DEFAULT nor "lab"`}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestFromAnswerFileRefusesFiles(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":                {"", "cannot read it as an answer file of Evaluate-STIG: EOF"},
		"a CKL":                  {cklOf(), "expected element type <STIGComments>"},
		"JSON":                   {safJSON, "cannot read it as an answer file"},
		"XML syntax":             {"<STIGComments>\n<Vuln></STIGComments>", "f:2: cannot read it as an answer file"},
		"cut off":                {newer("V-251008", "DEFAULT")[:120], "cannot read it as an answer file"},
		"two documents":          {"<STIGComments/><STIGComments/>", "more than one document"},
		"entities":               {`<!DOCTYPE a [<!ENTITY x "y">]><STIGComments>&x;</STIGComments>`, "declares a document type"},
		"twice an attribute":     {newer("V-251008", "DEFAULT", newAnswer(nobody+` Hostname="other"`, "", "NF", "a")), `the attribute "Hostname" stands twice in one element`},
		"an attribute by prefix": {newer("V-251008", "DEFAULT", newAnswer(nobody+` a:Hostname="other"`, "", "NF", "a")), `the attribute "Hostname" stands twice in one element`},
		"deep":                   {strings.Repeat("<Answer>", 40) + strings.Repeat("</Answer>", 40), "nested more than 32 deep"},
		"many":                   {"<STIGComments>" + strings.Repeat("<Vuln/>", maxValues) + "</STIGComments>", "more than 500000 values"},
		"large":                  {"<" + strings.Repeat(" ", MaxImport), "larger than 16777216 bytes"},
		"other encoding":         {`<?xml version="1.0" encoding="UTF-16"?><STIGComments/>`, "UTF-16"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := FromAnswerFile([]byte(tt.text), importingHere())
			refusesFile(t, got, err, tt.want)
		})
	}
}

func FuzzFromAnswerFile(f *testing.F) {
	f.Add([]byte(newer("SV-251008r1_rule", "DEFAULT", newAnswer(onHost, "", "NF", "Seen &lt;&#13;\n"), newAnswer(onHash, "1", "", ""))), "")
	f.Add([]byte(oldFile(oldKey("a, b", "Not_Reviewed", "", "Open", "a"), oldKey("DEFAULT", "Open", "1", "", "b"))), "a")
	f.Add([]byte("<STIGComments><Vuln/><Vuln ID='V-251004'><AnswerKey/><AnswerKey><Answer><Answer/></Answer></AnswerKey></Vuln></STIGComments>"), "DEFAULT")
	f.Fuzz(func(t *testing.T, b []byte, key string) {
		in := importingHere()
		in.AnswerKey = key
		got, err := FromAnswerFile(b, in)
		if err != nil {
			refusesFile(t, got, err, "")
			return
		}
		added(t, got)
	})
}
