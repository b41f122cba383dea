package agent

import (
	"context"
	"fmt"
	"slices"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
	"stigwatch/agent/permit"
)

// Check makes one pass without a daemon and without a journal. It judges the
// named rules, all when there are none.
func Check(ctx context.Context, o Options, rules []string) (*api.Report, error) {
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
	snap := p.lookAround(ctx)
	now := time.Now()
	results := p.evaluate(ctx, snap, ids, now)
	finding.Carry(nil, results, now)
	return api.FromResults(p.name, now, api.Policy{Digest: p.engine.Digest, Source: p.engine.Source}, p.engine.Rules, results), nil
}

// ruleIDs finds the rules that a person means: see finding.Match.
func (p *parts) ruleIDs(asked []string) ([]string, error) {
	known := map[string]string{}
	for id, r := range p.engine.Rules {
		known[id] = r.StigID
	}
	var ids []string
	for _, word := range asked {
		id, nearest := finding.Match(known, word)
		if id == "" {
			return nil, &api.UnknownRule{ID: word, Nearest: nearest}
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// Explain tells all about one rule, from one pass without a daemon.
func Explain(ctx context.Context, o Options, rule string, trace bool) (*api.Explanation, error) {
	defer collectSeldom()()
	p, err := build(o.withDefaults())
	if err != nil {
		return nil, err
	}
	defer p.close()
	ids, err := p.ruleIDs([]string{rule})
	if err != nil {
		return nil, err
	}
	snap := p.lookAround(ctx)
	now := time.Now()
	results := p.evaluate(ctx, snap, ids, now)
	finding.Carry(nil, results, now)
	x := p.explanation(results[0], snap, now)
	if trace {
		x.Trace, err = p.engine.Trace(ctx, snap, ids[0])
	}
	return x, err
}

// explain answers at the socket, from what was published. A trace takes an engine
// of its own: the other one is the loop's.
func (a *Agent) explain(ctx context.Context, rule string, trace bool) (*api.Explanation, error) {
	pub := a.published.Load()
	if pub == nil {
		return nil, fmt.Errorf("cannot explain %q: the first pass is not done yet", rule)
	}
	ids, err := pub.parts.ruleIDs([]string{rule})
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(pub.results, func(r finding.Result) bool { return r.Rule == ids[0] })
	x := pub.parts.explanation(pub.results[i], pub.snap, pub.at)
	if d, ok := a.diffs.Load(ids[0]); ok {
		x.Diff = api.FromDiffs(d.([]finding.FileDiff))
	}
	if !trace {
		return x, nil
	}
	engine, err := pub.parts.newEngine()
	if err == nil {
		x.Trace, err = engine.Trace(ctx, pub.snap, ids[0])
	}
	return x, err
}

func (p *parts) explanation(r finding.Result, snap finding.Snapshot, at time.Time) *api.Explanation {
	rule := p.engine.Rules[r.Rule]
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
	data := p.site.Data()
	for _, key := range slices.Concat(rule.Site, rule.SiteOptional) {
		v, set := data[key]
		site = append(site, api.SiteValue{Key: key, Set: set, Value: v, Optional: !slices.Contains(rule.Site, key)})
	}
	policy := api.Policy{Digest: p.engine.Digest, Source: p.engine.Source}
	x := api.Explain(p.name, at, policy, rule, r, facts, site)
	releaseFirst(x, snap["release.version"])
	if rule.RemedySite != nil && writable(&r) {
		x.Plan = "stigwatch plan " + rule.ID
	}
	return x
}

// writable tells a failing result of which each violation is about what may be
// written; whether an edit closes it is for the plan to find out.
func writable(r *finding.Result) bool {
	ok := r.Outcome == finding.Fail
	for i := range r.Evidence {
		if it := &r.Evidence[i]; it.Expected != "" {
			p, permitted := permit.Of(it.Fact)
			ok = ok && permitted && (p.Covers(it.File) || it.Actual == nil)
		}
	}
	return ok
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

func (p *parts) explainFact(name string, role finding.Role, snap finding.Snapshot) api.Fact {
	f := snap[name]
	if f == nil {
		f = &finding.Fact{Name: name, State: finding.Unmapped}
	}
	out := api.FromFact(*f, role, string(p.mapping[name].Status))
	out.About = p.engine.Schema[name].Description
	return out
}
