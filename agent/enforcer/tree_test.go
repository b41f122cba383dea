package enforcer

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/api"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/permit"
)

// closable are the failing rules of which every violation may be written, told
// apart from the planner: by the results alone.
func closable(results map[string]api.Result) []string {
	var out []string
	for id, r := range results {
		ok := r.Result == "fail"
		for _, e := range r.Evidence {
			if e.Expected == "" {
				continue
			}
			_, permitted := permit.Of(e.Fact)
			ok = ok && permitted && !strings.HasPrefix(e.File, "/mi/")
		}
		if ok {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func TestApplyClosesAllThatMayBeWrittenAndUndoBringsTheTreeBack(t *testing.T) {
	for name, least := range map[string]int{"factory": 0, "drifted": 11, "weakened": 18} {
		t.Run(name, func(t *testing.T) {
			from := name
			if name == "weakened" {
				from = "compliant"
			}
			dir := rig.New(t, from)
			if name == "weakened" {
				rig.Weaken(t, dir)
			}
			applyAll(t, dir, least)
		})
	}
}

func applyAll(t *testing.T, dir string, least int) {
	root := filepath.Join(dir, "root")
	was, want := rig.Tree(t, root), closable(check(t, dir))
	if len(want) < least {
		t.Fatalf("only %q can be closed", want)
	}
	e := enforcerIn(t, dir, Options{})
	ctx := context.Background()
	got, err := e.Apply(ctx, me(), &api.ApplyRequest{})
	if err != nil || got.Failed != "" {
		t.Fatalf("%v %+v", err, got)
	}
	var closed []string
	for _, r := range got.Closed {
		closed = append(closed, r.Rule)
	}
	if d := cmp.Diff(want, closed); d != "" {
		t.Fatalf("%s\n%+v", d, got.Cannot)
	}
	results := check(t, dir)
	for _, id := range want {
		if r := results[id]; r.Result != "pass" || r.Assurance == "direct" {
			t.Errorf("%s is %s (%s): %s", id, r.Result, r.Assurance, r.Reason)
		}
	}
	now := rig.Tree(t, root)
	if len(now) != len(was) {
		t.Error("there are other files than before")
	}
	again, err := e.Apply(ctx, me(), &api.ApplyRequest{})
	if err != nil || len(again.Applied) != 0 {
		t.Errorf("a second apply wrote: %+v %v", again, err)
	}
	if d := cmp.Diff(now, rig.Tree(t, root)); d != "" {
		t.Error(d)
	}
	for _, j := range got.Applied {
		undone, err := e.Undo(ctx, me(), j.ID)
		if err != nil || undone.Failed != "" {
			t.Fatalf("%v %+v", err, undone)
		}
	}
	if d := cmp.Diff(was, rig.Tree(t, root)); d != "" {
		t.Error(d)
	}
}
