package agent

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"stigwatch/agent/alert"
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

// recorded is what the journal has now; killed by what it gives, the agent goes on
// from there, and from the note of what was about to leave.
func (b *bench) recorded() (kill func()) {
	b.t.Helper()
	b.flush()
	files := map[string][]byte{}
	for _, name := range []string{"journal.db", "journal.key"} {
		content, err := os.ReadFile(filepath.Join(b.dir, name))
		if err != nil {
			b.t.Fatal(err)
		}
		files[name] = content
	}
	return func() {
		b.t.Helper()
		b.end()
		for name, content := range files {
			if err := os.WriteFile(filepath.Join(b.dir, name), content, 0o600); err != nil {
				b.t.Fatal(err)
			}
		}
		b.start()
	}
}

// A receiver that was not asked at once when all was in order again heard only that
// it was not.
func TestWhatIsAsBeforeIsToldAgainWhenMoreThanOneChangeLeftBeforeAKill(t *testing.T) {
	inBench(t, func(t *testing.T, b *bench) {
		rule := b.rules[0]
		kill := b.recorded()
		b.pass(rule, finding.NotChecked, "half a file")
		b.pass(rule, finding.Pass, "")
		left := b.told[1]
		kill()
		b.told = nil
		b.pass(rule, finding.Pass, "")
		if len(b.told) != 1 || b.told[0].ID != left.ID || b.told[0].Previous != finding.NotChecked || b.told[0].Seq <= left.Seq {
			t.Errorf("%+v left, and then %+v was told", left, b.told)
		}
		b.flush()
		b.killed(b.dir)
		b.told = nil
		b.pass(rule, finding.Pass, "")
		b.want()
	})
}

func TestAChangeComesAgainAsWhatItWas(t *testing.T) {
	inBench(t, func(t *testing.T, b *bench) {
		rule := b.rules[0]
		kill := b.recorded()
		b.pass(rule, finding.Fail, "bad")
		b.pass(rule, finding.NotChecked, "half a file")
		left := b.told[1]
		kill()
		b.told = nil
		b.pass(rule, finding.NotChecked, "half a file")
		if len(b.told) != 1 || b.told[0].ID != left.ID || b.told[0].Previous != finding.Fail || b.told[0].Text != left.Text {
			t.Errorf("%+v left, and came again as %+v", left, b.told)
		}
	})
}

// What left in a window left for information: at full rank the journal's last is
// what was told, whatever the note has.
func TestTheEndOfAWindowMindsNothingThatLeftForInformationBeforeAKill(t *testing.T) {
	inBench(t, func(t *testing.T, b *bench) {
		id := b.open("CHG1", time.Hour)
		kill := b.recorded()
		b.pass(b.rules[0], finding.Fail, "bad")
		kill()
		b.told = nil
		b.pass(b.rules[0], finding.Pass, "")
		b.want("resolved " + b.rules[0] + " CHG1")
		end, _ := b.l.endWindow(id, "closed", "root", time.Now())
		b.want("maintenance maintenance-closed CHG1")
		if len(end.Changed) != 1 || end.Changed[0].Was != "pass" {
			t.Errorf("%+v", end)
		}
	})
}

// Receivers that hear some of what leaves, and all of what is recorded, know in the
// end how each rule stands, whenever the agent was killed.
func TestWhateverLeftBeforeKillsEachReceiverLearnsHowItIs(t *testing.T) {
	inBench(t, func(t *testing.T, b *bench) {
		for seed := range uint64(100) {
			b.end()
			b.dir = t.TempDir()
			b.start()
			if !b.lives(rand.New(rand.NewPCG(seed, 1))) {
				t.Fatalf("seed %d", seed)
			}
		}
	})
}

// lives kills the agent some times, in the middle of changes that are recorded or not.
func (b *bench) lives(r *rand.Rand) bool {
	receivers, ids := []siem{{}, {}, {}}, map[string]alert.Message{}
	kill, ok := b.recorded(), true
	for life := range 6 {
		b.told = nil
		last := life == 5
		for _, rule := range b.rules {
			for range 1 + r.IntN(3) {
				b.any(r, rule)
			}
		}
		kept := last || r.IntN(3) == 0
		for i, s := range receivers {
			for j := range b.told {
				if kept || r.IntN(len(receivers)) == i {
					s.take(&b.told[j])
				}
			}
		}
		for _, m := range b.told {
			was, twice := ids[m.ID]
			ok = ok && (!twice || was.Text == m.Text && was.Previous == m.Previous)
			ids[m.ID] = m
		}
		if kept {
			kill = b.recorded()
		}
		if !last {
			kill()
		}
	}
	is := siem{}
	for _, rule := range b.rules {
		if state := known(b.l.before[rule]); state != "" {
			is[rule] = state
		}
	}
	for _, s := range receivers {
		ok = ok && maps.Equal(is, s)
	}
	return ok
}

// any judges a rule somehow.
func (b *bench) any(r *rand.Rand, rule string) {
	outcomes := []finding.Outcome{finding.Pass, finding.Pass, finding.NotApplicable, finding.NotChecked, finding.Fail, finding.Fail}
	n := r.IntN(len(outcomes))
	reason := map[int]string{3: "half a file", 4: "bad", 5: "worse"}[n]
	b.pass(rule, outcomes[n], reason)
}
