package errand

import (
	"context"
	"os"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/appliance"
	"stigwatch/agent/enforce"
	"stigwatch/agent/replace"
)

// Plan works out, without a daemon, which edits would make failing rules pass: all
// that fail when no rule is named. Nothing is written.
func Plan(ctx context.Context, o appliance.Options, rules []string) (*api.Plan, error) {
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
	p.LookAround(ctx)
	now := time.Now()
	made, err := p.Planner(fits(p.Config.Root)).Make(ctx, ids, now)
	if err != nil {
		return nil, err
	}
	shown := p.ShownPlan(made, ids, now)
	for i := range shown.Files {
		if f := &shown.Files[i]; p.Config.Root == "/" { // elsewhere the machine's programs are not the appliance's
			f.Check = enforce.CheckedBy(f.Path)
		}
	}
	return shown, nil
}

// fits asks what the enforcer will ask of a file below a root before it replaces it.
// What only cannot be told here is let pass: the enforcer looks again.
func fits(root string) func(path string) error {
	o := replace.Options{Root: root}
	if root != "/" {
		o.Owner = uint32(os.Geteuid())
	}
	return func(path string) error {
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
}
