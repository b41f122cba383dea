package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

type tree struct {
	Name  string   `key:"name,required"`
	Kinds []string `key:"kinds"`
	Tall  bool     `key:"tall"`
	Rings int64    `key:"rings"`
	Place spot     `key:"place,required"`
	Nest  *spot    `key:"nest"`
}

type spot struct {
	Land string `key:"land,required"`
	Town string `key:"town"`
}

func parseTrees(b []byte) ([]tree, error) {
	var f struct {
		Trees []tree `key:"trees"`
	}
	d := Decode("t.yaml", b, &f)
	for i := range f.Trees {
		f.Trees[i].Name = strings.TrimSpace(f.Trees[i].Name)
	}
	if err := d.Mistakes().Err(); err != nil {
		return nil, err
	}
	return f.Trees, nil
}

var oak = tree{Name: "old \"oak\"", Kinds: []string{"oak", "a b"}, Tall: true, Rings: 300, Place: spot{Land: "no: where"}, Nest: &spot{"x", "true"}}

const oakText = `- name: "old \"oak\""
  kinds: [oak, "a b"]
  tall: true
  rings: 300
  place: {land: "no: where"}
  nest: {land: x, town: "true"}
`

func indented(n int) string {
	pad := strings.Repeat(" ", n)
	return pad + strings.ReplaceAll(strings.TrimSuffix(oakText, "\n"), "\n", "\n"+pad) + "\n"
}

func TestAppendFindsThePlace(t *testing.T) {
	const elm = "name: elm\n    place: {land: a}\n"
	tests := map[string]struct{ before, added string }{
		"no text":            {"", "trees:\n" + indented(2)},
		"comments only":      {"# ours\n", "trees:\n" + indented(2)},
		"a marker only":      {"---\n# ours", "\ntrees:\n" + indented(2)},
		"indented":           {"trees:\n  - " + elm, indented(2)},
		"indented far":       {"trees:\n      - {name: elm, place: {land: a}}\n", indented(6)},
		"not indented":       {"# ours\ntrees:\n- {name: elm, place: {land: a}}\n# the end\n", indented(0)},
		"no last newline":    {"trees:\n  - " + strings.TrimSuffix(elm, "\n"), "\n" + indented(2)},
		"DOS lines":          {strings.ReplaceAll("trees:\n  - "+elm, "\n", "\r\n"), strings.ReplaceAll(indented(2), "\n", "\r\n")},
		"block text last":    {"trees:\n  - place: {land: a}\n    name: |\n      two\n      lines", "\n" + indented(2)},
		"block text kept":    {"trees:\n  - place: {land: a}\n    name: |+\n      two\n\n\n", indented(2)},
		"comment, odd place": {"trees:\n  - " + elm + "        # far\n#near\n", indented(2)},
		"mark of encoding":   {"\uFEFFtrees:\n  - " + elm, indented(2)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "t.yaml")
			put(t, path, tt.before)
			if err := Append(path, "trees", oak, parseTrees); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.before+tt.added, read(t, path)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAppendRefuses(t *testing.T) {
	tests := map[string]struct{ before, want string }{
		"mistake":           {"trees:\n  - name: elm\n", "t.yaml:2: trees[0].place: the key is missing: it has no default"},
		"no value":          {"trees:\n", "t.yaml:1: trees: there is no value: write one, or remove the key to get its default"},
		"brackets":          {"trees: []\n", errBrackets.Error()},
		"brackets, full":    {"trees: [{name: elm, place: {land: a}}]\n", errBrackets.Error()},
		"braces":            {"{}\n", errBrackets.Error()},
		"braces, full":      {"{trees: [{name: elm, place: {land: a}}]}\n", errBrackets.Error()},
		"end of document":   {"trees:\n  - {name: elm, place: {land: a}}\n...\n", "with it the file would have a mistake: t.yaml:3: this is not YAML: "},
		"too large with it": {"trees:\n  - name: elm\n    place: {land: \"" + strings.Repeat("a", MaxBytes-80) + "\"}\n", "with it the file would have a mistake: t.yaml: the file is larger than 1048576 bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "t.yaml")
			put(t, path, tt.before)
			err := Append(path, "trees", oak, parseTrees)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if read(t, path) != tt.before {
				t.Error("the file changed")
			}
			onlyFile(t, path)
		})
	}
}

func TestAppendRefusesAnItemThatReadsDifferently(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.yaml")
	if err := Append(path, "trees", tree{Name: " a\xff", Place: spot{Land: "b"}}, parseTrees); !errors.Is(err, errGarbled) {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("there is a file now")
	}
}

func TestAppendKeepsModeAndOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.yaml")
	if err := Append(path, "trees", oak, parseTrees); err != nil {
		t.Fatal(err)
	}
	if mode := stat(t, path).Mode; mode&0o777 != 0o640 {
		t.Errorf("a new file has mode %o", mode)
	}
	if err := os.Chmod(path, 0o604); err != nil {
		t.Fatal(err)
	}
	uid, gid := uint32(os.Getuid()), uint32(os.Getgid())
	if uid == 0 {
		uid, gid = 65533, 65532
		if err := os.Chown(path, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
	}
	if err := Append(path, "trees", oak, parseTrees); err != nil {
		t.Fatal(err)
	}
	if st := stat(t, path); st.Mode&0o777 != 0o604 || st.Uid != uid || st.Gid != gid {
		t.Errorf("mode %o, owner %d:%d", st.Mode&0o777, st.Uid, st.Gid)
	}
}

func TestAppendGivesANewFileTheFoldersGroup(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may give files away")
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 0, 65532); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "t.yaml")
	if err := Append(path, "trees", oak, parseTrees); err != nil {
		t.Fatal(err)
	}
	if st := stat(t, path); st.Uid != 0 || st.Gid != 65532 {
		t.Errorf("owner %d:%d", st.Uid, st.Gid)
	}
}

