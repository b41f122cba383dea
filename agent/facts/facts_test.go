package facts

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
	"stigwatch/agent/host"
	"stigwatch/agent/mapping"
)

// schema has one fact of each kind that the tests need.
func schema() finding.Schema {
	return finding.Schema{
		"release.version": {Kind: finding.String}, "a.number": {Kind: finding.Integer}, "a.flag": {Kind: finding.Boolean},
		"a.idle_minutes": {Kind: finding.Integer}, "a.lock_seconds": {Kind: finding.Integer}, "a.list": {Kind: finding.Strings},
		"a.path": {Kind: finding.String}, "a.text": {Kind: finding.String},
		"a.servers": {Kind: finding.Records, Fields: map[string]finding.Kind{"host": finding.String, "port": finding.Integer}},
	}
}

// fixture is a root with files, and a reader over it.
type fixture struct {
	t    *testing.T
	root string
	*Reader
}

func fixtureOf(t *testing.T, files map[string]string, fault func(string) error, entries ...mapping.Entry) *fixture {
	t.Helper()
	f := &fixture{t: t, root: t.TempDir()}
	for name, text := range files {
		f.write(name, text)
	}
	h, err := host.New(host.Options{Root: f.root, Fault: fault})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	m := map[string]mapping.Entry{}
	for _, e := range entries {
		m[e.Fact] = e
	}
	f.Reader = New(Options{Host: h, Mapping: m, Schema: schema(), HostName: "here"})
	return f
}

func (f *fixture) write(name, text string) {
	f.t.Helper()
	file := filepath.Join(f.root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
		f.t.Fatal(err)
	}
}

func documented(fact string, from ...mapping.Source) mapping.Entry {
	return mapping.Entry{Fact: fact, Status: mapping.Documented, Assurance: finding.Proxy, From: from}
}

func kv(path string, files ...string) mapping.Source {
	return mapping.Source{Files: files, Lens: "keyvalue", Path: path}
}

