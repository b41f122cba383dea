package api

import (
	"time"

	"stigwatch/agent/finding"
)

// Explanation tells all about one rule: its result, the facts behind it with
// their values even where they do not count, and what would make it pass.
type Explanation struct {
	Schema string      `json:"schema"`
	Host   string      `json:"host"`
	Time   Time        `json:"time"`
	Policy Policy      `json:"policy"`
	Result Result      `json:"result"`
	SRG    string      `json:"srg"`
	CCIs   []string    `json:"ccis"`
	GUI    string      `json:"gui"`
	CLI    string      `json:"cli"`
	Remark string      `json:"remark"`  // what the STIG's text leaves open
	ToPass []Need      `json:"to_pass"` // empty for a pass
	Facts  []Fact      `json:"facts"`   // required ones first
	Site   []SiteValue `json:"site"`
	Trace  []string    `json:"trace"` // each step of the evaluation, when it was asked for
}

// Need is one thing that has to change before the rule passes.
type Need struct {
	Fact     string `json:"fact"` // or "site.<key>"
	Expected string `json:"expected"`
	Reason   string `json:"reason"`
}

// Fact is one fact as it is now.
type Fact struct {
	Fact      string  `json:"fact"`
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
	Key   string `json:"key"`
	Set   bool   `json:"set"`
	Value any    `json:"value"`
}

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
		Remark: rule.Remark,
		ToPass: needs(result, site),
		Facts:  append([]Fact{}, facts...),
		Site:   append([]SiteValue{}, site...),
		Trace:  []string{},
	}
}

func needs(result finding.Result, site []SiteValue) []Need {
	out := []Need{}
	if result.Outcome == finding.Pass || result.Outcome == finding.NotApplicable {
		return out
	}
	for _, i := range result.Evidence {
		switch {
		case i.Expected != "":
			out = append(out, Need{Fact: i.Fact, Expected: i.Expected, Reason: i.Reason})
		case i.Role == finding.Required && i.State != finding.Known && i.Reason != "":
			out = append(out, Need{Fact: i.Fact, Reason: i.Reason})
		}
	}
	for _, v := range site {
		if !v.Set {
			out = append(out, Need{Fact: "site." + v.Key, Reason: "the site profile does not set it"})
		}
	}
	return out
}
