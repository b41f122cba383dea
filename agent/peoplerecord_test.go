package agent

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/journal"
)

// peopleEntries gives what the journal of a stopped daemon tells of people.
func peopleEntries(t *testing.T, dir string) (out []peopleBody) {
	t.Helper()
	err := journal.ReadFile(dir, 0, func(journal.Extent) error { return nil }, func(s journal.Sealed) error {
		e, err := s.Entry()
		if err != nil || e.Kind != journal.People {
			return err
		}
		var b peopleBody
		out = append(out, b)
		return json.Unmarshal(e.Body, &out[len(out)-1])
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheJournalTellsWhichAnswersCameAndWent(t *testing.T) {
	dir := rig.Answered(t, 300)
	d := start(t, dir)
	state := d.agent.parts.Config.StateDir
	d.end()
	d = start(t, dir) // nothing new
	file := d.file("stigwatch/attestations.yaml")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rig.Put(t, file, strings.Replace(string(b), "It runs each night.", "It runs each week.", 1))
	d.reload <- struct{}{}
	d.awaitReady()
	d.end()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	start(t, dir).end() // it went while the agent was down
	got := peopleEntries(t, state)
	if len(got) != 3 {
		t.Fatalf("%d entries: %+v", len(got), got)
	}
	for i, want := range [][2]int{{1, 0}, {1, 1}, {0, 1}} {
		if len(got[i].Came) != want[0] || len(got[i].Went) != want[1] {
			t.Errorf("entry %d: %+v", i, got[i])
		}
	}
	if !strings.Contains(got[1].Came[0], "attestation V-251004: pass of core.backup_schedule by A (ISSO)") || !strings.Contains(got[1].Came[0], "each week") {
		t.Errorf("%+v", got[1])
	}
}
