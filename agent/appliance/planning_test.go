package appliance

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
	"stigwatch/agent/plan"
)

// plannerIn gives the planner of an appliance, and its parts.
func plannerIn(t *testing.T, dir string) (*Parts, plan.Options) {
	t.Helper()
	p, err := Build(optionsIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, plan.Options{Host: p.Host, Evidence: p.evidence, Reader: p.Reader, Engine: p.Engine, Evaluate: p.Evaluate}
}

// cannot gives why a plan does not close a rule; "" when it does.
func cannot(p *plan.Plan, rule string) string {
	for _, r := range p.Cannot {
		if r.Rule == rule {
			return r.Reason
		}
	}
	return ""
}

func TestPlanLeavesOutWhatWouldBreakAnotherRule(t *testing.T) {
	dir := rig.New(t, "compliant")
	rig.Weaken(t, dir)
	_, o := plannerIn(t, dir)
	o.Evaluate = func(ctx context.Context, snap finding.Snapshot, _ []string, now time.Time) []finding.Result {
		results := o.Engine.Evaluate(ctx, snap, nil, now)
		list, _ := snap["chrony.servers"].Value.([]any)
		good := len(list) == 2 && list[0].(map[string]any)["kind"] == "server" && list[1].(map[string]any)["kind"] == "server"
		for i := range results {
			if results[i].Rule == "V-251007" && good { // a rule that dislikes what V-250999 needs
				results[i].Outcome, results[i].Reason = finding.Fail, "it does not like that"
			}
		}
		return results
	}
	made, err := plan.New(o).Make(context.Background(), []string{"V-250999", "V-250989"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if got := cannot(made, "V-250999"); !strings.Contains(got, "would break V-251007: it does not like that") {
		t.Errorf("%q", got)
	}
	if !slices.Equal(made.Closes, []string{"V-250989"}) || len(made.Files) != 1 || made.Files[0].Path != "/etc/security/pwquality.conf" {
		t.Errorf("%q %d", made.Closes, len(made.Files))
	}
}

func TestPlanLeavesNothingOfItsTrialInTheReader(t *testing.T) {
	dir := rig.New(t, "compliant")
	rig.Weaken(t, dir)
	p, o := plannerIn(t, dir)
	before, _ := p.Reader.All()
	for range 2 {
		if _, err := plan.New(o).Make(context.Background(), nil, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	after, _ := p.Reader.Update([]string{"/etc/chrony.conf", "/etc/ssh/sshd_config", "/etc/issue"})
	for name, f := range before {
		if d := cmp.Diff(f, after[name]); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
