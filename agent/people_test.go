package agent

import (
	"context"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/errand"
	"stigwatch/agent/finding"
	"stigwatch/agent/waive"
)

func TestEvidenceThatChangesTakesTheAnswerAwayAtOnce(t *testing.T) {
	d := start(t, rig.Answered(t, 300))
	if got := d.result("V-251004"); got != "pass" {
		t.Fatalf("V-251004 is %s", got)
	}
	rig.Put(t, d.file("stigwatch/evidence/backup.txt"), "it failed\n")
	if m := d.want(finding.Lost, "V-251004"); !strings.Contains(m.Reason, "its evidence backup.txt changed") {
		t.Errorf("%+v", m)
	}
	rig.Put(t, d.file("stigwatch/evidence/backup.txt"), "it ran\n")
	d.want(finding.Regained, "V-251004")
}

func TestAnAttestationThatEndsSoonIsAnAlertAndACondition(t *testing.T) {
	d := start(t, rig.Answered(t, 10))
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

func TestAWaivedFindingStaysOpenAndItsAlertsAreInformation(t *testing.T) {
	dir := rig.New(t, "compliant")
	rig.Edit(t, dir+"/"+rig.Identity, ">15<", ">8<")
	now := time.Now().UTC().Truncate(time.Second)
	_, err := errand.Waive(context.Background(), optionsIn(dir), waive.Waiver{
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
	rig.Edit(t, d.file(rig.Identity), ">8<", ">9<")
	if changed := d.want(finding.Changed, "V-250989"); changed.Waived || changed.Severity != finding.Medium {
		t.Errorf("another deviation was accepted by nobody: %+v", changed)
	}
}
