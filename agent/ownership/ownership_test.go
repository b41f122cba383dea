package ownership

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

const stranger = 4242

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func asRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() == 0 {
		return
	}
	if os.Getenv("STIGWATCH_NEED_RIGS") == "1" {
		t.Fatal("this needs root, and STIGWATCH_NEED_RIGS=1 says that it must run")
	}
	t.Skip("this needs root: it changes owners")
}

// place makes DIR/a/b/file, and gives DIR.
func place(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	must(t, os.MkdirAll(filepath.Join(dir, "a/b"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "a/b/file"), nil, 0o640))
	for _, name := range []string{"a", "a/b"} {
		must(t, os.Chmod(filepath.Join(dir, name), 0o755))
	}
	return dir
}

func TestWhoCanChangeAPath(t *testing.T) {
	asRoot(t)
	chown := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { must(t, os.Lchown(filepath.Join(dir, name), stranger, -1)) }
	}
	chmod := func(name string, mode os.FileMode) func(*testing.T, string) {
		return func(t *testing.T, dir string) { must(t, os.Chmod(filepath.Join(dir, name), mode)) }
	}
	link := func(name, to string, more ...func(*testing.T, string)) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			must(t, os.Symlink(to, filepath.Join(dir, name)))
			for _, do := range more {
				do(t, dir)
			}
		}
	}
	for _, c := range []struct {
		name, path string
		make       func(t *testing.T, dir string)
		others     bool
	}{
		{"all is root's", "a/b/file", nil, false},
		{"a folder", "a/b", nil, false},
		{"not there yet", "a/x/y/z", nil, false},
		{"another's file", "a/b/file", chown("a/b/file"), true},
		{"a file that others may write", "a/b/file", chmod("a/b/file", 0o622), true},
		{"a file that the group may write", "a/b/file", chmod("a/b/file", 0o620), true},
		{"another's folder", "a/b/file", chown("a/b"), true},
		{"another's folder higher up", "a/b/file", chown("a"), true},
		{"what another could make", "a/x", chown("a"), true},
		{"what another could make further down", "a/x/y", chown("a"), true},
		{"a folder of the group", "a/b/file", chmod("a/b", 0o775), true},
		{"a folder of all higher up", "a/b/file", chmod("a", 0o777), true},
		{"a sticky folder on the way", "a/b/file", chmod("a", 0o777|os.ModeSticky), false},
		{"a sticky folder at the end", "a/b", chmod("a/b", 0o777|os.ModeSticky), true},
		{"to be made in a sticky folder", "a/b/x", chmod("a/b", 0o777|os.ModeSticky), true},
		{"a sticky folder that is root's alone", "a/b", chmod("a/b", 0o755|os.ModeSticky), false},
		{"another's file in a sticky folder", "a/b/file", func(t *testing.T, dir string) {
			chmod("a/b", 0o777|os.ModeSticky)(t, dir)
			chown("a/b/file")(t, dir)
		}, true},
		{"root's link", "l/file", link("l", "a/b"), false},
		{"root's link up and down", "a/l/b/file", link("a/l", "../a"), false},
		{"another's link", "l/file", link("l", "a/b", chown("l")), true},
		{"a link into another's folder", "l/file", link("l", "a/b", chown("a")), true},
		{"root's link in another's folder", "a/l/passwd", link("a/l", "/etc", chown("a")), true},
		{"a link to what is not there", "l/file", link("l", "a/x"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := place(t)
			if c.make != nil {
				c.make(t, dir)
			}
			err := Alone(filepath.Join(dir, c.path))
			if errors.Is(err, ErrOthers) != c.others || !c.others && err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFoldersAreMadeWhereNobodyElseDecides(t *testing.T) {
	asRoot(t)
	dir := place(t)
	if err := Folder(filepath.Join(dir, "a/x/y")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(filepath.Join(dir, "a/x/y")); err != nil || !info.IsDir() {
		t.Error(err)
	}
	must(t, os.Chmod(filepath.Join(dir, "a/b"), 0o777|os.ModeSticky))
	must(t, Folder(filepath.Join(dir, "a/b/mine")))
	must(t, os.Mkdir(filepath.Join(dir, "a/b/theirs"), 0o755))
	must(t, os.Lchown(filepath.Join(dir, "a/b/theirs"), stranger, -1))
	must(t, os.Symlink(filepath.Join(dir, "a"), filepath.Join(dir, "a/b/link")))
	must(t, os.Lchown(filepath.Join(dir, "a/b/link"), stranger, -1))
	for _, name := range []string{"a/b", "a/b/theirs", "a/b/theirs/x", "a/b/link/x", "a/b/file/x"} {
		if err := Folder(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	for _, name := range []string{"a/b/theirs/x", "a/x"} {
		_, err := os.Lstat(filepath.Join(dir, name))
		if there := err == nil; there != (name == "a/x") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLinksInACircleEnd(t *testing.T) {
	asRoot(t)
	dir := place(t)
	must(t, os.Symlink("two", filepath.Join(dir, "one")))
	must(t, os.Symlink("one", filepath.Join(dir, "two")))
	if err := Alone(filepath.Join(dir, "one")); !errors.Is(err, unix.ELOOP) {
		t.Error(err)
	}
}
