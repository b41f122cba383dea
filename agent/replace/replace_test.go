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
			run(t, Options{Root: root, Owner: uint32(os.Getuid()), noExchange: without})
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

func stat(t *testing.T, root string) unix.Stat_t {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Lstat(filepath.Join(root, target), &st))
	return st
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

func TestMetadataIsKept(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		p := filepath.Join(o.Root, target)
		if os.Getuid() == 0 {
			o.Owner = 4242
			must(t, os.Chown(p, 4242, 4343))
			must(t, unix.Setxattr(p, "security.selinux", []byte("system_u:object_r:etc_t:s0\x00"), 0))
		}
		must(t, os.Chmod(p, 0o640|os.ModeSetuid))
		must(t, unix.Setxattr(p, "user.note", []byte("kept"), 0))
		must(t, unix.Setxattr(p, "system.posix_acl_access", acl(4, 44), 0))
		must(t, unix.Setxattr(filepath.Dir(p), "system.posix_acl_default", acl(6, 45), 0)) // must not rub off
		tr := tree(t, o)
		f, err := tr.Open(target)
		must(t, err)
		defer f.Close()
		c, err := f.Stage("id-1", newBytes)
		must(t, err)
		must(t, c.Commit())
		now, err := tr.Open(target)
		must(t, err)
		defer now.Close()
		if !now.Meta.Equal(f.Meta) || len(now.Meta.Xattrs) < 2 || now.Meta.Mode&unix.S_ISUID == 0 {
			t.Errorf("it was %s and is %s", f.Meta, now.Meta)
		}
		if !bytes.Equal(now.Meta.Xattrs["system.posix_acl_access"], f.Meta.Xattrs["system.posix_acl_access"]) {
			t.Error("another ACL")
		}
	})
}

func TestWhatTheFolderGivesNewFilesIsTakenOff(t *testing.T) {
	root := t.TempDir()
	put(t, root, target, oldBytes)
	must(t, unix.Setxattr(filepath.Dir(root+target), "system.posix_acl_default", acl(6, 45), 0))
	tr := tree(t, Options{Root: root, Owner: uint32(os.Getuid())})
	must(t, staged(t, tr).Commit())
	now, err := tr.Open(target)
	must(t, err)
	defer now.Close()
	if len(now.Meta.Xattrs) != 0 || now.Meta.Mode != 0o644 {
		t.Errorf("it is %s", now.Meta)
	}
}

func TestMetadataThatCannotBeHadIsRefused(t *testing.T) {
	root := t.TempDir()
	put(t, root, target, oldBytes)
	f, err := tree(t, Options{Root: root, Owner: uint32(os.Getuid())}).Open(target)
	must(t, err)
	defer f.Close()
	m := f.Meta
	m.Mode, m.Xattrs = 0o604, map[string][]byte{"system.posix_acl_access": acl(4, 44)} // its mask says rw
	if _, err := f.StageAs("id-1", newBytes, m); err == nil || !strings.Contains(err.Error(), "cannot keep mode") {
		t.Errorf("got %v", err)
	}
	m.Xattrs = map[string][]byte{"nonsense.x": nil}
	if _, err := f.StageAs("id-1", newBytes, m); !errors.Is(err, unix.ENOTSUP) {
		t.Errorf("got %v", err)
	}
	if l := leftovers(t, root); l != nil {
		t.Errorf("left: %v", l)
	}
}

// acl is an access control list that gives a user rights, as the kernel has it.
func acl(perm, uid byte) []byte {
	b := []byte{2, 0, 0, 0}
	for _, e := range [][3]byte{{0x01, 6, 0xff}, {0x02, perm, uid}, {0x04, 4, 0xff}, {0x10, 6, 0xff}, {0x20, 0, 0xff}} {
		id := []byte{0xff, 0xff, 0xff, 0xff}
		if e[0] == 0x02 {
			id = []byte{uid, 0x11, 0, 0}
		}
		b = append(append(b, e[0], 0, e[1], 0), id...)
	}
	return b
}

