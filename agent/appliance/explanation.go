package appliance

import (
	"slices"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
	"stigwatch/agent/plan"
)

// policy names the policies that results are judged by.
func (p *Parts) policy() api.Policy {
	return api.Policy{Digest: p.Engine.Digest, Source: p.Engine.Source}
}

// Explanation tells all about one rule: its result, every fact that it looks at, and
// what is missing for a pass.
func (p *Parts) Explanation(r finding.Result, snap finding.Snapshot, at time.Time) *api.Explanation {
	rule := p.Engine.Rules[r.Rule]
	var facts []api.Fact
	for _, name := range rule.Requires {
		facts = append(facts, p.explainFact(name, finding.Required, snap))
	}
	for _, q := range rule.OffBox {
		f := api.FromFact(finding.Fact{Name: q.Fact, State: finding.Unmapped}, finding.Required, "")
		f.About, f.OffBox = q.Ask, true
		facts = append(facts, f)
	}
	for _, name := range rule.Corroborates {
		facts = append(facts, p.explainFact(name, finding.Corroborating, snap))
	}
	var site []api.SiteValue
	data := p.Site.Data()
	for _, key := range slices.Concat(rule.Site, rule.SiteOptional) {
		v, set := data[key]
		site = append(site, api.SiteValue{Key: key, Set: set, Value: v, Optional: !slices.Contains(rule.Site, key)})
	}
	x := api.Explain(p.Name, at, p.policy(), rule, r, facts, site)
	releaseFirst(x, snap["release.version"])
	if rule.RemedySite != nil && plan.Writable(&r) {
		x.Plan = "stigwatch plan " + rule.ID
	}
	return x
}

// releaseFirst puts the release before what hangs on it: a confirmation holds for
// one release, and none can be given while that is not known.
func releaseFirst(x *api.Explanation, release *finding.Fact) {
	if release == nil || release.State == finding.Known || len(release.Evidence) == 0 {
		return
	}
	for i := range x.ToPass {
		n := &x.ToPass[i]
		if slices.ContainsFunc(x.Facts, func(f api.Fact) bool { return f.Fact == n.Fact && f.State == string(finding.Unconfirmed) }) {
			n.Next = "let stigwatch read which release this is: " + release.Evidence[0].File
		}
	}
}

func (p *Parts) explainFact(name string, role finding.Role, snap finding.Snapshot) api.Fact {
	f := snap[name]
	if f == nil {
		f = &finding.Fact{Name: name, State: finding.Unmapped}
	}
	out := api.FromFact(*f, role, string(p.Mapping[name].Status))
	out.About = p.Engine.Schema[name].Description
	return out
}
