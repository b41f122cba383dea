package appliance

import (
	"context"
	"slices"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
)

// RuleIDs finds the rules that a person means: see finding.Match.
func (p *Parts) RuleIDs(asked []string) ([]string, error) {
	known := map[string]string{}
	for id, r := range p.Engine.Rules {
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

// Evaluate judges rules, all when nil, by the facts and by what people said.
func (p *Parts) Evaluate(ctx context.Context, snap finding.Snapshot, ids []string, now time.Time) []finding.Result {
	p.Attest(now)
	results := p.Engine.Evaluate(ctx, snap, ids, now)
	p.Mark(results, now)
	return results
}

// Report is how everything stands by results that are all new.
func (p *Parts) Report(results []finding.Result, now time.Time) *api.Report {
	finding.Carry(nil, results, now)
	return api.FromResults(p.Name, now, p.policy(), p.Engine.Rules, results)
}
