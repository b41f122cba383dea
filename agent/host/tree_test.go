package host

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// TestWalkAgreesWithTheKernel resolves random paths in random trees both ways.
func TestWalkAgreesWithTheKernel(t *testing.T) {
	var found, loops int
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		root := t.TempDir()
		names := randomTree(t, r, root)
		kernel, walk := open(t, Options{Root: root}), open(t, Options{Root: root, forceWalk: true})
		if kernel.walk {
			t.Skip("no openat2 here")
		}
		for range 500 {
			p := randomPath(r, names)
			a, errA := identify(kernel, p)
			b, errB := identify(walk, p)
			if errA != errB || a != b {
				t.Fatalf("seed %d: %q is %q (%v) for the kernel, %q (%v) for the walk", seed, p, a, errA, b, errB)
			}
			if errA == nil {
				found++
				at, _, _ := strings.Cut(a, " ")
				hopsTo(t, walk, p, at)
			}
			if errA == unix.ELOOP {
				loops++
			}
		}
	}
	if found < 1000 || loops < 10 {
		t.Errorf("the trees are too dull: %d found, %d loops", found, loops)
	}
}

// identify gives place, device and inode of what a path means.
func identify(h *Host, p string) (string, error) {
	fd, at, err := h.open(p, nameOnly)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %d %d", at, st.Dev, st.Ino), nil
}

// hopsTo checks that the hops pass where the path was found. With ".." on the
// way it need not be the last of them.
func hopsTo(t *testing.T, h *Host, p, at string) {
	t.Helper()
	hops, err := h.Hops(p)
	if err != nil {
		t.Fatal(err)
	}
	found := slices.ContainsFunc(hops, func(hop Hop) bool { return path.Join(hop.Dir, hop.Name) == h.Real(at) })
	if !found && at != "/" {
		t.Fatalf("hops of %q do not pass %q: %v", p, at, hops)
	}
}

func randomTree(t *testing.T, r *rand.Rand, root string) []string {
	t.Helper()
	names := []string{"a", "b", "c", "d", "e"}
	dirs := []string{""}
	for range 25 {
		p := path.Join(dirs[r.IntN(len(dirs))], names[r.IntN(len(names))])
		full := filepath.Join(root, p)
		switch r.IntN(4) {
		case 0:
			os.WriteFile(full, []byte(p), 0o644)
		case 1, 2:
			if os.Mkdir(full, 0o755) == nil {
				dirs = append(dirs, p)
			}
		case 3:
			os.Symlink(randomPath(r, names)[r.IntN(2):], full)
		}
	}
	return names
}

// randomPath gives an absolute path with some of all that makes paths hard.
func randomPath(r *rand.Rand, names []string) string {
	var b strings.Builder
	for range 1 + r.IntN(5) {
		b.WriteString(strings.Repeat("/", 1+r.IntN(8)/7))
		switch k := r.IntN(10); {
		case k == 0:
			b.WriteString("..")
		case k == 1:
			b.WriteString(".")
		default:
			b.WriteString(names[r.IntN(len(names))])
		}
	}
	if r.IntN(8) == 0 {
		b.WriteString("/")
	}
	return b.String()
}

func TestLinkBudgetIsTheKernels(t *testing.T) {
	both(t, func(t *testing.T, root string) {
		write(t, root, "l0", "end")
		for i := range 41 {
			link(t, root, fmt.Sprintf("l%d", i+1), fmt.Sprintf("l%d", i))
		}
	}, func(t *testing.T, h *Host) {
		if _, err := h.Read("/l40"); err != nil {
			t.Error(err)
		}
		if _, err := h.Read("/l41"); !errors.Is(err, ErrLoop) {
			t.Errorf("41 links: %v", err)
		}
	})
}

