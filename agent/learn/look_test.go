package learn

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/host"
)

func open(t *testing.T, files map[string]string) (*host.Host, string) {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h, err := host.New(host.Options{Root: root, MaxBytes: 100})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h, root
}

func TestLook(t *testing.T) {
	h, root := open(t, map[string]string{
		"mi/c/x.xml": "<a/>", "mi/c/deep/er/y": "k 1", "mi/c/.hidden": "k 1", "mi/c/[odd]/z": "k 2", "mi/c/s*r": "k 1",
		"mi/c/big": strings.Repeat("x", 101), "mi/files/system/password": "k 1", "mi/other": "k 1",
	})
	for from, to := range map[string]string{"a-loop": ".", "again.xml": "x.xml", "out": "/../../etc/passwd", "to-secrets": "/mi/files/system"} {
		if err := os.Symlink(to, filepath.Join(root, "mi/c", from)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "mi/c/pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Look(h, []string{"mi/c/", "/mi/files", "/mi/other", "/mi/none"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/mi/c/deep/er/y", "/mi/c/x.xml", "/mi/other"}, slices.Sorted(maps.Keys(p.Files))); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"/mi/c/[odd]/z", "/mi/c/big", "/mi/c/out", "/mi/c/s*r"} {
		if p.Unread[name] == "" {
			t.Errorf("nothing is said of %s", name)
		}
	}
}

func TestLookNeedsAFile(t *testing.T) {
	h, _ := open(t, map[string]string{"etc/x": "k 1"})
	if _, err := Look(h, Folders()); err == nil || !strings.Contains(err.Error(), "there is no file") {
		t.Errorf("got %v", err)
	}
}
