package attest

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"stigwatch/agent/finding"
)

// defaultKey names the answers for every asset.
const defaultKey = "DEFAULT"

// answerFile is what we read of an answer file of NAVSEA's Evaluate-STIG. The
// form is that of xml/Schema_AnswerFile.xsd and AnswerFiles/Template_AnswerFile.xml
// in the tool's folder, as two public repositories hold them: release 1.2404.0
// in eharrison13/ansible_lab at 36f40e18, 1.2507.6 in pjpearman/checkmate-lite at
// d1619e35, with the code that chooses an answer in Master_Functions.psm1.
type answerFile struct {
	XMLName struct{} `xml:"STIGComments"`
	Vulns   []struct {
		ID   string       `xml:"ID,attr"` // a vulnerability or, in the newer form, a rule id
		Keys []answerNode `xml:"AnswerKey"`
	} `xml:"Vuln"`
}

// answerNode is an AnswerKey, which in the older form is the answer itself, or
// one Answer of a key in the newer form. Lists show when an element stands twice.
type answerNode struct {
	line int

	Name     string       `xml:"Name,attr"`      // of a key
	Expected []string     `xml:"ExpectedStatus"` // in the older form
	Answers  []answerNode `xml:"Answer"`         // in the newer form

	ExpectedAttr string `xml:"ExpectedStatus,attr"`
	Hostname     string `xml:"Hostname,attr"`
	Instance     string `xml:"Instance,attr"`
	Database     string `xml:"Database,attr"`
	Site         string `xml:"Site,attr"`
	ResultHash   string `xml:"ResultHash,attr"` // of what the tool printed for the rule

	Code []struct {
		Inner string `xml:",innerxml"`
	} `xml:"ValidationCode"`
	Status  []string `xml:"ValidTrueStatus"`
	Comment []string `xml:"ValidTrueComment"`
}

// UnmarshalXML also keeps the line where the element begins.
func (a *answerNode) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	type plain answerNode
	a.line, _ = d.InputPos()
	return d.DecodeElement((*plain)(a), &start)
}

// FromAnswerFile reads an answer file of Evaluate-STIG, of either form. For each
// rule it takes the answer that the tool would take on this host for a rule that
// it cannot review, and only one that holds without conditions: PowerShell code
// in the file is never run. The error, about the file as a whole, is a
// strict.Mistakes.
func FromAnswerFile(b []byte, in Import) (Imported, error) {
	if len(b) > MaxImport {
		return Imported{}, in.errorf(0, "the file is larger than %d bytes", MaxImport)
	}
	text := body(b)
	var f answerFile
	if err := decodeXML(text, &f); err != nil {
		return Imported{}, in.errorf(lineOf(text, err), "cannot read it as an answer file of Evaluate-STIG: %s", err)
	}
	var order []string
	keys := map[string][]answerNode{} // by rule, since the file may name it by both its ids
	for _, v := range f.Vulns {
		id := v.ID
		if rule, ok := ruleOf([]string{id}); ok {
			id = rule
		}
		if _, seen := keys[id]; !seen {
			order = append(order, id)
		}
		keys[id] = append(keys[id], v.Keys...)
	}
	var answers []foreign
	for _, id := range order {
		answers = append(answers, in.choose(id, keys[id])...)
	}
	return in.take(answers), nil
}

// choose gives the answers of a rule that rank highest, or why there is none.
// When one of them depends on something, the others hold only when it does not,
// and that one alone is given, to be refused.
func (in Import) choose(rule string, keys []answerNode) []foreign {
	var best []foreign
	top, why := -1, "it has no answer key"
	consider := func(key, a *answerNode) {
		rank, not := in.rank(key, a)
		switch {
		case not != "":
			if top < 0 {
				why = fmt.Sprintf("line %d: %s", a.line, not)
			}
			return
		case rank < top:
			return
		case rank > top:
			top, best = rank, nil
		}
		best = append(best, in.answerOf(rule, a))
	}
	for i := range keys {
		if len(keys[i].Answers) == 0 {
			consider(&keys[i], &keys[i])
		}
		for j := range keys[i].Answers {
			consider(&keys[i], &keys[i].Answers[j])
		}
	}
	if top < 0 {
		return []foreign{{ids: []string{rule}, fault: why}}
	}
	if i := slices.IndexFunc(best, func(f foreign) bool { return f.fault != "" }); i >= 0 {
		return best[i : i+1]
	}
	left := slices.DeleteFunc(slices.Clone(best), func(f foreign) bool { return f.status == finding.NotChecked })
	if len(left) > 0 && len(left) < len(best) {
		left[0].fault = whyTorn
		return left[:1]
	}
	return left
}

