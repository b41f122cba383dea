package agent

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/enforce"
	"stigwatch/agent/finding"
	"stigwatch/agent/plan"
	"stigwatch/agent/replace"
)

// Plan works out, without a daemon, which edits would make failing rules pass: all
// that fail when no rule is named. Nothing is written.
func Plan(ctx context.Context, o Options, rules []string) (*api.Plan, error) {
	defer collectSeldom()()
	p, err := build(o.withDefaults())
	if err != nil {
		return nil, err
	}
	defer p.close()
	ids, err := p.ruleIDs(rules)
	if err != nil {
		return nil, err
	}
	p.lookAround(ctx)
	now := time.Now()
	made, err := p.planner(p.fits).Make(ctx, ids, now)
	if err != nil {
		return nil, err
	}
	return p.shownPlan(made, ids, now), nil
}

// planner makes a Planner of these parts, which are its own while it plans. The
// enforcer's asks nothing of files beforehand: it refuses them by name when it opens them.
func (p *parts) planner(fits func(path string) error) *plan.Planner {
	return plan.New(plan.Options{
		Host: p.host, Evidence: p.evidence, Reader: p.reader, Engine: p.engine, Evaluate: p.evaluate,
		Allowed: func(fact string) bool {
			return len(p.cfg.Enforce.Allow) == 0 || slices.Contains(p.cfg.Enforce.Allow, fact)
		},
		Fits: fits,
	})
}

// fits asks what the enforcer will ask of a file before it replaces it. What only
// cannot be told here is let pass: the enforcer looks again.
func (p *parts) fits(path string) error {
	o := replace.Options{Root: p.cfg.Root}
	if p.cfg.Root != "/" {
		o.Owner = uint32(os.Geteuid())
	}
	t, err := replace.New(o)
	if err != nil {
		return nil
	}
	defer t.Close()
	f, err := t.Open(path)
	if err == nil {
		f.Close()
	}
	if replace.Refused(err) {
		return err
	}
	return nil
}

// shownPlan is a plan as people and other programs get it.
func (p *parts) shownPlan(made *plan.Plan, rules []string, now time.Time) *api.Plan {
	out := &api.Plan{
		Schema: api.Schema, Host: p.name, Time: api.At(now), Policy: api.Policy{Digest: p.engine.Digest, Source: p.engine.Source},
		Rules: append([]string{}, rules...), Class: string(made.Class()), Files: []api.PlanFile{}, Changes: []api.PlanChange{},
		Closes: []api.PlanRule{}, Cannot: []api.PlanRefusal{}, NotChecked: []string{},
	}
	for i := range made.Files {
		f := shownFile(&made.Files[i])
		if p.cfg.Root == "/" { // elsewhere the machine's programs are not the appliance's
			f.Check = enforce.CheckedBy(f.Path)
		}
		out.Files = append(out.Files, f)
	}
	for i := range made.Changes {
		c := &made.Changes[i]
		out.Changes = append(out.Changes, api.PlanChange{
			Rule: c.Rule, Fact: c.Fact, Files: c.Files, Line: c.Line, From: c.From, To: c.To, Why: c.Why, Class: string(c.Class),
		})
	}
	for _, id := range made.Closes {
		out.Closes = append(out.Closes, planRule(p.engine.Rules[id]))
	}
	for _, id := range p.engine.Order {
		if len(rules) > 0 && !slices.Contains(rules, id) {
			continue
		}
		if o := made.Before[id].Outcome; o == finding.NotChecked || o == finding.Error {
			out.NotChecked = append(out.NotChecked, id)
		}
	}
	for _, r := range made.Cannot {
		rule := p.engine.Rules[r.Rule]
		cannot := api.PlanRefusal{PlanRule: planRule(rule), Reason: r.Reason, GUI: rule.GUI, CLI: []string{}}
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

func planRule(r *finding.Rule) api.PlanRule {
	return api.PlanRule{Rule: r.ID, StigID: r.StigID, Severity: string(r.Severity), Title: r.Title}
}
