package replace

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAFileIsReplacedAndCanBeTakenBackUntilItIsSettled(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		tr := tree(t, o)
		before := stat(t, o.Root)
		c := staged(t, tr)
		if got, err := os.ReadFile(c.Path); err != nil || !bytes.Equal(got, newBytes) {
			t.Fatalf("the candidate is not whole: %v", err)
		}
		holds(t, o.Root, oldBytes)
		must(t, c.Commit())
		holds(t, o.Root, newBytes)
		must(t, tr.TakeBack(target, "id-1", pair))
		holds(t, o.Root, oldBytes)
		if after := stat(t, o.Root); after.Ino != before.Ino || after.Mtim != before.Mtim {
			t.Error("it is not the very file that came back")
		}
		must(t, staged(t, tr).Commit())
		must(t, tr.Settle(target, "id-1", pair))
		holds(t, o.Root, newBytes)
		must(t, tr.TakeBack(target, "id-1", pair)) // there is nothing left to take back
		holds(t, o.Root, newBytes)
		if l := leftovers(t, o.Root); l != nil {
			t.Errorf("left: %v", l)
		}
	})
}

func TestWhatIsNotReplaced(t *testing.T) {
	at := func(root string) string { return filepath.Join(root, target) }
	cases := []struct {
		name string
		path string
		make func(t *testing.T, root string, o *Options)
		want error
		says string
	}{
		{"relative", "etc/ssh/sshd_config", nil, ErrPath, ""},
		{"dots", "/etc/../etc/ssh/sshd_config", nil, ErrPath, ""},
		{"double slash", "/etc//ssh/sshd_config", nil, ErrPath, ""},
		{"trailing slash", target + "/", nil, ErrPath, ""},
		{"NUL", target + "\x00", nil, ErrPath, ""},
		{"the root", "/", nil, ErrPath, ""},
		{"empty", "", nil, ErrPath, ""},
		{"missing", "/etc/ssh/nothing", nil, ErrMissing, ""},
		{"missing folder", "/etc/nothing/x", nil, ErrMissing, `"/etc/nothing"`},
		{"a file as folder", target + "/x", nil, ErrMissing, "it is a file"},
		{"link", "", func(t *testing.T, root string, _ *Options) {
			must(t, os.Rename(at(root), at(root)+".real"))
			must(t, os.Symlink("sshd_config.real", at(root)))
		}, ErrLink, "the file itself"},
		{"folder is a link", "", func(t *testing.T, root string, _ *Options) {
			must(t, os.Rename(root+"/etc/ssh", root+"/etc/real"))
			must(t, os.Symlink("real", root+"/etc/ssh"))
		}, ErrLink, `"/etc/ssh" is one`},
		{"folder", "/etc/ssh", nil, ErrNotRegular, "a folder"},
		{"FIFO", "", func(t *testing.T, root string, _ *Options) {
			must(t, os.Remove(at(root)))
			must(t, unix.Mkfifo(at(root), 0o644))
		}, ErrNotRegular, "a FIFO"},
		{"hard link", "", func(t *testing.T, root string, _ *Options) {
			must(t, os.Link(at(root), root+"/etc/other"))
		}, ErrHardLinked, "2"},
		{"folder of the group", "", func(t *testing.T, root string, _ *Options) {
			must(t, os.Chmod(root+"/etc/ssh", 0o775))
		}, ErrFolder, "0775"},
		{"folder of all, higher up", "", func(t *testing.T, root string, _ *Options) {
			must(t, os.Chmod(root+"/etc", 0o757))
		}, ErrFolder, `"/etc" has mode 0757`},
		{"sticky folder", "", func(t *testing.T, root string, _ *Options) {
			must(t, os.Chmod(root+"/etc", 0o777|os.ModeSticky))
		}, ErrFolder, "1777"},
		{"root folder", "", func(t *testing.T, root string, _ *Options) { must(t, os.Chmod(root, 0o770)) }, ErrFolder, `"/" has`},
		{"too large", "", func(_ *testing.T, _ string, o *Options) { o.MaxBytes = 10 }, ErrTooLarge, "10"},
		{"the agent's", "", func(_ *testing.T, _ string, o *Options) { o.Agent = []uint32{o.Owner} }, ErrFolder, "the agent's own"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			put(t, root, target, oldBytes)
			o := Options{Root: root, Owner: uint32(os.Getuid())}
			if c.make != nil {
				c.make(t, root, &o)
			}
			if c.path == "" && c.make != nil {
				c.path = target
			}
			_, err := tree(t, o).Open(c.path)
			if !errors.Is(err, c.want) || !Refused(err) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestForeignOwnersAndFileSystemsAreRefused(t *testing.T) {
	asRoot(t)
	root := t.TempDir()
	put(t, root, target, oldBytes)
	put(t, root, "/mnt/x", oldBytes)
	refused := func(o Options, path string, want error) {
		t.Helper()
		o.Root = root
		if _, err := tree(t, o).Open(path); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	must(t, os.Chown(filepath.Join(root, target), 4242, 0))
	refused(Options{}, target, ErrOwner)
	refused(Options{Owner: 4242, Agent: []uint32{4242}}, target, ErrOwner)
	refused(Options{Owner: 4242}, target, nil) // root's folders are good for all
	must(t, os.Chown(filepath.Join(root, "etc"), 4242, 0))
	refused(Options{}, target, ErrFolder)
	must(t, unix.Mount("tmpfs", filepath.Join(root, "mnt"), "tmpfs", 0, "mode=755"))
	defer unix.Unmount(filepath.Join(root, "mnt"), unix.MNT_DETACH)
	put(t, root, "/mnt/x", oldBytes)
	refused(Options{}, "/mnt/x", ErrDevice)
	refused(Options{Mounts: []string{"/mnt"}}, "/mnt/x", nil)
}

func TestACandidateTakesNobodysPlace(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		tr := tree(t, o)
		f, err := tr.Open(target)
		must(t, err)
		defer f.Close()
		if _, err := f.Stage("a/b", newBytes); err == nil {
			t.Error("an id with a slash was taken")
		}
		if _, err := f.Stage("id-1", bytes.Repeat([]byte{'x'}, DefaultMaxBytes+1)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v", err)
		}
		for _, name := range []string{".stigwatch-id-1-sshd_config", ".stigwatch-id-1.part-sshd_config", ".stigwatch-id-1.was-sshd_config"} {
			p := filepath.Join(o.Root, "etc/ssh", name)
			must(t, os.Symlink("/etc/passwd", p))
			if _, err := f.Stage("id-1", newBytes); !errors.Is(err, ErrLeftover) {
				t.Errorf("%s: %v", name, err)
			}
			if got := leftovers(t, o.Root); !slices.Equal(got, []string{p}) {
				t.Errorf("left: %v", got)
			}
			must(t, os.Remove(p))
		}
	})
}
