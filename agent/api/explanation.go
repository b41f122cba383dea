package api

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/finding"
)

// Explanation tells all about one rule: its result, the facts behind it with
// their values even where they do not count, and what would make it pass.
type Explanation struct {
	Schema string   `json:"schema"`
	Host   string   `json:"host"`
	Time   Time     `json:"time"`
	Policy Policy   `json:"policy"`
	Result Result   `json:"result"`
	SRG    string   `json:"srg"`
	CCIs   []string `json:"ccis"`
	GUI    string   `json:"gui"`
	CLI    string   `json:"cli"`
	Remark string   `json:"remark"` // what the STIG's text leaves open
	// NotApplicableWhen is what a person may attest to make it not applicable; "" for nothing.
	NotApplicableWhen string `json:"not_applicable_when"`

	// Plan is the command that shows the edits that would put it right; "" where some
	// of what is wrong is for people.
	Plan string `json:"plan"`

	ToPass []Need      `json:"to_pass"` // empty for a pass
	Facts  []Fact      `json:"facts"`   // required ones first
	Site   []SiteValue `json:"site"`
	Diff   []FileDiff  `json:"diff"`  // of the last change of its result that this agent saw
	Trace  []string    `json:"trace"` // each step of the evaluation, when it was asked for
}

// Need is one thing that has to change before the rule passes.
type Need struct {
	Fact     string `json:"fact"` // or "site.<key>"
	Expected string `json:"expected"`
	Reason   string `json:"reason"`
	Next     string `json:"next"` // what to do about it, if it is not the rule's own fix: a command, mostly
}

// Fact is one fact as it is now.
type Fact struct {
	Fact      string  `json:"fact"`
	About     string  `json:"about"`   // what it is, in words; for what is off the box, what has to be true
	OffBox    bool    `json:"off_box"` // nobody can read it on the box: people attest it
	Role      string  `json:"role"`
	State     string  `json:"state"`
	Value     any     `json:"value"`   // shown for an unconfirmed fact too
	Mapping   string  `json:"mapping"` // status of its mapping entry: documented, assumed, confirmed; "" without one
	Assurance string  `json:"assurance"`
	Reason    string  `json:"reason"`
	Places    []Place `json:"places"` // where it was read or looked for, the winning one first
}

// Place is where a fact was read.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Digest string `json:"digest"`
	Raw    string `json:"raw"` // secrets masked
}

// SiteValue is one value of the site profile that a rule reads.
type SiteValue struct {
	Key      string `json:"key"`
	Set      bool   `json:"set"`
	Value    any    `json:"value"`
	Optional bool   `json:"optional"` // the rule can do without it
}

// confirmed is the status of a mapping entry that somebody compared.
const confirmed = "confirmed"

// FromFact makes one fact of an explanation. The mapping's status is given
// apart, since a fact does not know it.
func FromFact(f finding.Fact, role finding.Role, mapping string) Fact {
	out := Fact{
		Fact:      f.Name,
		Role:      string(role),
		State:     string(f.State),
		Value:     f.ForPeople(),
		Mapping:   mapping,
		Assurance: string(f.Assurance),
		Reason:    f.Reason,
		Places:    make([]Place, 0, len(f.Evidence)),
	}
	for _, e := range f.Evidence {
		out.Places = append(out.Places, Place{File: e.File, Line: e.Line, Digest: e.Digest, Raw: e.Raw})
	}
	return out
}

// Explain puts an explanation together. What would make the rule pass is
// derived from its result: each violation, each required fact that is not
// known, each site value that is not set.
func Explain(host string, at time.Time, policy Policy, rule *finding.Rule, result finding.Result, facts []Fact, site []SiteValue) *Explanation {
	return &Explanation{
		Schema: Schema,
		Host:   host,
		Time:   At(at),
		Policy: policy,
		Result: FromResult(rule, result),
		SRG:    rule.SRG,
		CCIs:   append([]string{}, rule.CCIs...),
		GUI:    rule.GUI,
		CLI:    rule.CLI,
		Remark: rule.Remark, NotApplicableWhen: rule.NotApplicableWhen,
		ToPass: needs(rule, result, facts, site),
		Facts:  append([]Fact{}, facts...),
		Site:   append([]SiteValue{}, site...),
		Diff:   []FileDiff{},
		Trace:  []string{},
	}
}