func TestStates(t *testing.T) {
	denied := func(p string) error {
		if p == "/denied" {
			return fs.ErrPermission
		}
		return nil
	}
	files := map[string]string{"k": "x = 5\nbad = five\non = Enabled\nsec = 61\nmin = 2\nnever = never\n", "other": "x = 7\n", "empty": "", "nul": "\x00"}
	seconds, minutes := kv("sec", "/k"), kv("min", "/k")
	seconds.Unit, minutes.Unit = "seconds", "minutes"
	for _, c := range []struct {
		name   string
		fact   string
		from   []mapping.Source
		state  finding.State
		value  any
		reason string
	}{
		{"known", "a.number", []mapping.Source{kv("x", "/k")}, finding.Known, int64(5), ""},
		{"a later file wins", "a.number", []mapping.Source{kv("x", "/k", "/other")}, finding.Known, int64(7), ""},
		{"the first source that sets it wins", "a.number", []mapping.Source{kv("y", "/k"), kv("x", "/other")}, finding.Known, int64(7), ""},
		{"absent", "a.number", []mapping.Source{kv("y", "/k")}, finding.Absent, nil, "it is not set"},
		{"absent in an empty file", "a.number", []mapping.Source{kv("x", "/empty")}, finding.Absent, nil, "it is not set"},
		{"missing", "a.number", []mapping.Source{kv("x", "/gone")}, finding.Missing, nil, "no file that could set it is there"},
		{"absent where one of two sources is missing", "a.number", []mapping.Source{kv("x", "/gone"), kv("y", "/k")}, finding.Absent, nil, "it is not set"},
		{"not a number", "a.number", []mapping.Source{kv("bad", "/k")}, finding.Unreadable, nil, `line 2: "five" is not a whole number`},
		{"a folder", "a.number", []mapping.Source{kv("x", "/")}, finding.Unreadable, nil, "it is a folder"},
		{"permission denied", "a.number", []mapping.Source{kv("x", "/denied")}, finding.Unreadable, nil, "permission"},
		{"unreadable hides what comes after", "a.number", []mapping.Source{kv("x", "/denied"), kv("x", "/k")}, finding.Unreadable, nil, "permission"},
		{"unreadable after a known one does not matter", "a.number", []mapping.Source{kv("x", "/k"), kv("x", "/denied")}, finding.Known, int64(5), ""},
		{"one unreadable file of several", "a.number", []mapping.Source{kv("x", "/k", "/denied")}, finding.Unreadable, nil, "permission"},
		{"syntax", "a.number", []mapping.Source{kv("x", "/nul")}, finding.Unreadable, nil, "line 1:"},
		{"on in another spelling", "a.flag", []mapping.Source{kv("on", "/k")}, finding.Known, true, ""},
		{"not a flag", "a.flag", []mapping.Source{kv("sec", "/k")}, finding.Unreadable, nil, "neither on nor off"},
		{"seconds become minutes, rounded up", "a.idle_minutes", []mapping.Source{seconds}, finding.Known, int64(2), ""},
		{"minutes become seconds", "a.lock_seconds", []mapping.Source{minutes}, finding.Known, int64(120), ""},
		{"never is 0 seconds", "a.lock_seconds", []mapping.Source{kv("never", "/k")}, finding.Known, int64(0), ""},
		{"never is no number elsewhere", "a.number", []mapping.Source{kv("never", "/k")}, finding.Unreadable, nil, "not a whole number"},
		{"a lens that there is not", "a.number", []mapping.Source{{Files: []string{"/k"}, Lens: "tarot"}}, finding.Unreadable, nil, "no lens"},
	} {
		t.Run(c.name, func(t *testing.T) {
			snap, _ := fixtureOf(t, files, denied, documented(c.fact, c.from...)).All()
			f := snap[c.fact]
			if f.State != c.state || f.Value != c.value || !strings.Contains(f.Reason, c.reason) || len(f.Evidence) == 0 {
				t.Errorf("%+v", f)
			}
			if c.state == finding.Known && (f.Evidence[0].Line == 0 || !strings.HasPrefix(f.Evidence[0].Digest, "sha256:")) {
				t.Errorf("evidence %+v", f.Evidence)
			}
		})
	}
}

func TestUnmappedAndUnconfirmed(t *testing.T) {
	guess := mapping.Entry{Fact: "a.number", Status: mapping.Assumed, From: []mapping.Source{kv("x", "/k")}}
	snap, _ := fixtureOf(t, map[string]string{"k": "x=5"}, nil, guess).All()
	if f := snap["a.number"]; f.State != finding.Unconfirmed || f.Value != int64(5) || f.Reason == "" || f.Assurance != finding.Unknown {
		t.Errorf("%+v", f)
	}
	if f := snap["a.flag"]; f.State != finding.Unmapped || f.Reason == "" {
		t.Errorf("%+v", f)
	}
}

func TestFileThatAnotherFactNames(t *testing.T) {
	entries := []mapping.Entry{
		documented("a.path", kv("banner", "/k")),
		documented("a.text", mapping.Source{FileOf: "a.path", Lens: "text", Path: "trimmed"}),
	}
	f := fixtureOf(t, map[string]string{"k": "banner = /b1\n", "b1": "one\n", "b2": "two\n"}, nil, entries...)
	want := func(state finding.State, value any) {
		t.Helper()
		if got := f.snap["a.text"]; got.State != state || got.Value != value {
			t.Errorf("%+v, want %s %v", got, state, value)
		}
	}
	f.All()
	want(finding.Known, "one")
	f.write("b1", "uno\n")
	f.Update([]string{"/b1"})
	want(finding.Known, "uno")
	f.write("k", "banner = /b2\n")
	f.Update([]string{"/k"})
	want(finding.Known, "two")
	f.write("b2", "due\n")
	f.Update([]string{"/b2"})
	want(finding.Known, "due")
	f.write("k", "banner = /gone\n")
	f.Update([]string{"/k"})
	want(finding.Missing, nil)
	f.write("k", "")
	f.Update([]string{"/k"})
	want(finding.Absent, nil)
	f.write("k", "banner = relative\n")
	f.Update([]string{"/k"})
	want(finding.Unreadable, nil)
}

