package appliance

import (
	"slices"
	"strings"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
	"stigwatch/agent/plan"
)

// Planner makes a Planner of these parts, which are its own while it plans. The
// enforcer's asks nothing of files beforehand: it refuses them by name when it opens them.
func (p *Parts) Planner(fits func(path string) error) *plan.Planner {
	return plan.New(plan.Options{
		Host: p.Host, Evidence: p.evidence, Reader: p.Reader, Engine: p.Engine, Evaluate: p.Evaluate,
		Allowed: func(fact string) bool {
			return len(p.Config.Enforce.Allow) == 0 || slices.Contains(p.Config.Enforce.Allow, fact)
		},
		Fits: fits,
	})
}

// ShownPlan is a plan as people and other programs get it.
func (p *Parts) ShownPlan(made *plan.Plan, rules []string, now time.Time) *api.Plan {
	out := &api.Plan{
		Schema: api.Schema, Host: p.Name, Time: api.At(now), Policy: p.policy(),
		Rules: append([]string{}, rules...), Class: string(made.Class()), Files: []api.PlanFile{}, Changes: []api.PlanChange{},
		Closes: []api.PlanRule{}, Cannot: []api.PlanRefusal{}, NotChecked: []string{},
	}
	for i := range made.Files {
		out.Files = append(out.Files, shownFile(&made.Files[i]))
	}
	for i := range made.Changes {
		c := &made.Changes[i]
		out.Changes = append(out.Changes, api.PlanChange{
			Rule: c.Rule, Fact: c.Fact, Files: c.Files, Line: c.Line, From: c.From, To: c.To, Why: c.Why, Class: string(c.Class),
		})
	}
	for _, id := range made.Closes {
		out.Closes = append(out.Closes, api.FromRule(p.Engine.Rules[id]))
	}
	for _, id := range p.Engine.Order {
		if len(rules) > 0 && !slices.Contains(rules, id) {
			continue
		}
		if o := made.Before[id].Outcome; o == finding.NotChecked || o == finding.Error {
			out.NotChecked = append(out.NotChecked, id)
		}
	}
	for _, r := range made.Cannot {
		rule := p.Engine.Rules[r.Rule]
		cannot := api.PlanRefusal{PlanRule: api.FromRule(rule), Reason: r.Reason, GUI: rule.GUI, CLI: []string{}}
		if rule.CLI != "" {
			cannot.CLI = strings.Split(rule.CLI, "; ")
		}
		out.Cannot = append(out.Cannot, cannot)
	}
	return out
}

func shownFile(f *plan.File) api.PlanFile {
	unit, how := plan.UnitOf(f.Path)
	return api.PlanFile{Path: f.Path, Was: f.Was, Now: f.Now, Class: string(f.Permit), Service: unit, How: how, Diff: f.Diff()}
}
