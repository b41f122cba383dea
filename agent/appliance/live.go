package appliance

import (
	"context"
	"slices"
	"strings"

	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/live"
)

// Ask has the running appliance asked what the facts want to know of it, and the
// facts read by the answers.
func (p *Parts) Ask(o live.Options) {
	var asking []string
	for name, e := range p.Mapping {
		for _, src := range e.From {
			for _, f := range src.Files {
				q, ok := strings.CutPrefix(f, facts.LivePrefix)
				if !ok {
					continue
				}
				asking = append(asking, name)
				if !slices.Contains(o.Questions, q) {
					o.Questions = append(o.Questions, q)
				}
			}
		}
	}
	slices.Sort(o.Questions)
	p.concerns = p.Engine.Affected(asking)
	p.Asker = live.New(o)
	p.Reader = p.newReader()
}

// Concerned tells whether one of these rules reads an answer.
func (p *Parts) Concerned(rules []string) bool {
	return slices.ContainsFunc(rules, func(id string) bool { return slices.Contains(p.concerns, id) })
}

// LookAround reads everything, and what the running appliance itself says.
func (p *Parts) LookAround(ctx context.Context) finding.Snapshot {
	snap, _ := p.Reader.All()
	if p.Asker == nil {
		return snap
	}
	defer p.Asker.Units().Close()
	if len(p.Asker.Ask(ctx, snap, p.Asker.Questions())) > 0 {
		snap, _ = p.Reader.All()
	}
	return snap
}
