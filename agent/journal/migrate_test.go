package journal

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
)

// third is a form as later ones may be: two steps after the first, one of which
// rewrites what is kept.
func third() *form {
	return &form{schema: 3, steps: []func(*bbolt.Tx) error{
		func(tx *bbolt.Tx) error {
			return tx.Bucket(bucketKept).Put([]byte("a"), append(slices.Clone(tx.Bucket(bucketKept).Get([]byte("a"))), '0'))
		},
		func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucket([]byte("later"))
			if err != nil {
				return err
			}
			return b.Put([]byte("k"), []byte("v"))
		},
	}}
}

func inForm(dir string, f *form) Options {
	o := in(dir)
	o.form, o.Version = f, fmt.Sprintf("%d.0", f.schema)
	return o
}

func first() *form { return &form{schema: 1} }

// older is a folder with a journal of schema 1: three entries, two of them alerts that
// wait for two sinks, and a value that is kept.
func older(t testing.TB) (dir string, key Key) {
	t.Helper()
	dir = t.TempDir()
	j := open(t, inForm(dir, first()))
	j.PutKept(map[string]any{"a": 4}, nil, Record{Kind: Start, At: time.Now(), Body: note{}}, alertOf(j), alertOf(j))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, taken(t, dir)
}

// whole tells whether a journal has what older put there, and proves itself.
func whole(t testing.TB, j *Journal, key Key, kept string) {
	t.Helper()
	if got := string(j.Kept("a")); got != kept {
		t.Errorf("what is kept is %s, want %s", got, kept)
	}
	if n := len(j.Next("siem", 0, 10)); n != 2 {
		t.Errorf("%d alerts wait", n)
	}
	var v *Verifier
	err := j.Walk(0, func(x Extent) error { v = NewVerifier(x.Base, &key); return nil }, func(s Sealed) error { return v.Add(s) })
	if err == nil {
		err = v.Done(j.Head().N)
	}
	if err != nil {
		t.Error(err)
	}
}

// names are the files of a folder.
func names(t testing.TB, dir string) []string {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range all {
		out = append(out, e.Name())
	}
	return out
}

const backup1 = fileName + ".schema1.bak"

func TestAnOlderJournalIsBroughtToTodaysSchema(t *testing.T) {
	dir, key := older(t)
	stale := fileName + ".schema0.bak"
	if err := os.WriteFile(filepath.Join(dir, stale), []byte("of long ago"), 0o600); err != nil {
		t.Fatal(err)
	}
	j := open(t, inForm(dir, third()))
	if d := cmp.Diff(&Migration{From: 1, To: 3, Copy: backup1}, j.Migrated()); d != "" {
		t.Error(d)
	}
	j.Put(nil, Record{Kind: Start, At: time.Now(), Body: note{}})
	if err := j.Flush(); err != nil {
		t.Fatal(err)
	}
	whole(t, j, key, "40")
	if got := kinds(t, j); got != "start alert alert migrated start" {
		t.Error(got)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, inForm(dir, third()))
	defer j.Close()
	if j.Migrated() != nil || string(j.Kept("a")) != "40" {
		t.Errorf("it was brought there twice: %v, %s", j.Migrated(), j.Kept("a"))
	}
	if d := cmp.Diff([]string{fileName, backup1, keyName, toldName}, names(t, dir)); d != "" {
		t.Error(d)
	}
	isTheOldOne(t, filepath.Join(dir, backup1), key)
}

// isTheOldOne reads a copy as an older stigwatch would.
func isTheOldOne(t *testing.T, path string, key Key) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	alone := t.TempDir()
	b, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(filepath.Join(alone, fileName), b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	v := NewVerifier(Edge{}, &key)
	if err := ReadFile(alone, 0, func(Extent) error { return nil }, func(s Sealed) error { n++; return v.Add(s) }); err != nil || n != 3 {
		t.Errorf("%d entries, %v", n, err)
	}
}

// steps are what a migration asks about, in order.
func steps(t testing.TB) []string {
	t.Helper()
	dir, _ := older(t)
	var all []string
	o := inForm(dir, third())
	o.step = func(name string) error { all = append(all, name); return nil }
	if err := open(t, o).Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{"room", "create", "copy", "sync", "rename", "sync folder", "schema 2", "schema 3", "mark", "drop older"}
	if d := cmp.Diff(want, all); d != "" {
		t.Fatal(d)
	}
	return all
}