func TestAppendKeepsTheLabel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.yaml")
	put(t, path, "")
	label1 := []byte("system_u:object_r:etc_t:s0")
	if err := unix.Setxattr(path, labelName, label1, 0); err != nil {
		t.Skip("no label can be set here:", err)
	}
	if err := Append(path, "trees", oak, parseTrees); err != nil {
		t.Fatal(err)
	}
	if got := label(path); !bytes.Equal(got, label1) {
		t.Errorf("label %q", got)
	}
}

func TestAppendFollowsALink(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	path, link := filepath.Join(other, "t.yaml"), filepath.Join(dir, "link.yaml")
	put(t, path, "# far\n")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := Append(link, "trees", oak, parseTrees); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Lstat(link); err != nil || fi.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
	if !strings.HasPrefix(read(t, path), "# far\ntrees:\n") {
		t.Error("the file did not change")
	}
	dead := filepath.Join(dir, "dead.yaml")
	if err := os.Symlink("nowhere", dead); err != nil {
		t.Fatal(err)
	}
	if err := Append(dead, "trees", oak, parseTrees); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestAppendFaults(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "t.yaml")
	put(t, path, "# ours\n")
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o755)
	asNobody(t, func() {
		if err := Append(path, "trees", oak, parseTrees); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("read-only folder: %v", err)
		}
	})
	if read(t, path) != "# ours\n" {
		t.Error("the file changed")
	}
	onlyFile(t, path)
	if err := Append(filepath.Join(dir, "none", "t.yaml"), "trees", oak, parseTrees); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	if err := Append("/dev/null", "trees", oak, parseTrees); !errors.Is(err, errNotRegular) {
		t.Errorf("no file: %v", err)
	}
}

func TestAppendRefusesWhatWouldChangeTheOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can make another's file")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "t.yaml")
	put(t, path, "# ours\n")
	for _, p := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(p, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		if err := Append(path, "trees", oak, parseTrees); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "owner") {
			t.Error(err)
		}
	})
	onlyFile(t, path)
}

func TestReplaceSeesAnothersChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.yaml")
	put(t, path, "# theirs\n")
	for _, before := range []string{"", "# ours\n"} {
		if err := replace(path, []byte(before), []byte("x")); !errors.Is(err, errChanged) {
			t.Error(err)
		}
	}
	if read(t, path) != "# theirs\n" {
		t.Error("the file changed")
	}
	onlyFile(t, path)
}

func TestAppendLosesNothingToAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.yaml")
	var wg sync.WaitGroup
	const writers, each = 4, 5
	for w := range writers {
		wg.Go(func() {
			for i := 0; i < each; {
				err := Append(path, "trees", tree{Name: fmt.Sprintf("t%d-%d", w, i), Place: spot{Land: "a"}}, parseTrees)
				switch {
				case err == nil:
					i++
				case errors.Is(err, errBusy):
					runtime.Gosched()
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if all, err := parseTrees([]byte(read(t, path))); err != nil || len(all) != writers*each {
		t.Errorf("%d items, %v", len(all), err)
	}
}

func TestAppendLeavesEarlierBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	letters := []rune("aZ09 \"'\\\n\t:#-[]{}*&!%@`|>é…\u00a0\u2028\u202e\U0001F600\x00\x7f\u0085\uFEFF")
	word := func() string {
		var b strings.Builder
		b.WriteByte('w')
		for range r.IntN(12) {
			b.WriteRune(letters[r.IntN(len(letters))])
		}
		return b.String() + "w"
	}
	path := filepath.Join(t.TempDir(), "t.yaml")
	put(t, path, "# ours\ntrees:\n   - place: {land: x}  # here\n     name: elm\n\n   # more:\n")
	want, _ := parseTrees([]byte(read(t, path)))
	for range 60 {
		before := read(t, path)
		item := tree{Name: word(), Kinds: []string{word(), word()}, Place: spot{word(), word()}}
		want = append(want, item)
		if err := Append(path, "trees", item, parseTrees); err != nil {
			t.Fatal(err)
		}
		after := read(t, path)
		if !strings.HasPrefix(after, before) {
			t.Fatal("earlier bytes changed")
		}
		if r.IntN(3) == 0 { // what people do between
			put(t, path, after+[]string{"# by hand", "\n\n", "     # far\n", "#\r\n"}[r.IntN(4)])
		}
	}
	got, err := parseTrees([]byte(read(t, path)))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func FuzzAppended(f *testing.F) {
	f.Add([]byte("trees:\n  - {name: a, place: {land: b}}\n"), "oak", "a: b")
	f.Add([]byte("# a\r\n---\r\n"), "\x00\u2028", "~")
	f.Add([]byte("? trees\n: - name: |+\n     a\n    place: {land: b}\n\n"), "-1", "0x1")
	f.Fuzz(func(t *testing.T, before []byte, name, land string) {
		item := tree{Name: strings.TrimSpace(name), Place: spot{Land: land}}
		after, err := appended(before, "trees", item, parseTrees)
		if err != nil {
			return
		}
		if !bytes.HasPrefix(after, before) {
			t.Fatal("earlier bytes changed")
		}
		had, _ := parseTrees(before)
		has, err := parseTrees(after)
		if diff := cmp.Diff(append(had, item), has); err != nil || diff != "" {
			t.Fatal(err, diff)
		}
	})
}

// asNobody runs f with the file rights of a plain user: as root, by the file
// system id of this thread.
func asNobody(t *testing.T, f func()) {
	t.Helper()
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

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func stat(t *testing.T, path string) (st unix.Stat_t) {
	t.Helper()
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st
}

// onlyFile demands that nothing else was left in the file's folder.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("left there: %v %v", files, err)
	}
}