func TestMetadataOfTheCallersChoiceIsGiven(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		tr := tree(t, o)
		f, err := tr.Open(target)
		must(t, err)
		defer f.Close()
		m := f.Meta
		m.Mode, m.Xattrs = 0o600, map[string][]byte{"user.note": []byte("other")}
		c, err := f.StageAs("id-1", newBytes, m)
		must(t, err)
		must(t, c.Commit())
		now, err := tr.Open(target)
		must(t, err)
		defer now.Close()
		if !now.Meta.Equal(m) {
			t.Errorf("wanted %s, it is %s", m, now.Meta)
		}
	})
}

// Whatever somebody else does to the file, at whichever step, is not lost.
func TestAnEditInTheLastInstantIsKept(t *testing.T) {
	theirs := []byte("somebody else was here\n")
	edits := map[string]func(t *testing.T, p string){
		"in place": func(t *testing.T, p string) { must(t, os.WriteFile(p, theirs, 0o644)) },
		"by rename": func(t *testing.T, p string) {
			must(t, os.WriteFile(p+".tmp", theirs, 0o644))
			must(t, os.Rename(p+".tmp", p))
		},
	}
	for how, edit := range edits {
		both(t, func(t *testing.T, o Options) {
			for _, step := range []string{"create new content of", "sync new content of", "look again at", "swap", "rename over", "look at what came out of", "read back"} {
				if step == "rename over" && !o.noExchange {
					continue
				}
				put(t, o.Root, target, oldBytes)
				o.Step = func(name string) error {
					if name == step+" "+target {
						edit(t, filepath.Join(o.Root, target))
					}
					return nil
				}
				tr := tree(t, o)
				f, err := tr.Open(target)
				must(t, err)
				c, err := f.Stage("id-1", newBytes)
				must(t, err)
				if err := c.Commit(); !errors.Is(err, ErrChanged) {
					t.Errorf("%s at %q: %v", how, step, err)
				}
				f.Close()
				o.Step = nil
				must(t, tree(t, o).Settle(target, "id-1", pair))
				got, err := os.ReadFile(filepath.Join(o.Root, target))
				must(t, err)
				if !bytes.Equal(got, theirs) {
					t.Errorf("%s at %q: it holds %.30q", how, step, got)
				}
				if l := leftovers(t, o.Root); l != nil {
					t.Errorf("%s at %q left %v", how, step, l)
				}
			}
		})
	}
}

// The first edit comes before the exchange, the second while the first is put back.
func TestOfTwoEditsInTheLastInstantTheLaterIsKept(t *testing.T) {
	root := t.TempDir()
	put(t, root, target, oldBytes)
	o := Options{Root: root, Owner: uint32(os.Getuid())}
	edits := map[string]string{"swap": "first\n", "put back": "second\n"}
	o.Step = func(name string) error {
		step := strings.TrimSuffix(name, " "+target)
		if b, ok := edits[step]; ok {
			delete(edits, step)
			must(t, os.WriteFile(root+target+".tmp", []byte(b), 0o644))
			must(t, os.Rename(root+target+".tmp", root+target))
		}
		return nil
	}
	tr := tree(t, o)
	c := staged(t, tr)
	if err := c.Commit(); !errors.Is(err, ErrChanged) || c.Swapped() || len(edits) != 0 {
		t.Errorf("got %v, %v", err, edits)
	}
	holds(t, root, []byte("second\n"))
	must(t, tr.Settle(target, "id-1", pair))
	holds(t, root, []byte("second\n"))
}

func TestAFileThatSomebodyWritesToIsNotReplaced(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		for _, step := range []string{"look again at", "swap"} {
			var writer *os.File
			o.Step = func(name string) error {
				if name == step+" "+target {
					var err error
					writer, err = os.OpenFile(filepath.Join(o.Root, target), os.O_WRONLY, 0)
					must(t, err)
				}
				return nil
			}
			tr := tree(t, o)
			if err := staged(t, tr).Commit(); !errors.Is(err, ErrWritten) {
				t.Errorf("at %q: %v", step, err)
			}
			must(t, tr.Settle(target, "id-1", pair))
			if _, err := writer.WriteAt(bytes.ToUpper(oldBytes), 0); err != nil {
				t.Fatal(err)
			}
			writer.Close()
			holds(t, o.Root, bytes.ToUpper(oldBytes))
			must(t, os.WriteFile(filepath.Join(o.Root, target), oldBytes, 0o644))
		}
	})
}

