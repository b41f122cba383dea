package stig

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func named(name, release string, rules ...Rule) *Benchmark {
	b := made(rules...)
	b.Name, b.Release = name, release
	return b
}

func keep(t *testing.T, dir string, b *Benchmark) (string, bool) {
	t.Helper()
	path, written, err := Keep(dir, b)
	if err != nil {
		t.Fatal(err)
	}
	return path, written
}

func TestWhatIsKeptLoadsBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state") // that is not there yet
	if got, err := Load(dir); err != nil || got != nil {
		t.Errorf("of nothing: %v, %v", got, err)
	}
	want := []*Benchmark{named("alg", "V3R2", madeRule(11)), named("ndm", "V9R1", madeRule(1)), named("ndm", "V10R1", madeRule(1), madeRule(2))}
	for _, b := range []*Benchmark{want[2], want[0], want[1]} {
		path, written := keep(t, dir, b)
		if !written || path != filepath.Join(dir, "stig", b.Name+"-"+b.Release+".json") {
			t.Errorf("%s: %v", path, written)
		}
		if fi, err := os.Stat(path); err != nil || fi.Mode() != 0o640 {
			t.Errorf("%v, %v", fi.Mode(), err)
		}
	}
	got, err := Load(dir)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "stig", ".*")); len(left) > 0 {
		t.Errorf("left there: %v", left)
	}
}

func TestKeepReplacesOnlyWhatDiffers(t *testing.T) {
	dir := t.TempDir()
	path, _ := keep(t, dir, named("ndm", "V3R2", madeRule(1)))
	old := time.Unix(1e9, 0)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	if _, written := keep(t, dir, named("ndm", "V3R2", madeRule(1))); written {
		t.Error("the same was written again")
	}
	if fi, err := os.Stat(path); err != nil || !fi.ModTime().Equal(old) {
		t.Errorf("touched: %v, %v", fi.ModTime(), err)
	}
	if _, written := keep(t, dir, named("ndm", "V3R2", madeRule(2))); !written {
		t.Error("another was not written")
	}
	got, err := Load(dir)
	if err != nil || len(got) != 1 || got[0].Rules[0].Rule != "V-000002" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestKeepRefusesNamesThatLeadElsewhere(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"", "../x", "a/b", "NDM", ".ndm"} {
		if _, _, err := Keep(dir, named(name, "V3R2", madeRule(1))); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
	if _, _, err := Keep(dir, named("ndm", "../V3R2", madeRule(1))); err == nil {
		t.Error("a release was taken")
	}
	if files, _ := os.ReadDir(dir); len(files) > 0 {
		t.Errorf("left there: %v", files)
	}
}

func TestKeepFollowsNoLinkOutOfTheStateFolder(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(dir, "stig")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Keep(dir, named("ndm", "V3R2", madeRule(1))); err == nil {
		t.Error("followed")
	}
	if _, err := Load(dir); err == nil {
		t.Error("loaded")
	}
	if files, _ := os.ReadDir(elsewhere); len(files) > 0 {
		t.Errorf("left there: %v", files)
	}
}

func TestKeepTakesThePlaceOfALinkAndAPipe(t *testing.T) {
	dir := t.TempDir()
	path, _ := keep(t, dir, named("ndm", "V3R2", madeRule(1)))
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, put := range map[string]func() error{
		"link": func() error { return os.Symlink(victim, path) },
		"pipe": func() error { return syscall.Mkfifo(path, 0o600) },
	} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := put(); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); err == nil {
			t.Errorf("%s: loaded", name)
		}
		if _, written := keep(t, dir, named("ndm", "V3R2", madeRule(1))); !written {
			t.Errorf("%s: not replaced", name)
		}
		if fi, err := os.Lstat(path); err != nil || !fi.Mode().IsRegular() {
			t.Errorf("%s: %v, %v", name, fi.Mode(), err)
		}
	}
	if b, err := os.ReadFile(victim); err != nil || string(b) != "ours" {
		t.Errorf("the link was written through: %q, %v", b, err)
	}
}

func TestLoadTellsOfBrokenFilesAndGivesTheOthers(t *testing.T) {
	dir := t.TempDir()
	keep(t, dir, named("alg", "V3R2", madeRule(11)))
	path, _ := keep(t, dir, named("ndm", "V3R2", madeRule(1)))
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "stig", name), []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	put(".ndm-V9R9.json.LEFT", "half")
	put(".x.json", "half")
	for name, text := range map[string]string{
		"null":          "null",
		"cut off":       string(good[:len(good)/2]),
		"later format":  strings.Replace(string(good), `"format": 1`, `"format": 2`, 1),
		"another's":     strings.Replace(string(good), "V3R2", "V3R3", 1),
		"odd severity":  strings.Replace(string(good), `"medium"`, `"none"`, 1),
		"odd benchmark": strings.Replace(string(good), `"ndm"`, `"../ndm"`, 1),
	} {
		put("ndm-V3R2.json", text)
		got, err := Load(dir)
		if err == nil || !strings.Contains(err.Error(), "ndm-V3R2.json") || strings.Contains(err.Error(), "LEFT") || len(got) != 1 || got[0].Name != "alg" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, written := keep(t, dir, named("ndm", "V3R2", madeRule(1))); !written {
		t.Error("a broken file was left there")
	}
	if got, err := Load(dir); err != nil || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestFaultsOfTheStateFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, fs.ModePerm); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Keep(file, named("ndm", "V3R2", madeRule(1))); err == nil {
		t.Error("kept in a file")
	}
	if _, err := Load(file); err == nil {
		t.Error("loaded from a file")
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "stig", "ndm-V3R2.json", "x"), 0o750); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Keep(dir, named("ndm", "V3R2", madeRule(1))); err == nil {
		t.Error("a folder was replaced")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "stig", ".*")); len(left) > 0 {
		t.Errorf("left there: %v", left)
	}
}
