package agent

import (
	"context"
	"fmt"
	"slices"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
)

// explain answers at the socket, from what was published. A trace takes an engine
// of its own: the other one is the loop's.
func (a *Agent) explain(ctx context.Context, rule string, trace bool) (*api.Explanation, error) {
	pub := a.published.Load()
	if pub == nil {
		return nil, fmt.Errorf("cannot explain %q: the first pass is not done yet", rule)
	}
	ids, err := pub.parts.RuleIDs([]string{rule})
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(pub.results, func(r finding.Result) bool { return r.Rule == ids[0] })
	x := pub.parts.Explanation(pub.results[i], pub.snap, pub.at)
	if d, ok := a.diffs.Load(ids[0]); ok {
		x.Diff = api.FromDiffs(d.([]finding.FileDiff))
	}
	if !trace {
		return x, nil
	}
	engine, err := pub.parts.NewEngine()
	if err == nil {
		x.Trace, err = engine.Trace(ctx, pub.snap, ids[0])
	}
	return x, err
}
