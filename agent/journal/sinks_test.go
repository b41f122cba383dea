package journal

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
)

func TestASinkThatCameLaterIsThereAfterACrash(t *testing.T) {
	dir := t.TempDir()
	j := open(t, in(dir))
	one := alertOf(j)
	j.Put(nil, one)
	j.commit()
	j.SetSinks(map[string]Bounds{"siem": {}, "mail": {}, "late": {Most: 1}})
	two := alertOf(j)
	j.Put(nil, two)
	j.commit()
	j.crash()
	o := in(dir)
	o.Sinks["late"] = Bounds{Most: 1}
	j = open(t, o)
	defer j.Close()
	for name, want := range map[string][]uint64{"late": {two.Seq}, "siem": {one.Seq, two.Seq}} {
		if d := cmp.Diff(want, seqs(t, j.Next(name, j.Cursor(name), 9))); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestBoundsMayChangeAndWhatIsBeyondThemGoes(t *testing.T) {
	told := map[string]uint64{}
	o := in(t.TempDir())
	o.OnDropped = func(sink string, n uint64) { told[sink] += n }
	j := open(t, o)
	defer j.Close()
	for range 3 {
		j.Put(nil, alertOf(j))
	}
	j.commit()
	j.SetSinks(map[string]Bounds{"siem": {Most: 1}, "mail": {}})
	j.Put(nil, Record{Kind: Pass})
	j.commit()
	if d := cmp.Diff(map[string]uint64{"siem": 2}, told); d != "" {
		t.Error(d)
	}
}

func TestAForgottenSinkLeavesNothingBehind(t *testing.T) {
	o := in(t.TempDir())
	var fault error
	o.Fault = func(*bbolt.Tx) error { return fault }
	j := open(t, o)
	one := alertOf(j)
	j.Put(nil, one, alertOf(j))
	j.commit()
	j.Done("mail", one.Seq)
	fault = errors.New("no room")
	j.commit() // what did not get to the disk is not to bring it back
	fault = nil
	j.Forget("mail")
	j.Forget("mail")
	j.Done("mail", one.Seq+1)
	j.commit()
	if n := waiting(j, "mail"); n != 0 {
		t.Errorf("%d wait for nobody", n)
	}
	err := j.view(func(tx *bbolt.Tx) error {
		if v := tx.Bucket(bucketSinks).Get([]byte("mail")); v != nil {
			t.Errorf("%x is left", v)
		}
		last := tx.Bucket(bucketEntries).Get(number(j.Head().N))
		e, err := sealedOf(last)
		if err != nil {
			return err
		}
		entry, err := e.Entry()
		var lost delivery
		if json.Unmarshal(entry.Body, &lost); entry.Kind != Dropped || lost != (delivery{"mail", one.Seq + 1, 1}) {
			t.Errorf("the last entry is a %s: %s", entry.Kind, entry.Body)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	j.SetSinks(map[string]Bounds{"mail": {}})
	three := alertOf(j)
	j.Put(nil, three)
	if d := cmp.Diff([]uint64{three.Seq}, seqs(t, j.Next("mail", j.Cursor("mail"), 9))); d != "" {
		t.Error(d)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}
