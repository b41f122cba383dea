package appliance

import (
	"strings"
	"testing"
	"time"

	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
	"stigwatch/agent/waive"
)

func TestAnAnswerThatIsOverIsNoAnswer(t *testing.T) {
	dir := rig.Answered(t, 300)
	p := passOf(t, dir)
	defer p.Close()
	p.now = time.Now()
	p.full()
	if r := p.results["V-251004"]; r.Outcome != finding.Pass {
		t.Fatalf("%s: %s", r.Outcome, r.Reason)
	}
	p.now = time.Now().AddDate(0, 0, 301)
	p.full()
	r := p.results["V-251004"]
	if r.Outcome != finding.NotChecked || !strings.Contains(r.Reason, "its attestation does not hold: expired on") {
		t.Errorf("%s: %s", r.Outcome, r.Reason)
	}
}

func TestAWaiverEndsWithThePolicyThatItWasGrantedUnder(t *testing.T) {
	dir := rig.New(t, "compliant")
	rig.Edit(t, dir+"/"+rig.Identity, ">15<", ">8<")
	p := passOf(t, dir)
	defer p.Close()
	now := time.Now().UTC()
	w := waive.Waiver{
		Rule: "V-250989", Ticket: "T-1", Evidence: waive.CanonicalEvidence(p.results["V-250989"]), Policy: p.Engine.Rules["V-250989"].Digest,
		When: now.Add(-time.Hour).Format(time.RFC3339), Expires: now.Add(time.Hour).Format(time.RFC3339),
	}
	for policy, waived := range map[string]bool{w.Policy: true, "sha256:other": false} {
		w.Policy = policy
		p.Waivers = &waive.Book{Waivers: []waive.Waiver{w}}
		results := []finding.Result{p.results["V-250989"]}
		p.waive(results, now)
		if got := results[0].Waiver != nil; got != waived || !waived && !strings.Contains(results[0].Remark, "policy changed") {
			t.Errorf("under %s: %+v", policy, results[0])
		}
	}
}
