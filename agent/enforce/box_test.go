package enforce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"stigwatch/agent/host"
	"stigwatch/agent/replace"
)

const (
	pathA = "/etc/ssh/sshd_config"
	pathB = "/etc/rsyslog.conf"
)

var (
	oldA = []byte("PermitRootLogin yes\n")
	newA = []byte("PermitRootLogin no\n")
	oldB = []byte("*.* /var/log/messages\n")
	newB = bytes.Repeat([]byte("*.* @@siem.example:6514 # makes it longer than what is written at once\n"), 600)
)

// box is a little machine with two files and an engine.
type box struct {
	root, state string
	clock       time.Time
	o           Options
	reloaded    []string
	forGood     bool // trouble stays: see cutShort
}

func newBox(t testing.TB) *box {
	return boxAt(t, inMemory(t))
}

func boxAt(t testing.TB, dir string) *box {
	b := &box{root: dir + "/root", state: dir + "/state", clock: time.Date(2026, 11, 27, 20, 45, 0, 0, time.UTC)}
	b.o = Options{
		Dir: b.state, Files: replace.Options{Root: b.root, Owner: uint32(os.Getuid())}, Programs: []Program{},
		Now: func() time.Time { return b.clock },
		Reload: func(_ context.Context, units []string) error {
			b.reloaded = append(b.reloaded, units...)
			return nil
		},
	}
	if _, err := os.Lstat(b.root); err == nil {
		return b
	}
	must(t, os.MkdirAll(b.root+"/etc/ssh", 0o755))
	for _, d := range []string{b.root, b.root + "/etc", b.root + "/etc/ssh"} {
		must(t, os.Chmod(d, 0o755))
	}
	b.put(t, pathA, oldA)
	b.put(t, pathB, oldB)
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *box) put(t testing.TB, path string, content []byte) {
	t.Helper()
	must(t, os.WriteFile(b.root+path, content, 0o640))
}

func (b *box) get(t testing.TB, path string) string {
	t.Helper()
	got, err := os.ReadFile(b.root + path)
	must(t, err)
	return string(got)
}

func (b *box) engine(t testing.TB) *Engine {
	t.Helper()
	e, err := Open(b.o)
	must(t, err)
	t.Cleanup(func() { e.Close() })
	return e
}

// job is about both files.
func (b *box) job() Job {
	return Job{
		Rules: []string{"V-250987"}, By: Who{UID: 0, Name: "root"}, Reason: "test",
		Files: []FileChange{
			{Path: pathA, Was: host.Digest(oldA), New: newA, Units: []string{"sshd.service"}},
			{Path: pathB, Was: host.Digest(oldB), New: newB, Units: []string{"rsyslog.service"}},
		},
	}
}

func (b *box) holds(t testing.TB, a, other []byte) {
	t.Helper()
	if got := b.get(t, pathA); got != string(a) {
		t.Errorf("%s holds %.30q, want %.30q", pathA, got, a)
	}
	if got := b.get(t, pathB); got != string(other) {
		t.Errorf("%s holds %.30q, want %.30q", pathB, got, other)
	}
}

// clean fails when something is beside the files.
func (b *box) clean(t testing.TB) {
	t.Helper()
	_ = filepath.WalkDir(b.root, func(p string, _ fs.DirEntry, err error) error {
		if err != nil || strings.Contains(p, ".stigwatch-") {
			t.Errorf("left: %s %v", p, err)
		}
		return nil
	})
}

func (b *box) failed(t testing.TB, err error, step Step, state State) Record {
	t.Helper()
	var f *FailedError
	if !errors.As(err, &f) || f.Record.Failed == nil || f.Record.Failed.Step != step || f.Record.State != state {
		t.Fatalf("want %s at %s, got %v", state, step, err)
	}
	return f.Record
}

// tell says of every file its mode, times, owner and bytes.
func tell(t testing.TB, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(p, &st); err != nil {
			return err
		}
		b, err := os.ReadFile(p)
		all[p] = fmt.Sprintf("%o %d:%d %d.%d %d %s", st.Mode, st.Uid, st.Gid, st.Mtim.Sec, st.Mtim.Nsec, st.Ino, host.Digest(b))
		return err
	}))
	return all
}

func second[T any](_ T, err error) error { return err }
