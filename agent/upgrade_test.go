package agent

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"stigwatch/agent/alert"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
)

func startAs(t *testing.T, dir, version string) *daemon {
	t.Helper()
	return startWith(t, dir, func(a *Agent) { a.o.Version = version })
}

// starts gives the bodies of a journal's entries about a start.
func starts(t *testing.T, dir string) (bodies []string) {
	t.Helper()
	err := journal.ReadFile(filepath.Join(dir, "state"), 0, func(journal.Extent) error { return nil }, func(s journal.Sealed) error {
		e, err := s.Entry()
		if err == nil && e.Kind == journal.Start {
			bodies = append(bodies, string(e.Body))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return bodies
}

func TestAnUpgradeTellsBothVersions(t *testing.T) {
	dir := rig.New(t, "compliant")
	for _, c := range []struct{ version, told, recorded string }{
		{"1.0", "", ""},
		{"1.1", "started as version 1.1, it was 1.0 before; it had stopped in good order at 20", `"previous":"1.0"`},
		{"1.1", "started; it had stopped in good order at 20", ""},
		{"1.0", "started as version 1.0, it was 1.1 before; it had", `"previous":"1.1"`},
	} {
		d := startAs(t, dir, c.version)
		if c.told != "" {
			if m := d.wantNews(finding.Agent, alert.CodeStarted); !strings.HasPrefix(m.Text, "stigwatch: "+c.told) {
				t.Errorf("%q, want %q", m.Text, c.told)
			}
		}
		d.end()
		all := starts(t, dir)
		last := all[len(all)-1]
		if !strings.Contains(last, `"version":"`+c.version+`"`) || !strings.Contains(last, c.recorded) || c.recorded == "" && strings.Contains(last, "previous") {
			t.Errorf("%s, want %q", last, c.recorded)
		}
	}
}

// An agent that is killed in the middle of an upgrade has told nothing, and its
// journal has it.
func TestAnUpgradeAfterAKillTellsBothVersions(t *testing.T) {
	dir := rig.New(t, "compliant")
	startAs(t, dir, "1.0").end()
	j, err := journal.Open(journal.Options{Dir: filepath.Join(dir, "state"), Version: "1.1"}) // and no more than that
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	d := startAs(t, dir, "1.1")
	if m := d.wantNews(finding.Agent, alert.CodeStarted); !strings.Contains(m.Text, "it was 1.0 before") {
		t.Error(m.Text)
	}
	d.end()
}

// newer makes a journal one of a stigwatch that is not there yet.
func newer(t *testing.T, state string) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(state, "journal.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		meta := tx.Bucket([]byte("meta"))
		if err := meta.Put([]byte("schema_by"), []byte("9.0")); err != nil {
			return err
		}
		return meta.Put([]byte("schema"), binary.BigEndian.AppendUint64(nil, 9))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Type().IsRegular() {
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			out[e.Name()] = string(b)
		}
	}
	return out
}

// After a downgrade the journal is left as it is, and watching goes on.
func TestANewerJournalStopsNoWatching(t *testing.T) {
	dir := withSinks(t, "compliant", map[string]string{"a": ""})
	state := filepath.Join(dir, "state")
	startAs(t, dir, "9.0").end()
	newer(t, state)
	before := contents(t, state)
	var ids []string
	for range 2 {
		d := startAs(t, dir, "1.0")
		m := d.next()
		if m.Code != noJournal || !strings.Contains(m.Text, "install stigwatch 9.0 again") || m.Severity != finding.Medium {
			t.Errorf("%+v", m)
		}
		if got := d.conditionsOf(noJournal); len(got) != 1 || !strings.Contains(got[0], "schema 9") {
			t.Errorf("%q", got)
		}
		rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
		ids = append(ids, d.want(finding.Opened, "V-250989").ID)
		rig.Edit(t, d.file(rig.Identity), ">8<", ">15<")
		ids = append(ids, d.want(finding.Resolved, "V-250989").ID)
		d.end()
	}
	if d := cmp.Diff(before, contents(t, state)); d != "" {
		t.Error("something was written to the state folder")
	}
	seen, last := map[string]bool{}, uint64(0)
	for _, m := range received(t, dir, "a") {
		if seen[m.ID] || m.Seq <= last {
			t.Errorf("%s %d after %d", m.ID, m.Seq, last)
		}
		seen[m.ID], last = true, m.Seq
	}
	for _, id := range ids {
		if !seen[id] {
			t.Errorf("%s did not arrive", id)
		}
	}
}
