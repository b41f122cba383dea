// Package errand does what a person asks once, without a daemon: check, explain and
// plan; answer, accept, and propose a site profile; look at the mapping and teach it;
// take official benchmarks in. Each reads the configuration and the appliance anew.
package errand

import (
	"context"
	"runtime/debug"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/appliance"
	"stigwatch/agent/finding"
)

// Check makes one pass without a daemon and without a journal. It judges the
// named rules, all when there are none.
func Check(ctx context.Context, o appliance.Options, rules []string) (*api.Report, error) {
	defer collectSeldom()()
	p, err := appliance.Build(o)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	ids, err := p.RuleIDs(rules)
	if err != nil {
		return nil, err
	}
	snap := p.LookAround(ctx)
	now := time.Now()
	results := p.Evaluate(ctx, snap, ids, now)
	return p.Report(results, now), nil
}

// Explain tells all about one rule, from one pass without a daemon.
func Explain(ctx context.Context, o appliance.Options, rule string, trace bool) (*api.Explanation, error) {
	defer collectSeldom()()
	p, err := appliance.Build(o)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	ids, err := p.RuleIDs([]string{rule})
	if err != nil {
		return nil, err
	}
	snap := p.LookAround(ctx)
	now := time.Now()
	results := p.Evaluate(ctx, snap, ids, now)
	finding.Carry(nil, results, now)
	x := p.Explanation(results[0], snap, now)
	if trace {
		x.Trace, err = p.Engine.Trace(ctx, snap, ids[0])
	}
	return x, err
}

// collectSeldom is for what looks once and ends, most often before garbage
// matters. It gives what undoes it.
func collectSeldom() func() {
	before := debug.SetGCPercent(400)
	return func() { debug.SetGCPercent(before) }
}