func TestAFileThatBecomesSomethingElseIsNotReplaced(t *testing.T) {
	tricks := map[string]func(t *testing.T, root string){
		"link": func(t *testing.T, root string) {
			must(t, os.Rename(root+target, root+"/etc/elsewhere"))
			must(t, os.Symlink("/etc/elsewhere", root+target))
		},
		"folder link": func(t *testing.T, root string) {
			must(t, os.Rename(root+"/etc/ssh", root+"/etc/elsewhere"))
			must(t, os.Symlink("elsewhere", root+"/etc/ssh"))
		},
		"other folder": func(t *testing.T, root string) {
			must(t, os.Rename(root+"/etc/ssh", root+"/etc/elsewhere"))
			put(t, root, target, oldBytes)
		},
		"gone":      func(t *testing.T, root string) { must(t, os.Remove(root+target)) },
		"hard link": func(t *testing.T, root string) { must(t, os.Link(root+target, root+"/etc/second")) },
		"mode":      func(t *testing.T, root string) { must(t, os.Chmod(root+target, 0o600)) },
	}
	for trick, do := range tricks {
		for _, step := range []string{"look again at", "swap"} {
			t.Run(trick+" at "+step, func(t *testing.T) {
				root := t.TempDir()
				put(t, root, target, oldBytes)
				o := Options{Root: root, Owner: uint32(os.Getuid())}
				o.Step = func(name string) error {
					if name == step+" "+target {
						do(t, root)
					}
					return nil
				}
				err := staged(t, tree(t, o)).Commit()
				if trick == "gone" && step == "swap" && errors.Is(err, unix.ENOENT) {
					return
				}
				if !Refused(err) {
					t.Errorf("got %v", err)
				}
				found := ""
				_ = filepath.Walk(root, func(p string, st os.FileInfo, err error) error {
					if b, _ := os.ReadFile(p); bytes.Equal(b, newBytes) && !strings.Contains(p, ".stigwatch-") {
						found = p
					}
					return err
				})
				if found != "" {
					t.Errorf("the new content got the name %q", found)
				}
			})
		}
	}
}

// steps gives the name of each step of a whole replacement.
func steps(t *testing.T, o Options, back bool) []string {
	t.Helper()
	var names []string
	o.Step = func(name string) error {
		names = append(names, name)
		return nil
	}
	put(t, o.Root, target, oldBytes)
	must(t, replace(t, o, back))
	return names
}

// replace does one whole replacement, and takes it back.
func replace(t *testing.T, o Options, back bool) error {
	tr := tree(t, o)
	f, err := tr.Open(target)
	must(t, err)
	defer f.Close()
	c, err := f.Stage("id-1", newBytes)
	if err != nil {
		return err
	}
	if err := c.Commit(); err != nil {
		return err
	}
	if back {
		return tr.TakeBack(target, "id-1", pair)
	}
	return tr.Settle(target, "id-1", pair)
}

func TestAFaultAtAnyStepLeavesOneContentWholeAndIsSettled(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		for _, back := range []bool{false, true} {
			all := steps(t, o, back)
			if len(all) < 10 {
				t.Fatalf("only %d steps: %v", len(all), all)
			}
			for n, name := range all {
				for _, fault := range []error{unix.EIO, unix.ENOSPC, unix.EROFS, unix.EACCES} {
					put(t, o.Root, target, oldBytes)
					i := 0
					o.Step = func(string) error {
						if i++; i == n+1 {
							return fault
						}
						return nil
					}
					if err := replace(t, o, back); !errors.Is(err, fault) {
						t.Fatalf("%v at %q: %v", fault, name, err)
					}
					got, err := os.ReadFile(filepath.Join(o.Root, target))
					if err != nil || !bytes.Equal(got, oldBytes) && !bytes.Equal(got, newBytes) {
						t.Fatalf("%v at %q: it holds %.30q, %v", fault, name, got, err)
					}
					o.Step = nil
					tr := tree(t, o)
					must(t, tr.TakeBack(target, "id-1", pair))
					if l := leftovers(t, o.Root); l != nil {
						t.Fatalf("%v at %q left %v", fault, name, l)
					}
				}
			}
		}
	})
}