func needs(rule *finding.Rule, result finding.Result, facts []Fact, site []SiteValue) []Need {
	out := []Need{}
	if result.Outcome == finding.Pass || result.Outcome == finding.NotApplicable {
		return out
	}
	known := map[string]bool{}
	for _, i := range result.Evidence {
		known[i.Fact] = known[i.Fact] || i.State == finding.Known
	}
	for _, i := range result.Evidence {
		switch {
		case i.Expected != "":
			out = append(out, Need{Fact: i.Fact, Expected: i.Expected, Reason: i.Reason})
		case i.Role != finding.Required || i.State == finding.Known || i.Reason == "" || i.Answer != nil && i.Answer.Status != finding.Fail:
		case i.State == finding.Absent && slices.Contains(rule.AbsentOK, i.Fact):
		case i.State == finding.Missing && known[rule.MissingOK[i.Fact]]:
		default:
			f := Fact{}
			if at := slices.IndexFunc(facts, func(f Fact) bool { return f.Fact == i.Fact }); at >= 0 {
				f = facts[at]
			}
			out = append(out, unknown(rule, i, f))
		}
	}
	for _, v := range site {
		if !v.Set && !v.Optional {
			out = append(out, Need{Fact: "site." + v.Key, Reason: "the site profile does not set it",
				Next: fmt.Sprintf("set %s in the site profile; \"stigwatch site init\" shows what the appliance has now", v.Key)})
		}
	}
	return out
}

// unknown is the need of a fact that cannot be judged, with the step that makes
// it known. A guess can be confirmed when it finds a value to compare; a place that
// was confirmed before is right, and what should be there is not.
func unknown(rule *finding.Rule, i finding.Item, f Fact) Need {
	n := Need{Fact: i.Fact, Reason: i.Reason}
	switch {
	case i.State == finding.Unconfirmed && f.Value != nil:
		n.Next = "stigwatch map confirm " + i.Fact + " --by NAME"
	case i.State == finding.Unmapped || i.State == finding.Unconfirmed && f.Mapping != confirmed:
		n.Next = "stigwatch map learn " + i.Fact
	case i.State == finding.Missing || i.State == finding.Unconfirmed:
		if alt := rule.MissingOK[i.Fact]; alt != "" {
			n.Reason += "; " + alt + " would do instead"
		}
		n.Next = strings.TrimSuffix("look why it is not there: "+i.File, ": ")
		if captured, ok := strings.CutPrefix(i.File, "evidence:"); ok {
			n.Next = "capture what the command answers in the evidence folder, as " + captured
		}
	case i.State == finding.Unreadable:
		n.Next = strings.TrimSuffix("let stigwatch read it: "+i.File, ": ")
	}
	for _, q := range rule.OffBox {
		if q.Fact == i.Fact {
			n.Expected, n.Reason, n.Next = q.Ask, "nobody has attested it", attestation(rule, q.Fact)
		}
	}
	if i.Answer != nil {
		n.Reason, n.Next = "attested by "+i.Answer.By+" not to be so", attestation(rule, i.Fact)
	}
	return n
}

// attestation is the command that answers a question. Without --fact it answers
// all that nobody can read, so only a rule of nothing but questions leaves it out.
func attestation(rule *finding.Rule, fact string) string {
	words := []string{"stigwatch attest", rule.ID}
	if len(rule.Requires) > 0 {
		words = append(words, "--fact", fact)
	}
	return strings.Join(append(words, "--statement TEXT --by NAME --role ROLE"), " ")
}
