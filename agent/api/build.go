package api

import (
	"cmp"
	"slices"
	"time"

	"stigwatch/agent/finding"
)

// FromResults makes the report of one pass. A result whose rule is not among
// rules keeps its id and loses what only the rule knows.
func FromResults(host string, at time.Time, policy Policy, rules map[string]*finding.Rule, results []finding.Result) *Report {
	r := &Report{
		Schema:  Schema,
		Host:    host,
		Time:    At(at),
		Policy:  policy,
		Summary: FromSummary(finding.Summarize(rules, results)),
		Results: make([]Result, 0, len(results)),
	}
	for i := range results {
		r.Results = append(r.Results, FromResult(rules[results[i].Rule], results[i]))
	}
	slices.SortFunc(r.Results, func(a, b Result) int { return cmp.Compare(a.Rule, b.Rule) })
	return r
}

// FromResult makes one result; rule may be nil.
func FromResult(rule *finding.Rule, result finding.Result) Result {
	if rule == nil {
		rule = &finding.Rule{}
	}
	r := Result{
		Rule:      result.Rule,
		StigID:    rule.StigID,
		Benchmark: rule.Benchmark,
		Severity:  string(rule.Severity),
		Title:     rule.Title,
		Result:    string(result.Outcome),
		Assurance: string(result.Assurance),
		Reason:    result.Reason,
		Evidence:  make([]Evidence, 0, len(result.Evidence)),
		Remark:    result.Remark,
		Since:     At(result.Since),
		Evaluated: At(result.Evaluated),
	}
	if w := result.Waiver; w != nil {
		r.Waived, r.Waiver = true, &Waiver{Reason: w.Reason, Approver: w.Approver, Ticket: w.Ticket, Expires: At(w.Expires)}
	}
	for i := range result.Evidence {
		r.Evidence = append(r.Evidence, fromItem(&result.Evidence[i]))
	}
	return r
}

func fromItem(i *finding.Item) Evidence {
	e := Evidence{
		Fact:     i.Fact,
		Role:     string(i.Role),
		State:    string(i.State),
		File:     i.File,
		Line:     i.Line,
		Digest:   i.Digest,
		Actual:   i.Actual,
		Expected: i.Expected,
		Reason:   i.Reason,
	}
	if a := i.Answer; a != nil {
		e.Attestation = &Attestation{
			Status: string(a.Status), Statement: a.Statement, By: a.By, Role: a.Role, When: At(a.When), Expires: At(a.Expires),
		}
	}
	return e
}

// FromSummary is the summary in JSON.
func FromSummary(s finding.Summary) Summary {
	return Summary{
		Pass:          s.Pass,
		Fail:          s.Fail,
		NotChecked:    s.NotChecked,
		NotApplicable: s.NotApplicable,
		Error:         s.Error,
		Open: Open{
			High:   s.Open[finding.High],
			Medium: s.Open[finding.Medium],
			Low:    s.Open[finding.Low],
		},
	}
}

// Summarize counts results that are built already.
func Summarize(results []Result) Summary {
	rules, counted := map[string]*finding.Rule{}, make([]finding.Result, 0, len(results))
	for i := range results {
		rules[results[i].Rule] = &finding.Rule{Severity: finding.Severity(results[i].Severity)}
		counted = append(counted, finding.Result{Rule: results[i].Rule, Outcome: finding.Outcome(results[i].Result)})
	}
	return FromSummary(finding.Summarize(rules, counted))
}

// FromRule names a rule as plans do.
func FromRule(r *finding.Rule) PlanRule {
	return PlanRule{Rule: r.ID, StigID: r.StigID, Severity: string(r.Severity), Title: r.Title}
}
