package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
)

// copied is the bench's state folder as a kill would leave it now.
func (b *bench) copied() string {
	b.t.Helper()
	dir := filepath.Join(b.dir, "..", filepath.Base(b.dir)+"+")
	if err := os.CopyFS(dir, os.DirFS(b.dir)); err != nil {
		b.t.Fatal(err)
	}
	return dir
}

// killed goes on in a folder that was copied, as another run does after a kill.
func (b *bench) killed(dir string) {
	b.t.Helper()
	b.end()
	b.dir = dir
	b.start()
}

func TestTheSameChangeInAFreshJournalIsAnotherOne(t *testing.T) {
	dir := rig.New(t, "compliant")
	d := start(t, dir)
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	one := d.want(finding.Opened, "V-250989")
	rig.Edit(t, d.file(rig.Identity), ">8<", ">15<")
	d.want(finding.Resolved, "V-250989")
	d.end()
	rig.Put(t, d.file("state/journal.db"), "no journal")
	d = start(t, dir)
	if m := d.next(); m.Code != journalFresh || !strings.Contains(m.Text, "a fresh one was begun") {
		t.Errorf("%+v", m)
	}
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	two := d.want(finding.Opened, "V-250989")
	if one.ID == two.ID || one.Text != two.Text {
		t.Errorf("%q has id %s, and then %q has %s", one.Text, one.ID, two.Text, two.ID)
	}
	d.end()
}

// A journal that breaks while the agent runs counts turns on: a crash right after
// that gives the same id, and no id comes twice.
func TestIDsAfterAJournalBrokeAtRunTime(t *testing.T) {
	b := newBench(t) // in no bubble: the library leaves a goroutine behind with the broken file
	b.begin(t)
	defer b.end()
	rule := b.rules[0]
	b.pass(rule, finding.Fail, "bad")
	b.pass(rule, finding.Pass, "")
	first := b.told[0].ID
	j := b.a.store.journal
	epoch := j.Epoch()
	if err := j.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(b.dir, "journal.db"), 4096); err != nil {
		t.Fatal(err)
	}
	if j.Last(); j.Flush() != nil || j.Epoch() == epoch {
		t.Fatal("the journal did not begin afresh")
	}
	b.l.begunAfresh()
	dir := b.copied()
	b.told = nil
	b.pass(rule, finding.Fail, "bad")
	left := b.told[0]
	b.killed(dir)
	b.told = nil
	b.pass(rule, finding.Fail, "bad")
	again := b.told[0]
	if again.ID != left.ID || again.ID == first || again.Event != finding.Opened {
		t.Errorf("%s left with id %s and came again as %s with %s; the first one had %s", left.Event, left.ID, again.Event, again.ID, first)
	}
}

func TestWithoutAJournalEachRunHasIDsOfItsOwn(t *testing.T) {
	ids := map[string]bool{}
	dir := rig.New(t, "compliant")
	rig.Edit(t, filepath.Join(dir, rig.Identity), ">15<", ">8<")
	rig.Put(t, filepath.Join(dir, "state"), "no folder")
	for range 2 {
		d := start(t, dir)
		if m := d.next(); m.Code != noJournal || m.Severity != finding.Medium {
			t.Errorf("%+v", m)
		}
		ids[d.want(finding.Opened, "V-250989").ID] = true
		d.end()
	}
	if len(ids) != 2 {
		t.Errorf("%d ids of 2 messages", len(ids))
	}
}
