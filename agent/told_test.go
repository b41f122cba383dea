package agent

import (
	"os"
	"testing"

	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
)

// unrecorded has a change told and forgotten by the journal, as by a kill in
// between, and gives its alert's number and id.
func unrecorded(t *testing.T, dir string) (seq uint64, id string) {
	t.Helper()
	start(t, dir).end()
	files := []string{dir + "/state/journal.db", dir + "/state/journal.key"}
	var before [][]byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		before = append(before, b)
	}
	d := start(t, dir)
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	m := d.want(finding.Opened, "V-250989")
	d.end()
	for i, f := range files {
		if err := os.WriteFile(f, before[i], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return m.Seq, m.ID
}

func TestAChangeThatLeftBeforeAKillAndIsGoneIsTakenBack(t *testing.T) {
	dir := rig.New(t, "compliant")
	seq, _ := unrecorded(t, dir)
	rig.Edit(t, dir+"/"+rig.Identity, ">8<", ">15<")
	if m := start(t, dir).want(finding.Resolved, "V-250989"); m.Seq <= seq || m.Previous != finding.Fail {
		t.Errorf("%+v after number %d", m, seq)
	}
}

func TestAChangeThatLeftBeforeAKillIsToldAgainWithTheSameID(t *testing.T) {
	dir := rig.New(t, "compliant")
	seq, id := unrecorded(t, dir)
	d := start(t, dir)
	if m := d.want(finding.Opened, "V-250989"); m.Seq <= seq || m.ID != id {
		t.Errorf("%+v after number %d with id %s", m, seq, id)
	}
	rig.Edit(t, d.file(rig.Identity), ">8<", ">15<")
	if m := d.want(finding.Resolved, "V-250989"); m.ID == id {
		t.Errorf("%+v", m)
	}
}