func TestSettleTellsContentsApart(t *testing.T) {
	theirs := []byte("theirs\n")
	cases := []struct {
		name       string
		at, beside []byte
		part, back bool
		was, link  bool // under the name of the way without exchange
		want       []byte
	}{
		{name: "a candidate", at: oldBytes, beside: newBytes, want: oldBytes},
		{name: "half a candidate", at: newBytes, beside: oldBytes[:4], part: true, want: newBytes},
		{name: "swapped out, forward", at: newBytes, beside: oldBytes, want: newBytes},
		{name: "swapped out, back", at: newBytes, beside: oldBytes, back: true, want: oldBytes},
		{name: "theirs was swapped out", at: newBytes, beside: theirs, want: theirs},
		{name: "theirs was swapped out, back", at: newBytes, beside: theirs, back: true, want: theirs},
		{name: "theirs was swapped out by a way back", at: oldBytes, beside: theirs, want: theirs},
		{name: "edited after", at: theirs, beside: oldBytes, back: true, want: theirs},
		{name: "renamed, forward", at: newBytes, beside: oldBytes, was: true, want: newBytes},
		{name: "renamed, back", at: newBytes, beside: oldBytes, was: true, back: true, want: oldBytes},
		{name: "theirs was renamed over", at: newBytes, beside: theirs, was: true, want: theirs},
		{name: "renamed and edited after", at: theirs, beside: oldBytes, was: true, back: true, want: theirs},
		{name: "linked only", at: oldBytes, beside: oldBytes, was: true, link: true, want: oldBytes},
		{name: "linked and edited", at: newBytes, beside: newBytes, was: true, link: true, back: true, want: newBytes},
		{name: "edited after, candidate there", at: theirs, beside: newBytes, want: theirs},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			put(t, root, target, c.at)
			names, err := namesFor("id-1", "sshd_config")
			must(t, err)
			name := names.whole
			if c.part {
				name = names.part
			}
			if c.was {
				name = names.was
			}
			if c.link {
				must(t, os.Link(root+target, filepath.Join(root, "etc/ssh", name)))
			} else {
				must(t, os.WriteFile(filepath.Join(root, "etc/ssh", name), c.beside, 0o600))
			}
			tr := tree(t, Options{Root: root, Owner: uint32(os.Getuid())})
			for range 2 {
				must(t, tr.settle(target, "id-1", pair, c.back))
				holds(t, root, c.want)
			}
			if l := leftovers(t, root); l != nil {
				t.Errorf("left: %v", l)
			}
		})
	}
}

func TestAnEditDuringTheWayBackIsKept(t *testing.T) {
	theirs := []byte("theirs\n")
	for _, step := range []string{"put back", "look at what came out of"} {
		for _, how := range []string{"written", "written and held", "held"} {
			t.Run(step+how, func(t *testing.T) {
				root := t.TempDir()
				put(t, root, target, oldBytes)
				o := Options{Root: root, Owner: uint32(os.Getuid())}
				must(t, staged(t, tree(t, o)).Commit())
				mine, err := os.OpenFile(filepath.Join(root, target), os.O_WRONLY, 0)
				must(t, err)
				defer mine.Close()
				once := true
				o.Step = func(name string) error {
					if name == step+" "+target && once {
						once = false
						if how != "held" {
							must(t, mine.Truncate(0))
							_, err := mine.Write(theirs)
							must(t, err)
						}
						if how == "written" {
							mine.Close()
						}
					}
					return nil
				}
				if err := tree(t, o).TakeBack(target, "id-1", pair); !Refused(err) {
					t.Errorf("got %v", err)
				}
				if how == "held" { // and written now
					must(t, mine.Truncate(0))
					_, err := mine.Write(theirs)
					must(t, err)
				}
				holds(t, root, theirs)
				if l := leftovers(t, root); l != nil {
					t.Errorf("left: %v", l)
				}
			})
		}
	}
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
