package policy

import (
	"slices"
	"strings"

	"stigwatch/agent/finding"
)

// Attest sets what people attested. It counts from the next Evaluate on.
func (e *Engine) Attest(answers []finding.Answer) {
	e.answers = map[string]map[string]*finding.Answer{}
	for i := range answers {
		a := &answers[i]
		if e.answers[a.Rule] == nil {
			e.answers[a.Rule] = map[string]*finding.Answer{}
		}
		e.answers[a.Rule][a.Fact] = a
	}
}

// required are the facts and questions that a pass needs.
func (j *judgement) required() []string {
	if len(j.rule.OffBox) == 0 {
		return j.rule.Requires
	}
	names := slices.Clone(j.rule.Requires)
	for _, q := range j.rule.OffBox {
		names = append(names, q.Fact)
	}
	return names
}

// answerable tells whether a person may answer for a fact: never for one that
// can be read, or could be and is broken.
func answerable(f *finding.Fact) bool {
	return f.State == finding.Unmapped || f.State == finding.Unconfirmed
}

// answer gives the attestation in force that answers for a fact; nil if none. "Not
// applicable" is an answer only where the STIG's text has room for it.
func (j *judgement) answer(name string) *finding.Answer {
	a := j.answers[name]
	if !a.InForce() || !answerable(j.fact(name)) || a.Status == finding.NotApplicable && j.rule.NotApplicableWhen == "" {
		return nil
	}
	return a
}

// attestedFault is the first needed fact of which a person says that it is wrong.
func (j *judgement) attestedFault() *finding.Answer {
	for _, name := range j.required() {
		if a := j.answer(name); a != nil && a.Status == finding.Fail {
			return a
		}
	}
	return nil
}

// attestedNotApplicable tells whether people say of all that the rule needs that
// it does not apply.
func (j *judgement) attestedNotApplicable() bool {
	for _, name := range j.required() {
		if a := j.answer(name); a == nil || a.Status != finding.NotApplicable {
			return false
		}
	}
	return len(j.required()) > 0
}

// statements joins what was attested, each once.
func (j *judgement) statements() string {
	var out []string
	for _, name := range j.required() {
		if a := j.answer(name); a != nil && !slices.Contains(out, a.Statement) {
			out = append(out, a.Statement)
		}
	}
	return strings.Join(out, "; ")
}