func TestAMigrationThatFailsLeavesTheOldJournal(t *testing.T) {
	all := steps(t)
	faults := map[string]func() error{
		"error": func() error { return errors.New("no luck") },
		"full":  func() error { return syscall.ENOSPC },
		"panic": func() error { panic("a mistake in a step") },
		"words": func() error { return errBroken },
	}
	for _, at := range all[:len(all)-1] { // at the last one it is done
		for name, fault := range faults {
			dir, key := older(t)
			o := inForm(dir, third())
			o.OnFresh = func(why string) { t.Errorf("%s at %q: a fresh journal: %s", name, at, why) }
			o.step = func(name string) error {
				if name == at {
					return fault()
				}
				return nil
			}
			_, err := Open(o)
			if err == nil || !strings.Contains(err.Error(), "cannot bring it from schema 1 to 3, it is as it was") {
				t.Errorf("%s at %q: %v", name, at, err)
			}
			if d := cmp.Diff([]string{fileName, keyName, toldName}, names(t, dir)); d != "" {
				t.Errorf("%s at %q: %s", name, at, d)
			}
			bothGoOn(t, dir, key)
		}
	}
}

// bothGoOn has the older stigwatch go on with a folder, and then the newer one.
func bothGoOn(t *testing.T, dir string, key Key) {
	t.Helper()
	for _, f := range []*form{first(), third()} {
		j := open(t, inForm(dir, f))
		whole(t, j, key, map[uint64]string{1: "4", 3: "40"}[f.schema])
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

const childStep = "STIGWATCH_JOURNAL_STEP"

// TestChildThatMigrates is killed at a step.
func TestChildThatMigrates(t *testing.T) {
	dir, at := os.Getenv(childFolder), os.Getenv(childStep)
	if dir == "" || at == "" {
		t.Skip("only as a child")
	}
	o := inForm(dir, third())
	o.step = func(name string) error {
		if name == at {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	}
	_, err := Open(o)
	t.Error("it came through", err)
}

func TestKilledInAMigrationEitherGoesOn(t *testing.T) {
	all := steps(t)
	for _, at := range all {
		dir, key := older(t)
		cmd := exec.Command(os.Args[0], "-test.run=^TestChildThatMigrates$")
		cmd.Env = append(os.Environ(), childFolder+"="+dir, childStep+"="+at, "GORACE=atexit_sleep_ms=0")
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("at %q: %v\n%s", at, err, out)
		}
		if at == all[len(all)-1] { // it was committed
			isTheOldOne(t, filepath.Join(dir, backup1), key)
		} else {
			bothGoOn(t, dir, key)
		}
		j := open(t, inForm(dir, third()))
		whole(t, j, key, "40")
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if left := slices.DeleteFunc(names(t, dir), func(n string) bool { return !strings.HasSuffix(n, ".new") }); len(left) > 0 {
			t.Errorf("at %q: %v is left", at, left)
		}
	}
}

// A file that cannot be read is broken, whatever its schema, though only a step comes
// upon that: then a fresh one is begun, as ever.
func TestAnOlderJournalThatIsBrokenIsBegunAfresh(t *testing.T) {
	dir := t.TempDir()
	j := open(t, inForm(dir, first()))
	marker := strings.Repeat("marker", 500)
	j.PutKept(map[string]any{"a": marker, "b": marker, "c": marker}, nil)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, fileName)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	for at := strings.Index(string(b), marker); at >= 0; at = -1 {
		copy(b[at/page*page+8:], "\xff\xff") // what kind of page it is
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	fresh := ""
	o := inForm(dir, third())
	o.OnFresh = func(why string) { fresh = why }
	j, err = Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if !strings.Contains(fresh, "from schema 1 to 3") || !slices.ContainsFunc(names(t, dir), func(n string) bool { return strings.HasPrefix(n, fileName+".broken-") }) {
		t.Errorf("%q: %v", fresh, names(t, dir))
	}
}

func TestWithoutRoomForTheCopyNothingIsBegun(t *testing.T) {
	err := room(t.TempDir(), 1<<60)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "MiB are free") || !strings.Contains(err.Error(), "make room") {
		t.Error(err)
	}
	if err := room(t.TempDir(), 1); err != nil {
		t.Error(err)
	}
}
