package agent

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/attest"
	"stigwatch/agent/finding"
	"stigwatch/agent/waive"
)

// answered gives the compliant appliance with one attestation, for V-251004,
// that rests on a file and ends after so many days.
func answered(t *testing.T, days int) string {
	t.Helper()
	dir := appliance(t, "compliant")
	if err := os.Remove(dir + "/stigwatch/attestations.yaml"); err != nil {
		t.Fatal(err)
	}
	put(t, dir+"/stigwatch/evidence/backup.txt", "it ran\n")
	now := time.Now().UTC().Truncate(time.Second)
	_, err := Attest(optionsIn(dir), attest.Attestation{
		Rule: "V-251004", Status: finding.Pass, Statement: "It runs each night.", By: attest.Person{Name: "A", Role: "ISSO"},
		When: now.Format(time.RFC3339), Expires: now.AddDate(0, 0, days).Format(time.RFC3339), Evidence: &attest.Evidence{File: "backup.txt"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestEvidenceThatChangesTakesTheAnswerAwayAtOnce(t *testing.T) {
	d := start(t, answered(t, 300))
	if got := d.result("V-251004"); got != "pass" {
		t.Fatalf("V-251004 is %s", got)
	}
	put(t, d.file("stigwatch/evidence/backup.txt"), "it failed\n")
	if m := d.want(finding.Lost, "V-251004"); !strings.Contains(m.Reason, "its evidence backup.txt changed") {
		t.Errorf("%+v", m)
	}
	put(t, d.file("stigwatch/evidence/backup.txt"), "it ran\n")
	d.want(finding.Regained, "V-251004")
}

func TestAnAttestationThatEndsSoonIsAnAlertAndACondition(t *testing.T) {
	d := start(t, answered(t, 10))
	m := d.next()
	if m.Event != finding.Agent || m.Code != "expiring" || !strings.Contains(m.Text, "V-251004") || !strings.Contains(m.Text, "in 14 days at most") {
		t.Errorf("%+v", m)
	}
	for _, c := range d.status().Agent.Conditions {
		if c.Code == "expiring" {
			return
		}
	}
	t.Errorf("status has %+v", d.status().Agent.Conditions)
}

func TestAnAnswerThatIsOverIsNoAnswer(t *testing.T) {
	dir := answered(t, 300)
	p := passOf(t, dir)
	defer p.close()
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

func TestAWaivedFindingStaysOpenAndItsAlertsAreInformation(t *testing.T) {
	dir := appliance(t, "compliant")
	edit(t, dir+"/"+identity, ">15<", ">8<")
	now := time.Now().UTC().Truncate(time.Second)
	_, err := Waive(context.Background(), optionsIn(dir), waive.Waiver{
		Rule: "V-250989", Reason: "Replaced in May.", Approver: "A", Ticket: "T-1",
		When: now.Format(time.RFC3339), Expires: now.AddDate(0, 3, 0).Format(time.RFC3339),
	})
	if err != nil {
		t.Fatal(err)
	}
	d := start(t, dir)
	opened := d.want(finding.Opened, "V-250989")
	if !opened.Waived || !strings.Contains(opened.Text, "(CAT II, waived)") {
		t.Errorf("%+v", opened)
	}
	if r := d.status(); r.Summary.Fail != 1 {
		t.Errorf("%+v", r.Summary)
	}
	edit(t, d.file(identity), ">8<", ">9<")
	if changed := d.want(finding.Changed, "V-250989"); changed.Waived || changed.Severity != finding.Medium {
		t.Errorf("another deviation was accepted by nobody: %+v", changed)
	}
}

func TestAWaiverEndsWithThePolicyThatItWasGrantedUnder(t *testing.T) {
	dir := appliance(t, "compliant")
	edit(t, dir+"/"+identity, ">15<", ">8<")
	p := passOf(t, dir)
	defer p.close()
	now := time.Now().UTC()
	w := waive.Waiver{
		Rule: "V-250989", Ticket: "T-1", Evidence: waive.CanonicalEvidence(p.results["V-250989"]), Policy: p.engine.Rules["V-250989"].Digest,
		When: now.Add(-time.Hour).Format(time.RFC3339), Expires: now.Add(time.Hour).Format(time.RFC3339),
	}
	for policy, waived := range map[string]bool{w.Policy: true, "sha256:other": false} {
		w.Policy = policy
		p.waivers = &waive.Book{Waivers: []waive.Waiver{w}}
		results := []finding.Result{p.results["V-250989"]}
		p.waive(results, now)
		if got := results[0].Waiver != nil; got != waived || !waived && !strings.Contains(results[0].Remark, "policy changed") {
			t.Errorf("under %s: %+v", policy, results[0])
		}
	}
}