// rank weighs an answer as Evaluate-STIG does, or says why it is not for us. In
// the older form a key may be the names of hosts, and goes before all others;
// there the key is chosen before the expected status is looked at.
func (in Import) rank(key, a *answerNode) (rank int, not string) {
	old := key == a
	names := listed(key.Name, old)
	switch {
	case old && in.here(names):
		rank = 32
	case in.AnswerKey != "" && !strings.EqualFold(in.AnswerKey, defaultKey) && holds(names, in.AnswerKey):
		rank = 16
	case !holds(names, defaultKey):
		if in.AnswerKey != "" {
			return 0, "its answer key " + brief(key.Name) + " is neither DEFAULT nor " + brief(in.AnswerKey)
		}
		return 0, "its answer key " + brief(key.Name) + " is not DEFAULT: name the key that holds with --answer-key"
	}
	for _, bound := range []struct{ what, to string }{{"instance", a.Instance}, {"database", a.Database}, {"site", a.Site}} {
		if strings.TrimSpace(bound.to) != "" {
			return 0, "it is an answer for the " + bound.what + " " + brief(bound.to) + ", and this appliance has none"
		}
	}
	if hosts := listed(a.Hostname, false); len(hosts) > 0 {
		if !in.here(hosts) {
			return 0, "it is an answer for the host " + brief(a.Hostname) + ", and not for " + cmp.Or(in.Host, "this one, whose name is not known")
		}
		rank += 5
	}
	if !old && a.expected() != finding.NotChecked {
		return 0, a.overrides()
	}
	return rank, ""
}

// answerOf gives what an answer says when nothing is run.
func (in Import) answerOf(rule string, a *answerNode) foreign {
	f := foreign{
		ids: []string{rule}, by: in.By.Name, when: in.Now, expires: in.Expires,
		statement: strings.Join(a.Comment, "\n"),
	}
	word, ok := strings.Join(a.Status, " "), false
	f.status, ok = toolStatus(word)
	switch {
	case a.expected() != finding.NotChecked:
		f.fault = a.overrides()
	case a.hasCode():
		f.fault = "its answer depends on PowerShell code, which is never run here: see for yourself, and answer with stigwatch attest"
	case strings.TrimSpace(a.ResultHash) != "":
		f.fault = "its answer depends on what Evaluate-STIG printed (ResultHash): see for yourself, and answer with stigwatch attest"
	case !ok && strings.TrimSpace(word) != "":
		f.fault = brief(word) + " is not a status of an answer file"
	}
	if f.fault != "" {
		f.fault = fmt.Sprintf("line %d: %s", a.line, f.fault)
	} else if !ok {
		f.status = finding.NotChecked // without a status it stays as it was
	}
	return f
}

// expected is the result for which the answer stands; none when it is no word
// of the tool.
func (a *answerNode) expected() finding.Outcome {
	status, _ := toolStatus(a.expectedWord())
	return status
}

func (a *answerNode) expectedWord() string {
	return strings.Join(append(slices.Clone(a.Expected), a.ExpectedAttr), " ")
}

func (a *answerNode) overrides() string {
	return "its answer stands for the result " + brief(strings.TrimSpace(a.expectedWord())) + ", and only a rule that was not reviewed is a person's to answer"
}

func (a *answerNode) hasCode() bool {
	for _, code := range a.Code {
		if strings.TrimSpace(code.Inner) != "" {
			return true
		}
	}
	return false
}

// toolStatus reads the words of Evaluate-STIG, CKL, CKLB and XCCDF, all of which
// an answer file may use. As PowerShell does, it minds no case.
func toolStatus(word string) (finding.Outcome, bool) {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "nr", "not_reviewed", "notchecked":
		return finding.NotChecked, true
	case "nf", "notafinding", "not_a_finding", "pass":
		return finding.Pass, true
	case "o", "open", "fail":
		return finding.Fail, true
	case "na", "not_applicable", "notapplicable":
		return finding.NotApplicable, true
	}
	return "", false
}

// listed splits a list at commas, names of the older form at spaces too.
func listed(s string, spaces bool) []string {
	var out []string
	for _, item := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || spaces && r == ' ' }) {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

func holds(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// here tells whether one of the names is this host's, with or without its domain.
func (in Import) here(names []string) bool {
	short, _, _ := strings.Cut(in.Host, ".")
	return short != "" && (holds(names, in.Host) || holds(names, short))
}
