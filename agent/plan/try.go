package plan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/host"
	"stigwatch/agent/lens"
	"stigwatch/agent/permit"
)

// try lays the edits of one rule over the view. They stay when the rule then
// passes and nothing that passed stops passing; else everything is as it was, and
// the refusal says why.
func (p *Planner) try(ctx context.Context, id string, now time.Time) (changes []Change, refusal string) {
	remedies, err := p.o.Engine.Remedies(ctx, p.snap, id)
	if err != nil {
		return nil, err.Error()
	}
	if refusal = p.uncovered(id, remedies); refusal != "" {
		return nil, refusal
	}
	before, over := maps.Clone(p.now), maps.Clone(p.over)
	undo := func(format string, args ...any) ([]Change, string) {
		p.look(over)
		p.now = before
		return nil, fmt.Sprintf(format, args...)
	}
	slices.SortFunc(remedies, func(a, b finding.Remedy) int { return p.o.Reader.Place(a.Fact) - p.o.Reader.Place(b.Fact) })
	wanted := violated(before[id])
	for _, r := range remedies {
		if wanted[r.Fact] && !violated(p.now[id])[r.Fact] {
			continue // another edit put it right
		}
		c, err := p.lay(ctx, r, now)
		if err != nil {
			return undo("%v", err)
		}
		if c != nil {
			changes = append(changes, *c)
		}
	}
	if r := p.now[id]; r.Outcome != finding.Pass {
		return undo("the edits would not close it: %s", r.Reason)
	}
	if broken := p.broken(before); broken != "" {
		return undo("the edits would break %s: %s", broken, p.now[broken].Reason)
	}
	return changes, ""
}

// violated names the facts that a result fails on.
func violated(r finding.Result) map[string]bool {
	out := map[string]bool{}
	for i := range r.Evidence {
		if r.Evidence[i].Expected != "" {
			out[r.Evidence[i].Fact] = true
		}
	}
	return out
}

// broken gives a rule that was in order and would not be; "" when there is none.
func (p *Planner) broken(before map[string]finding.Result) string {
	for _, id := range p.o.Engine.Order {
		was, is := before[id].Outcome, p.now[id].Outcome
		good := was == finding.Pass || was == finding.NotApplicable
		if good && is != was || was == finding.NotChecked && is == finding.Fail {
			return id
		}
	}
	return ""
}

// uncovered says which of a rule's violations no edit puts right, and why.
func (p *Planner) uncovered(id string, remedies []finding.Remedy) string {
	result := p.now[id]
	var whys []string
	facts := map[string][]string{} // by why
	for i := range result.Evidence {
		it := &result.Evidence[i]
		why := ""
		if it.Expected != "" {
			why = p.manual(it, id, remedies)
		}
		switch {
		case why == "" || slices.Contains(facts[why], it.Fact):
			continue
		case facts[why] == nil:
			whys = append(whys, why)
		}
		facts[why] = append(facts[why], it.Fact)
	}
	if len(whys) == 0 && len(remedies) == 0 {
		return "a person attested that it fails: nothing on the box would change that"
	}
	for i, why := range whys {
		whys[i] = strings.Join(facts[why], ", ") + ": " + why
	}
	return strings.Join(whys, "; ")
}

// manual says why a violation is for people; "" when there is a remedy for it.
func (p *Planner) manual(it *finding.Item, id string, remedies []finding.Remedy) string {
	_, ok := permit.Of(it.Fact)
	switch {
	case !ok:
		return permit.Never(it.Fact)
	case strings.HasPrefix(it.File, "/mi/"):
		return permit.Never("mics.")
	case p.o.Allowed != nil && !p.o.Allowed(it.Fact):
		return "not among enforce.allow in the configuration"
	case slices.ContainsFunc(remedies, func(r finding.Remedy) bool { return r.Fact == it.Fact }):
		return ""
	}
	if key := p.unset(id); key != "" {
		return fmt.Sprintf("what it should be is the site's to say: set %s in site.yaml", key)
	}
	return "no edit is known that puts it right"
}

// unset gives a site value that the rule's remedies are made of and that is not set.
func (p *Planner) unset(id string) string {
	rule := p.o.Engine.Rules[id]
	for _, key := range rule.RemedySite {
		if !slices.Contains(rule.SiteOptional, key) && !p.o.Engine.HasSite(key) {
			return key
		}
	}
	for _, key := range rule.RemedySite {
		if key != "literal_readings" && !p.o.Engine.HasSite(key) {
			return key
		}
	}
	return ""
}

// lay puts one remedy over the view and judges what that can change. Nil: it is
// so already.
func (p *Planner) lay(ctx context.Context, r finding.Remedy, now time.Time) (*Change, error) {
	was := p.snap[r.Fact]
	s, err := p.o.Reader.Set(r.Fact, r.Value)
	if err != nil {
		return nil, sayManual(err)
	}
	if len(s.Files) == 0 {
		return nil, nil
	}
	allowed, ok := permit.Of(r.Fact)
	if !ok || p.o.Allowed != nil && !p.o.Allowed(r.Fact) {
		return nil, fmt.Errorf("%s: %s", r.Fact, permit.Never(r.Fact))
	}
	c := &Change{Rule: r.Rule, Fact: r.Fact, From: was.ForPeople(), To: r.Value, Why: r.Why, Class: allowed.Class}
	if len(was.Evidence) > 0 {
		c.Line = was.Evidence[0].Line
	}
	next := maps.Clone(p.over)
	for _, f := range s.Files {
		if !allowed.Covers(f.Path) {
			return nil, fmt.Errorf("%s is set in %s, and stigwatch writes it in %s only", r.Fact, f.Path, strings.Join(allowed.Files, ", "))
		}
		if p.o.Fits != nil {
			if err := p.o.Fits(f.Path); err != nil {
				return nil, err
			}
		}
		next[f.Path] = f.Now
		c.Files = append(c.Files, f.Path)
	}
	p.judge(ctx, p.look(next), now)
	return c, nil
}

// sayManual shortens what the lens says to what a person needs.
func sayManual(err error) error {
	switch {
	case errors.Is(err, lens.ErrCannotWrite), errors.Is(err, facts.ErrNotWritable):
		return err
	}
	return fmt.Errorf("cannot plan: %w", err)
}

// files lists what the view changes, with the bytes that are on disk now.
func (p *Planner) files(out *Plan) error {
	over := p.over
	for _, name := range slices.Sorted(maps.Keys(over)) {
		f, err := p.o.Host.Read(name)
		if err != nil {
			return err
		}
		if host.Digest(f.Bytes) == host.Digest(over[name]) {
			continue
		}
		file := File{Path: name, Was: f.Digest, Now: host.Digest(over[name]), Old: f.Bytes, New: over[name], Permit: permit.Auto}
		for _, c := range out.Changes {
			if slices.Contains(c.Files, name) {
				file.Permit = file.Permit.Stricter(c.Class)
			}
		}
		out.Files = append(out.Files, file)
	}
	return nil
}
