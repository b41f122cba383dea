package confine_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/confine"
)

// fenced has the child do what it tries, and skips where the kernel has no Landlock.
func fenced(t *testing.T, args ...string) (said, string) {
	t.Helper()
	program := child(t)
	dir := t.TempDir()
	for _, d := range []string{"in/deep", "out", "elsewhere"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"in/file", "in/deep/file", "out/file"} {
		if err := os.WriteFile(filepath.Join(dir, f), []byte("text"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, append([]string{"fence"}, args...)...)
	cmd.Dir = dir
	s := tell(t, cmd)
	for _, m := range s.State.Missing {
		if strings.Contains(m, "this kernel") {
			t.Skip("NOT TESTED: " + m)
		}
	}
	return s, dir
}

func TestFence(t *testing.T) {
	got, dir := fenced(t, "", "in")
	const no = "permission denied"
	if got.State.Landlock < 1 || !cmp.Equal(got.State.Writes, []string{"in"}) || len(got.State.Missing) > 0 {
		t.Errorf("got %+v", got.State)
	}
	if !strings.HasPrefix(got.State.String(), "Landlock ABI ") {
		t.Errorf("got %q", got.State.String())
	}
	got.State = confine.State{}
	want := said{
		Made:    map[string]string{"in/new": "yes", "in/deep/new": "yes", "out/new": no},
		Wrote:   map[string]string{"in/file": "yes", "in/deep/file": "yes", "out/file": no},
		Cut:     map[string]string{"in/file": "yes", "in/deep/file": "yes", "out/file": no},
		Moved:   map[string]string{"in/file": "yes", "in/deep/file": "yes", "out/file": no},
		Removed: map[string]string{"in/file": "yes", "in/deep/file": "yes", "out/file": no},
		Threads: []string{no}, // of those that were there before, too
		Reads:   "yes", Exec: no, Listen: no, Renamed: "invalid cross-device link", Special: no,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "out/file")); string(b) != "text" {
		t.Errorf("outside there is %q now (%v)", b, err)
	}
}

func TestFenceThatLetsProgramsRun(t *testing.T) {
	got, _ := fenced(t, "execute,listen", "in")
	if got.Exec != "yes" || got.Listen != "yes" || got.Wrote["out/file"] != "permission denied" {
		t.Errorf("got %+v", got)
	}
}

func TestFolderThatIsNotThereStandsForTheOneAbove(t *testing.T) {
	got, dir := fenced(t, "", "in/later/still")
	if want := []string{"in"}; !cmp.Equal(got.State.Writes, want) || got.Wrote["in/file"] != "yes" || got.Wrote["out/file"] != "permission denied" {
		t.Errorf("%s: got %+v", dir, got)
	}
}

func TestOutside(t *testing.T) {
	s := &confine.State{Landlock: 1, Writes: []string{"/var/lib/stigwatch", "/run/stigwatch"}}
	folders := []string{"/var/lib/stigwatch", "/var/lib/stigwatch/x", "/var/lib", "/var/lib/stigwatch-enforcer", "/run/stigwatch/../x", "/var/lib"}
	want := []string{"/var/lib", "/var/lib/stigwatch-enforcer", "/run/stigwatch/../x"}
	if d := cmp.Diff(want, s.Outside(folders)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if got := (&confine.State{Writes: []string{}}).Outside(folders); got != nil {
		t.Errorf("without a fence %v is outside", got)
	}
	if got := (*confine.State)(nil).Outside(folders); got != nil {
		t.Errorf("nil: %v", got)
	}
}
