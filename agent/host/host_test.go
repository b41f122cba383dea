package host

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// both runs a test with openat2, where the kernel has it, and with the walk.
func both(t *testing.T, build func(t *testing.T, root string), test func(t *testing.T, h *Host)) {
	t.Helper()
	for name, walk := range map[string]bool{"openat2": false, "walk": true} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			build(t, root)
			test(t, open(t, Options{Root: root, forceWalk: walk}))
		})
	}
}

func open(t testing.TB, o Options) *Host {
	t.Helper()
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func write(t testing.TB, root, name, text string) {
	t.Helper()
	p := filepath.Join(root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func link(t testing.TB, root, name, target string) {
	t.Helper()
	p := filepath.Join(root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.Symlink(target, p)); err != nil {
		t.Fatal(err)
	}
}

func TestReadFollowsLinksInsideTheRoot(t *testing.T) {
	build := func(t *testing.T, root string) {
		write(t, root, "etc/passwd", "inside\n")
		write(t, root, "usr/lib/os-release", "NAME=x\n")
		link(t, root, "etc/os-release", "../usr/lib/os-release")
		link(t, root, "etc/abs", "/usr/lib/os-release")
		link(t, root, "etc/up", "../../../../../../etc/passwd")
		link(t, root, "lib", "usr/lib")
		link(t, root, "outer", "/../../etc")
	}
	cases := []struct{ path, text, resolved string }{
		{"/etc/passwd", "inside\n", "/etc/passwd"},
		{"/etc//./passwd", "inside\n", "/etc/passwd"},
		{"/etc/os-release", "NAME=x\n", "/usr/lib/os-release"},
		{"/etc/abs", "NAME=x\n", "/usr/lib/os-release"},
		{"/etc/up", "inside\n", "/etc/passwd"},
		{"/lib/os-release", "NAME=x\n", "/usr/lib/os-release"},
		{"/lib/../../etc/passwd", "inside\n", "/etc/passwd"},
		{"/outer/passwd", "inside\n", "/etc/passwd"},
		{"/../../etc/passwd", "inside\n", "/etc/passwd"},
	}
	both(t, build, func(t *testing.T, h *Host) {
		for _, c := range cases {
			f, err := h.Read(c.path)
			if err != nil {
				t.Error(err)
				continue
			}
			if string(f.Bytes) != c.text || f.Resolved != c.resolved || f.Size != int64(len(c.text)) {
				t.Errorf("Read(%q) = %q at %q", c.path, f.Bytes, f.Resolved)
			}
		}
	})
}

func TestReadTellsWhatTheFileIs(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a", "abc")
	if err := os.Chmod(filepath.Join(root, "a"), 0o640|fs.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	f, err := open(t, Options{Root: root}).Read("/a")
	if err != nil {
		t.Fatal(err)
	}
	st, _ := os.Stat(filepath.Join(root, "a"))
	const digest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if f.Digest != digest || f.Mode != 0o640|fs.ModeSetuid || !f.ModTime.Equal(st.ModTime()) {
		t.Errorf("got %+v", f)
	}
}

func TestReadRefuses(t *testing.T) {
	build := func(t *testing.T, root string) {
		write(t, root, "etc/file", "x")
		link(t, root, "loop", "loop")
		link(t, root, "gone", "/nowhere")
		link(t, root, "self", "/proc/self/exe")
		if err := unix.Mkfifo(filepath.Join(root, "fifo"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(root, "etc/file"), DefaultMaxBytes+1); err != nil {
			t.Fatal(err)
		}
		write(t, root, "etc/plain", "x")
	}
	cases := []struct {
		path string
		is   error
		says string
	}{
		{"/none", fs.ErrNotExist, `cannot read "/none": no such file or directory`},
		{"/none/x", fs.ErrNotExist, `cannot read "/none/x": no such file or directory`},
		{"/gone", ErrDangling, `cannot read "/gone": it is a link to nothing inside the root: it points to "/nowhere"`},
		{"/self", ErrDangling, `"/proc/self/exe"`},
		{"/loop", ErrLoop, `cannot read "/loop": too many symbolic links`},
		{"/fifo", ErrNotRegular, `cannot read "/fifo": it is a FIFO, not a regular file`},
		{"/etc", ErrNotRegular, `it is a folder, not a regular file`},
		{"/", ErrNotRegular, `cannot read "/": it is a folder`},
		{"/etc/file", ErrTooLarge, `it is too large: more than 4194304 bytes`},
		{"/etc/plain/", unix.ENOTDIR, `"/etc/plain/": not a directory`},
		{"/etc/plain/x", unix.ENOTDIR, `"/etc/plain/x": not a directory`},
		{"etc/plain", nil, `"etc/plain": it is not an absolute path`},
		{"", nil, `"": it is not an absolute path`},
		{"/etc/pl\x00ain", unix.EINVAL, `invalid argument`},
		{"/" + strings.Repeat("x/", 4000), unix.ENAMETOOLONG, `file name too long`},
	}
	both(t, build, func(t *testing.T, h *Host) {
		for _, c := range cases {
			f, err := h.Read(c.path)
			switch {
			case err == nil:
				t.Errorf("Read(%q) = %q", c.path, f.Bytes)
			case c.is != nil && !errors.Is(err, c.is), !strings.Contains(err.Error(), c.says):
				t.Errorf("Read(%q): %v", c.path, err)
			}
		}
	})
}

func TestReadStaysInsideWhenALinkNamesADevice(t *testing.T) {
	both(t, func(t *testing.T, root string) {
		link(t, root, "zero", "/dev/zero")
		link(t, root, "made", "dev/zero")
		write(t, root, "dev/zero", "a file\n")
	}, func(t *testing.T, h *Host) {
		for _, p := range []string{"/zero", "/made"} {
			if f, err := h.Read(p); err != nil || string(f.Bytes) != "a file\n" {
				t.Errorf("Read(%q): %v", p, err)
			}
		}
	})
	for _, walk := range []bool{false, true} {
		_, err := open(t, Options{forceWalk: walk}).Read("/dev/zero")
		if !errors.Is(err, ErrNotRegular) || !strings.Contains(err.Error(), "a character device") {
			t.Errorf("/dev/zero itself: %v", err)
		}
	}
}

func TestReadProcfs(t *testing.T) {
	for _, walk := range []bool{false, true} {
		h := open(t, Options{forceWalk: walk, MaxBytes: 1 << 20})
		want, err := os.ReadFile("/proc/filesystems")
		if err != nil {
			t.Skip(err)
		}
		if f, err := h.Read("/proc/filesystems"); err != nil || !bytes.Equal(f.Bytes, want) {
			t.Errorf("got %v", err)
		}
		f, err := h.Read("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		if got := filepath.Base(filepath.Dir(f.Resolved)); got == "self" || got == "proc" {
			t.Errorf("resolved to %q", f.Resolved)
		}
		for _, p := range []string{"/proc/self/exe", "/proc/self/root/etc/passwd", "/proc/self/cwd/read.go"} {
			if _, err := h.Read(p); !errors.Is(err, ErrLoop) {
				t.Errorf("%s: %v", p, err)
			}
		}
	}
}

func TestReadCapsFilesThatHideTheirSize(t *testing.T) {
	h := open(t, Options{MaxBytes: 10})
	if _, err := h.Read("/proc/filesystems"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestReadSizesAroundTheCap(t *testing.T) {
	root := t.TempDir()
	h := open(t, Options{Root: root, MaxBytes: 10_000})
	for _, n := range []int{0, 1, 4095, 4096, 4097, 9999, 10_000, 10_001} {
		write(t, root, "f", strings.Repeat("y", n))
		f, err := h.Read("/f")
		if n > 10_000 {
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("%d bytes: %v", n, err)
			}
			continue
		}
		if err != nil || len(f.Bytes) != n {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestPermissionIsAnError(t *testing.T) {
	both(t, func(t *testing.T, root string) {
		write(t, root, "etc/shadow", "x")
		write(t, root, "shut/x", "x")
		mode := errors.Join(os.Chmod(filepath.Join(root, "etc/shadow"), 0),
			os.Chmod(filepath.Join(root, "shut"), 0), os.Chmod(root, 0o755))
		if mode != nil {
			t.Fatal(mode)
		}
		t.Cleanup(func() { os.Chmod(filepath.Join(root, "shut"), 0o755) })
	}, func(t *testing.T, h *Host) {
		asNobody(t, func() {
			for _, p := range []string{"/etc/shadow", "/shut/x", "/shut/none"} {
				if _, err := h.Read(p); !errors.Is(err, fs.ErrPermission) {
					t.Errorf("Read(%q): %v", p, err)
				}
			}
			if _, err := h.Glob("/shut/*"); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("Glob: %v", err)
			}
			if hops, err := h.Hops("/shut/x"); !errors.Is(err, fs.ErrPermission) || len(hops) != 2 {
				t.Errorf("Hops: %v %v", hops, err)
			}
		})
	})
}

// asNobody runs f with the file rights of a plain user: as root, by the file
// system id of this thread, which drops root's capabilities over files too.
func asNobody(t *testing.T, f func()) {
	if os.Getuid() != 0 {
		f()
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, err := unix.SetfsuidRetUid(65534); err != nil {
		t.Fatal(err)
	}
	defer unix.SetfsuidRetUid(0)
	f()
}

func TestFaultStandsForTheKernel(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a/x", "x")
	write(t, root, "b", "x")
	h := open(t, Options{Root: root, Fault: func(p string) error {
		if strings.HasPrefix(p, "/a") {
			return unix.EIO
		}
		return nil
	}})
	if _, err := h.Read("/a/x"); !errors.Is(err, unix.EIO) || !strings.Contains(err.Error(), `"/a/x"`) {
		t.Errorf("Read: %v", err)
	}
	if _, err := h.Glob("/a/*"); !errors.Is(err, unix.EIO) {
		t.Errorf("Glob: %v", err)
	}
	if _, err := h.Read("/b"); err != nil {
		t.Error(err)
	}
}

func TestRootMovesAway(t *testing.T) {
	top := t.TempDir()
	write(t, top, "old/etc/x", "kept")
	link(t, top, "old/l", "/etc/x")
	link(t, top, "name", "old")
	h := open(t, Options{Root: filepath.Join(top, "name")})
	if got, want := h.Real("/etc/../../x"), filepath.Join(top, "old/x"); got != want {
		t.Errorf("Real = %q, want %q", got, want)
	}
	if err := os.Rename(filepath.Join(top, "old"), filepath.Join(top, "new")); err != nil {
		t.Fatal(err)
	}
	f, err := h.Read("/l")
	if err != nil || f.Resolved != "/etc/x" {
		t.Errorf("got %+v, %v", f, err)
	}
}

func TestNoUseAfterClose(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a", "x")
	h := open(t, Options{Root: root})
	h.Close()
	if _, err := h.Read("/a"); err == nil {
		t.Error("read after Close")
	}
}

func TestNewRefusesWhatIsNoFolder(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a", "x")
	for _, p := range []string{"a", "none"} {
		if _, err := New(Options{Root: filepath.Join(root, p)}); err == nil {
			t.Errorf("New(%q) works", p)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	root := b.TempDir()
	write(b, root, "etc/ssh/sshd_config", strings.Repeat("# a line of it\n", 200))
	link(b, root, "etc/l", "/etc/ssh/sshd_config")
	for name, o := range map[string]Options{"openat2": {Root: root}, "walk": {Root: root, forceWalk: true}} {
		h := open(b, o)
		for _, p := range []string{"/etc/ssh/sshd_config", "/etc/l"} {
			b.Run(name+p, func(b *testing.B) {
				for b.Loop() {
					if _, err := h.Read(p); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	b.Run("os.ReadFile", func(b *testing.B) {
		p := filepath.Join(root, "etc/ssh/sshd_config")
		for b.Loop() {
			os.ReadFile(p)
		}
	})
}
