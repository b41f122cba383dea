package replace

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"stigwatch/agent/host"
)

const target = "/etc/ssh/sshd_config"

var (
	oldBytes = []byte("PermitRootLogin yes\n")
	newBytes = bytes.Repeat([]byte("PermitRootLogin no # a line that makes it longer than one chunk\n"), 1200)
	pair     = Pair{host.Digest(oldBytes), host.Digest(newBytes)}
)

// both runs a test with the kernel's exchange and with the way without.
func both(t *testing.T, run func(t *testing.T, o Options)) {
	for name, without := range map[string]bool{"exchange": false, "rename": true} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			put(t, root, target, oldBytes)
			run(t, Options{Root: root, Owner: uint32(os.Getuid()), NoExchange: without})
		})
	}
}

func put(t *testing.T, root, path string, b []byte) {
	t.Helper()
	p := filepath.Join(root, path)
	must(t, os.MkdirAll(filepath.Dir(p), 0o755))
	for d := filepath.Dir(p); d != filepath.Dir(root); d = filepath.Dir(d) {
		must(t, os.Chmod(d, 0o755))
	}
	must(t, os.WriteFile(p, b, 0o644))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func tree(t *testing.T, o Options) *Tree {
	t.Helper()
	tr, err := New(o)
	must(t, err)
	t.Cleanup(func() { tr.Close() })
	return tr
}

func staged(t *testing.T, tr *Tree) *Candidate {
	t.Helper()
	f, err := tr.Open(target)
	must(t, err)
	t.Cleanup(f.Close)
	c, err := f.Stage("id-1", newBytes)
	must(t, err)
	return c
}

func holds(t *testing.T, root string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(root, target))
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Errorf("the file holds %.40q…, want %.40q…", got, want)
	}
}

func leftovers(t *testing.T, root string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(root, "etc/ssh/.stigwatch-*"))
	must(t, err)
	return all
}

func stat(t *testing.T, root string) unix.Stat_t {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Lstat(filepath.Join(root, target), &st))
	return st
}

// asRoot skips what only root can set up.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() == 0 {
		return
	}
	if os.Getenv("STIGWATCH_NEED_RIGS") == "1" {
		t.Fatal("this needs root, and STIGWATCH_NEED_RIGS=1 says that it must run")
	}
	t.Skip("this needs root: it mounts and changes owners")
}
