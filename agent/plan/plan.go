// Package plan works out the exact edits that make failing rules pass, and tries
// them on a view of the appliance before anybody writes: the rules are judged on
// the files as they would be, by the same code that judges them as they are. An
// edit stays in the plan only when its rule then passes and no rule that passed
// before stops passing. Nothing is written here.
package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/host"
	"stigwatch/agent/permit"
	"stigwatch/agent/policy"
)

// Options of a Planner.
type Options struct {
	Host, Evidence *host.Host // as they are; Evidence may be nil
	Reader         *facts.Reader
	Engine         *policy.Engine

	// Evaluate judges rules, all when nil, and marks those that are waived.
	Evaluate func(ctx context.Context, snap finding.Snapshot, rules []string, now time.Time) []finding.Result

	// Allowed tells whether the site lets a fact be written; nil: every fact that
	// has a permit.
	Allowed func(fact string) bool

	// Fits says why a file that is there cannot be replaced by whoever will write, such
	// as a link; nil: nobody knows.
	Fits func(path string) error
}

// Planner makes plans. Reader and Engine are its own while it makes one.
type Planner struct {
	o    Options
	snap finding.Snapshot
	now  map[string]finding.Result // by rule, on the view
	over map[string][]byte         // the files as they would be
}

// Plan is what would be done.
type Plan struct {
	Files   []File
	Changes []Change
	Closes  []string  // rules that fail and would pass
	Cannot  []Refusal // rules that fail and would go on failing
	Before  map[string]finding.Result
	After   map[string]finding.Result
}

// File is one file as it is and as it would be.
type File struct {
	Path   string // inside the root
	Was    string // digest
	Now    string // digest
	Old    []byte
	New    []byte
	Permit permit.Class // the strictest of its changes
}

// Change is one fact that gets another value.
type Change struct {
	Rule  string // that asks for it; others may be closed by it too
	Fact  string
	Files []string
	Line  int // where it is set now; 0: nowhere
	From  any // as people may see it; nil: not set
	To    any
	Why   string
	Class permit.Class
}

// Refusal says why a rule is not closed.
type Refusal struct {
	Rule   string
	Reason string
}

// Class is the strictest of what a plan's changes ask for.
func (p *Plan) Class() permit.Class {
	c := permit.Auto
	for i := range p.Changes {
		c = c.Stricter(p.Changes[i].Class)
	}
	return c
}

// Empty tells a plan that changes nothing.
func (p *Plan) Empty() bool { return len(p.Files) == 0 }

// FactsOf names the facts that a file's edits are about.
func (p *Plan) FactsOf(file string) []string {
	var out []string
	for i := range p.Changes {
		if c := &p.Changes[i]; slices.Contains(c.Files, file) && !slices.Contains(out, c.Fact) {
			out = append(out, c.Fact)
		}
	}
	return out
}

// New makes a Planner.
func New(o Options) *Planner { return &Planner{o: o} }

// Make reads everything anew and plans for these rules, all that fail when nil. A
// rule that does not fail is left out.
func (p *Planner) Make(ctx context.Context, rules []string, now time.Time) (*Plan, error) {
	p.over = map[string][]byte{}
	defer p.look(nil)
	p.o.Reader.Reopen(p.o.Host, p.o.Evidence)
	p.snap, _ = p.o.Reader.All()
	return p.make(ctx, rules, now)
}

// Again plans as Make does, reading only these paths anew: for who knows that
// nothing else has changed since the plan before.
func (p *Planner) Again(ctx context.Context, paths, rules []string, now time.Time) (*Plan, error) {
	p.over = map[string][]byte{}
	defer p.look(nil)
	p.snap, _ = p.o.Reader.Update(paths)
	return p.make(ctx, rules, now)
}

func (p *Planner) make(ctx context.Context, rules []string, now time.Time) (*Plan, error) {
	p.now = map[string]finding.Result{}
	p.judge(ctx, nil, now)
	out := &Plan{Before: maps.Clone(p.now)}
	for _, id := range p.targets(rules) {
		if p.now[id].Outcome != finding.Fail {
			continue // another rule's edits put it right
		}
		if w := p.now[id].Waiver; w != nil && rules == nil {
			out.Cannot = append(out.Cannot, Refusal{id, fmt.Sprintf("it is waived (%s): name the rule to plan for it all the same", w.Ticket)})
			continue
		}
		changes, refusal := p.try(ctx, id, now)
		if refusal != "" {
			out.Cannot = append(out.Cannot, Refusal{id, refusal})
			continue
		}
		out.Changes = append(out.Changes, changes...)
	}
	out.After = maps.Clone(p.now)
	for _, id := range p.o.Engine.Order {
		if out.Before[id].Outcome == finding.Fail && out.After[id].Outcome == finding.Pass {
			out.Closes = append(out.Closes, id)
		}
	}
	out.Cannot = slices.DeleteFunc(out.Cannot, func(r Refusal) bool { return slices.Contains(out.Closes, r.Rule) })
	return out, p.files(out)
}

// targets are the failing rules among those asked for, the worst first.
func (p *Planner) targets(rules []string) []string {
	var out []string
	for _, id := range p.o.Engine.Order {
		if p.now[id].Outcome == finding.Fail && (rules == nil || slices.Contains(rules, id)) {
			out = append(out, id)
		}
	}
	slices.SortStableFunc(out, func(a, b string) int {
		return p.o.Engine.Rules[a].Severity.CAT() - p.o.Engine.Rules[b].Severity.CAT()
	})
	return out
}

// look puts these files over the appliance, none when nil, and reads what that
// changes.
func (p *Planner) look(over map[string][]byte) []string {
	paths := map[string]bool{}
	for name := range p.over {
		paths[name] = true
	}
	for name := range over {
		paths[name] = true
	}
	p.over = over
	p.o.Reader.Reopen(p.o.Host.With(over), p.o.Evidence)
	if len(paths) == 0 {
		return nil
	}
	var c facts.Changes
	p.snap, c = p.o.Reader.Update(slices.Sorted(maps.Keys(paths)))
	return p.o.Engine.Affected(slices.Concat(c.Values, c.Places))
}

// judge evaluates rules, all when nil, on the view.
func (p *Planner) judge(ctx context.Context, rules []string, now time.Time) {
	if rules != nil && len(rules) == 0 {
		return
	}
	for _, r := range p.o.Evaluate(ctx, p.snap, rules, now) {
		p.now[r.Rule] = r
	}
}