func TestUnchangedFactsKeepTheirPointer(t *testing.T) {
	f := fixtureOf(t, map[string]string{"k": "x = 5\non = yes\n", "z": "x = 1\n"}, nil,
		documented("a.number", kv("x", "/k")), documented("a.flag", kv("on", "/k")), documented("a.lock_seconds", kv("x", "/z")))
	before, _ := f.All()
	if again, changed := f.All(); !changed.None() || again["a.number"] != before["a.number"] {
		t.Errorf("nothing changed, and yet %+v", changed)
	}
	f.write("k", "x = 6\non = yes\n")
	after, changed := f.Update([]string{"/k"})
	if d := cmp.Diff(Changes{Values: []string{"a.number"}, Places: []string{"a.flag"}}, changed); d != "" {
		t.Error(d)
	}
	if after["a.lock_seconds"] != before["a.lock_seconds"] || before["a.number"].Value != int64(5) {
		t.Error("an untouched fact was made anew, or an old snapshot was changed")
	}
}

func TestHeldFileKeepsWhatWasRead(t *testing.T) {
	f := fixtureOf(t, map[string]string{"k": "x = 5\n"}, nil, documented("a.number", kv("x", "/k")))
	f.All()
	held := true
	f.Hold(func(string) bool { return held })
	f.write("k", "")
	if snap, _ := f.Update([]string{"/k"}); snap["a.number"].State != finding.Known {
		t.Errorf("a half-written file was judged: %+v", snap["a.number"])
	}
	held = false
	if snap, _ := f.Update([]string{"/k"}); snap["a.number"].State != finding.Absent {
		t.Errorf("%+v", snap["a.number"])
	}
}

func TestIncludeLoopIsUnreadableAndEnds(t *testing.T) {
	sshd := documented("a.path", mapping.Source{Files: []string{"/etc/ssh/sshd_config"}, Lens: "sshd", Path: "banner"})
	f := fixtureOf(t, map[string]string{"etc/ssh/sshd_config": "Include /etc/ssh/a\n", "etc/ssh/a": "Include /etc/ssh/sshd_config\n"}, nil, sshd)
	if snap, _ := f.All(); snap["a.path"].State != finding.Unreadable {
		t.Errorf("%+v", snap["a.path"])
	}
}

func TestIncludedFileMayComeAndGo(t *testing.T) {
	sshd := documented("a.path", mapping.Source{Files: []string{"/etc/ssh/sshd_config"}, Lens: "sshd", Path: "banner"})
	f := fixtureOf(t, map[string]string{"etc/ssh/sshd_config": "Include /etc/ssh/d/*.conf\nBanner /last\n"}, nil, sshd)
	want := func(value, file string) {
		t.Helper()
		if got := f.snap["a.path"]; got.Value != value || got.Evidence[0].File != file {
			t.Errorf("%+v", got)
		}
	}
	f.All()
	want("/last", "/etc/ssh/sshd_config")
	if _, dirs := f.Watch(); !cmp.Equal(dirs, []string{"/etc/ssh/d"}) {
		t.Errorf("watched folders %v", dirs)
	}
	f.write("etc/ssh/d/10.conf", "Banner /first\n")
	f.Update([]string{"/etc/ssh/d/10.conf"})
	want("/first", "/etc/ssh/d/10.conf")
	if err := os.RemoveAll(filepath.Join(f.root, "etc/ssh/d")); err != nil {
		t.Fatal(err)
	}
	f.Update([]string{"/etc/ssh/d"})
	want("/last", "/etc/ssh/sshd_config")
}
