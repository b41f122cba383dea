package appliance

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
	"stigwatch/agent/permit"
)

// remedied makes a fact read as its remedy has it. A record that leaves fields out
// gets what the lens would give them.
func remedied(f *finding.Fact, v any) {
	if list, ok := v.([]any); ok {
		list = slices.Clone(list)
		for i := range list {
			if rec, ok := list[i].(map[string]any); ok && f.Name == "rsyslog.forwards" {
				rec = maps.Clone(rec)
				for field, value := range map[string]any{"selector": "*.*", "shadowed": false} {
					if _, set := rec[field]; !set {
						rec[field] = value
					}
				}
				list[i] = rec
			}
		}
		v = list
	}
	f.State, f.Value, f.Assurance = finding.Known, v, finding.Proxy
}

// TestEveryRemedyCures gives every fact that may be written each of its bad values:
// every rule that fails by that offers a remedy for it, and passes when the fact reads
// as the remedy says. A fact that may be written and that no rule offers anything for
// would be a permit for nothing.
func TestEveryRemedyCures(t *testing.T) {
	m := &mutant{pass: passOf(t, rig.New(t, "compliant"))}
	defer m.Close()
	cured := map[string]int{}
	for _, name := range permit.Facts() {
		bad, weak := mutations[name].bad, map[string]any{}
		if len(bad) == 0 && name != "sshd.banner" { // credits, for which minclass makes up
			bad, weak = oneOf(0, 1), map[string]any{"pwquality.minclass": int64(3)}
		}
		for _, value := range bad {
			snap := maps.Clone(m.snap)
			for fact, v := range weak {
				f := *snap[fact]
				remedied(&f, v)
				snap[fact] = &f
			}
			f := *snap[name]
			f.State, f.Value, f.Assurance = finding.Known, typedAs(value), finding.Proxy
			snap[name] = &f
			cured[name] += m.cure(t, name, fmt.Sprintf("%s = %v", name, value), snap)
		}
	}
	for _, name := range permit.Facts() {
		if cured[name] == 0 && name != "sshd.banner" { // only a means to sshd.banner_text
			t.Errorf("%s may be written, and no remedy for it cures anything", name)
		}
	}
}

func (m *mutant) cure(t *testing.T, name, what string, snap finding.Snapshot) (cured int) {
	t.Helper()
	ctx := context.Background()
	for _, r := range m.Engine.Evaluate(ctx, snap, nil, m.now) {
		if r.Outcome != finding.Fail {
			continue
		}
		remedies, err := m.Engine.Remedies(ctx, snap, r.Rule)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(remedies, func(o finding.Remedy) bool { return o.Fact == name })
		if i < 0 {
			if name != "snmpd.access" || len(snap[name].Value.([]any)) > 0 { // nobody can guess who should have access
				t.Errorf("%s: %s fails and offers no remedy: %s", what, r.Rule, r.Reason)
			}
			continue
		}
		after := maps.Clone(snap)
		f := *snap[name]
		remedied(&f, remedies[i].Value)
		after[name] = &f
		if now := m.Engine.Evaluate(ctx, after, []string{r.Rule}, m.now)[0]; now.Outcome != finding.Pass {
			t.Errorf("%s: %s is %s after its remedy %v: %s", what, r.Rule, now.Outcome, remedies[i].Value, now.Reason)
		}
		cured++
	}
	return cured
}

// Every remedy that a rule offers is for a fact that may be written: another one
// could never come to anything.
func TestNoRemedyIsForWhatIsNeverWritten(t *testing.T) {
	m := &mutant{pass: passOf(t, rig.New(t, "compliant"))}
	defer m.Close()
	ctx, seen := context.Background(), 0
	for name, v := range mutations {
		for _, value := range v.bad {
			snap := maps.Clone(m.snap)
			f := *snap[name]
			f.State, f.Value, f.Assurance = finding.Known, typedAs(value), finding.Direct
			snap[name] = &f
			for _, id := range m.Engine.Order {
				remedies, err := m.Engine.Remedies(ctx, snap, id)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range remedies {
					seen++
					if _, ok := permit.Of(r.Fact); !ok {
						t.Errorf("%s offers a remedy for %s, which is never written", id, r.Fact)
					}
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no remedy was offered at all")
	}
}