func TestHops(t *testing.T) {
	root := t.TempDir()
	write(t, root, "usr/lib/os-release", "x")
	write(t, root, "etc/file", "x")
	link(t, root, "etc/os-release", "../usr/lib/os-release")
	link(t, root, "etc/mi", "/mi/conf")
	link(t, root, "loop", "loop")
	h := open(t, Options{Root: root})
	real := h.Real("/")
	cases := []struct {
		path string
		want []Hop
	}{
		{"/etc/file", []Hop{{real, "etc"}, {real + "/etc", "file"}}},
		{"/etc/none", []Hop{{real, "etc"}, {real + "/etc", "none"}}},
		{"/no/such/x", []Hop{{real, "no"}}},
		{"/etc/file/x", []Hop{{real, "etc"}, {real + "/etc", "file"}}},
		{"/etc/os-release", []Hop{{real, "etc"}, {real + "/etc", "os-release"}, {real, "usr"},
			{real + "/usr", "lib"}, {real + "/usr/lib", "os-release"}}},
		{"/etc/mi/x", []Hop{{real, "etc"}, {real + "/etc", "mi"}, {real, "mi"}}},
		{"/", nil},
	}
	for _, c := range cases {
		got, err := h.Hops(c.path)
		if err != nil {
			t.Error(err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("Hops(%q): %s", c.path, d)
		}
	}
	if hops, err := h.Hops("/loop"); !errors.Is(err, ErrLoop) || len(hops) == 0 {
		t.Errorf("loop: %v %v", hops, err)
	}
}

func TestHopsOfTheMachineItself(t *testing.T) {
	got, err := open(t, Options{}).Hops("/no-such-name")
	if d := cmp.Diff([]Hop{{"/", "no-such-name"}}, got); d != "" || err != nil {
		t.Error(d, err)
	}
}

func TestGlob(t *testing.T) {
	both(t, func(t *testing.T, root string) {
		for _, f := range []string{"d/b.conf", "d/a.conf", "d/.h.conf", "d/c.txt", "d/x/1.conf", "d/y/1.conf", "d/Z.conf", "d/[.conf"} {
			write(t, root, f, "")
		}
		link(t, root, "l", "/d")
		link(t, root, "d/to-nowhere.conf", "/nowhere")
		link(t, root, "dangling", "/nowhere")
	}, func(t *testing.T, h *Host) {
		cases := []struct {
			pattern string
			want    []string
		}{
			{"/d/*.conf", []string{"/d/Z.conf", "/d/[.conf", "/d/a.conf", "/d/b.conf", "/d/to-nowhere.conf"}},
			{"/d/.*.conf", []string{"/d/.h.conf"}},
			{"/d/[a-b].c?nf", []string{"/d/a.conf", "/d/b.conf"}},
			{"/d/[!a].conf", []string{"/d/Z.conf", "/d/[.conf", "/d/b.conf"}},
			{"/l/b*", []string{"/l/b.conf"}},
			{"/d/*/1.conf", []string{"/d/x/1.conf", "/d/y/1.conf"}},
			{"/d/b.conf", []string{"/d/b.conf"}},
			{"/dangling", []string{"/dangling"}},
			{"/d/none", nil},
			{"/none/*", nil},
			{"/dangling/*", nil},
			{"/", []string{"/"}},
		}
		for _, c := range cases {
			got, err := h.Glob(c.pattern)
			if d := cmp.Diff(c.want, got); d != "" || err != nil {
				t.Errorf("Glob(%q): %v %s", c.pattern, err, d)
			}
		}
		for _, p := range []string{"/d/a.conf/*", "/d/[", "d/*", ""} {
			if got, err := h.Glob(p); err == nil {
				t.Errorf("Glob(%q) = %v", p, got)
			}
		}
	})
}

func TestGlobCapsMatches(t *testing.T) {
	root := t.TempDir()
	for i := range 12 {
		write(t, root, fmt.Sprintf("d/%02d", i), "")
	}
	h := open(t, Options{Root: root, MaxMatches: 11})
	if _, err := h.Glob("/d/*"); !errors.Is(err, ErrTooMany) {
		t.Errorf("got %v", err)
	}
	if got, err := h.Glob("/d/0*"); err != nil || len(got) != 10 {
		t.Errorf("got %v, %v", got, err)
	}
}
