package journal

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
)

// contents are the files of a folder, and when they were written.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, name := range names(t, dir) {
		path := filepath.Join(dir, name)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = info.ModTime().String() + string(b)
	}
	return out
}

// newer is a folder with a journal of schema 3, with its first key still there.
func newer(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	j := open(t, inForm(dir, third()))
	j.Put(nil, alertOf(j))
	j.Telling(Told{Rule: "V-250989", Outcome: "fail", Turn: 1, Seq: 5})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestANewerJournalIsLeftAsItIs(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, path string){
		"as it is": func(*testing.T, string) {},
		"with a form of bbolt's that it would put right when it opens": func(t *testing.T, path string) {
			db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoFreelistSync: true})
			if err == nil {
				err = errors.Join(db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketKept).Put([]byte("x"), []byte("1")) }), db.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newer(t)
			prepare(t, filepath.Join(dir, fileName))
			before := contents(t, dir)
			o := inForm(dir, first())
			o.OnFresh = func(why string) { t.Errorf("a fresh journal: %s", why) }
			for range 2 {
				_, err := Open(o)
				var n *Newer
				if !errors.As(err, &n) || n.Has != 3 || n.Knows != 1 || n.By != "3.0" {
					t.Fatalf("%v", err)
				}
				for _, word := range []string{"schema 3", "schema 1", "install stigwatch 3.0", filepath.Join(dir, fileName), keyName, firstKeyName, "while stigwatch is stopped"} {
					if !strings.Contains(err.Error(), word) {
						t.Errorf("%q does not say %q", err, word)
					}
				}
				if d := cmp.Diff(before, contents(t, dir)); d != "" {
					t.Errorf("something was written: %s", slices.Sorted(maps.Keys(contents(t, dir))))
				}
			}
			err := ReadFile(dir, 0, func(Extent) error { return nil }, func(Sealed) error { return nil })
			if !errors.As(err, new(*Newer)) {
				t.Errorf("reading it: %v", err)
			}
			open(t, inForm(dir, third())).Close()
		})
	}
}

// One that comes to be newer between the look and the opening is not written to either.
func TestANewerJournalTakesNoBuckets(t *testing.T) {
	dir := newer(t)
	db, err := bbolt.Open(filepath.Join(dir, fileName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update((&Journal{o: inForm(dir, first())}).makeBuckets); !errors.As(err, new(*Newer)) {
		t.Error(err)
	}
}

// What the sentence says to do works, and no number comes again: meanwhile they
// were taken from the clock.
func TestAfterANewerJournalWasMovedAwayAFreshOneIsBegun(t *testing.T) {
	dir, aside := newer(t), t.TempDir()
	now := uint64(time.Now().UnixMilli())
	for _, name := range []string{fileName, keyName, firstKeyName} {
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(aside, name)); err != nil {
			t.Fatal(err)
		}
	}
	j := open(t, inForm(dir, first()))
	if n := j.Seq(); n < now {
		t.Errorf("number %d may have been used", n)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, inForm(aside, third())).Close() // it goes on, with its own keys
}

func TestANewerNoteOfWhatWasToldIsLeftAsItIs(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, toldName)
	later := append([]byte(toldMagic), number(toldSchema+1)...)
	if err := os.WriteFile(path, later, 0o600); err != nil {
		t.Fatal(err)
	}
	now := uint64(time.Now().UnixMilli())
	j := open(t, in(dir))
	if err := j.Fault(); err == nil || !strings.Contains(err.Error(), "newer stigwatch (schema 2, this one knows 1)") {
		t.Error(err)
	}
	j.Telling(Told{Rule: "V-250989", Outcome: "fail", Turn: 1, Seq: 5})
	if n := j.Seq(); n < now {
		t.Errorf("number %d may have been used", n)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != string(later) {
		t.Errorf("%q, %v", b, err)
	}
}
