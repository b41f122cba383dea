package attest

import (
	"strings"

	"stigwatch/agent/finding"
)

// ckl is what we read of a checklist of STIG Viewer 2.
type ckl struct {
	XMLName struct{} `xml:"CHECKLIST"`
	Vulns   []vuln   `xml:"STIGS>iSTIG>VULN"`
}

// vuln is one rule in it. Lists show when an element stands twice.
type vuln struct {
	Data []struct {
		Name  string `xml:"VULN_ATTRIBUTE"`
		Value string `xml:"ATTRIBUTE_DATA"`
	} `xml:"STIG_DATA"`
	Status   []string `xml:"STATUS"`
	Details  []string `xml:"FINDING_DETAILS"`
	Comments []string `xml:"COMMENTS"`
}

// FromChecklist reads the answers in a checklist that a person filled in: CKL of
// STIG Viewer 2, or CKLB of STIG Viewer 3. What was not reviewed is no answer.
// The error, about the file as a whole, is a strict.Mistakes.
func FromChecklist(b []byte, in Import) (Imported, error) {
	if len(b) > MaxImport {
		return Imported{}, in.errorf(0, "the file is larger than %d bytes", MaxImport)
	}
	text := body(b)
	var answers []foreign
	var err error
	switch {
	case len(text) > 0 && text[0] == '<':
		answers, err = in.fromCKL(text)
	case len(text) > 0 && text[0] == '{':
		answers, err = in.fromCKLB(text)
	default:
		err = in.errorf(0, "this is not a checklist: name a .ckl or .cklb file that STIG Viewer wrote")
	}
	if err != nil {
		return Imported{}, err
	}
	return in.take(answers), nil
}

func (in Import) fromCKL(b []byte) ([]foreign, error) {
	var list ckl
	if err := decodeXML(b, &list); err != nil {
		return nil, in.errorf(lineOf(b, err), "cannot read it as a CKL: %s", err)
	}
	var out []foreign
	for i := range list.Vulns {
		v := &list.Vulns[i]
		a := in.answer(strings.Join(v.Status, " "), strings.Join(v.Details, "\n"), strings.Join(v.Comments, "\n"))
		if a == nil {
			continue
		}
		for _, d := range v.Data {
			if (d.Name == "Vuln_Num" || d.Name == "Rule_ID") && d.Value != "" {
				a.ids = append(a.ids, d.Value)
			}
		}
		out = append(out, *a)
	}
	return out, nil
}

func (in Import) fromCKLB(b []byte) ([]foreign, error) {
	v, err := decodeJSON(b)
	if err != nil {
		return nil, in.errorf(lineOf(b, err), "cannot read it as a CKLB: %s", err)
	}
	stigs, ok := at(v, "stigs").([]any)
	if !ok {
		return nil, in.errorf(0, `this is not a CKLB, it has no list "stigs": name a file that STIG Viewer 3 wrote`)
	}
	var out []foreign
	for _, stig := range stigs {
		rules, _ := at(stig, "rules").([]any)
		for _, rule := range rules {
			item := texts(rule)
			a := in.answer(item["status"], item["finding_details"], item["comments"])
			if a == nil {
				continue
			}
			for _, key := range []string{"group_id", "rule_id_src", "rule_id"} {
				if item[key] != "" {
					a.ids = append(a.ids, item[key])
				}
			}
			out = append(out, *a)
		}
	}
	return out, nil
}

// answer gives what a rule's entry says, nil when it was not reviewed.
func (in Import) answer(status, details, comments string) *foreign {
	a := &foreign{by: in.By.Name, when: in.Now, expires: in.Expires, statement: tidy(details)}
	if c := tidy(comments); c != a.statement {
		a.statement = strings.TrimSpace(a.statement + "\n" + c)
	}
	switch status = strings.TrimSpace(status); status {
	case "Not_Reviewed", "not_reviewed":
		return nil
	case "NotAFinding", "not_a_finding":
		a.status = finding.Pass
	case "Open", "open":
		a.status = finding.Fail
	case "Not_Applicable", "not_applicable":
		a.status = finding.NotApplicable
	default:
		a.fault = brief(status) + " is not a status of a checklist"
	}
	return a
}
