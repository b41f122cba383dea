package confine_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/confine"
)

// said is what testdata/child says.
type said struct {
	Threads, Back, Environment, Open []string
	Reads, Writes, Line, Umask       string
	Dumpable                         int
	Core                             struct{ Cur, Max uint64 }
	State                            confine.State
	Made, Wrote, Cut, Moved, Removed map[string]string
	Exec, Listen, Renamed, Special   string
}

// child builds the program that is confined, without the C library as a release is.
func child(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "confine") // whoever it becomes has to be let in
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "child"), "./testdata/child")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "child")
}

func tell(t *testing.T, c *exec.Cmd) said {
	t.Helper()
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var s said
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return s
}

func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: only root can become somebody else; run the tests as root, too")
	}
}

func TestBecome(t *testing.T) {
	asRoot(t)
	program := child(t)
	secret := filepath.Join(filepath.Dir(program), "secret")
	if err := os.WriteFile(secret, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	id, err := exec.Command("sh", "-c", "id -u nobody; id -G nobody").Output()
	if err != nil {
		t.Fatal(err)
	}
	uid, groups, _ := strings.Cut(strings.TrimSpace(string(id)), "\n")
	gid, _, _ := strings.Cut(groups, " ")
	got := tell(t, exec.Command(program, "become", "nobody", secret))
	const four = "0000000000000004" // 1<<CAP_DAC_READ_SEARCH
	no := "operation not permitted"
	want := said{
		Threads: []string{"Uid " + strings.Repeat(uid+" ", 3) + uid + "; Gid " + strings.Repeat(gid+" ", 3) + gid + "; Groups " + groups +
			"; CapInh 0000000000000000; CapPrm " + four + "; CapEff " + four + "; CapBnd " + four + "; NoNewPrivs 0"},
		Back:  []string{no, no, no, no, no, no},
		Reads: "yes", Writes: "permission denied",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestBecomeSaysWhyNot(t *testing.T) {
	asRoot(t)
	program := child(t)
	for _, c := range []struct{ who, name, want string }{
		{"", "no-such-user", "there is no such user"},
		{"", "root", "that is root itself"},
		{"65534", "nobody", "only root may"},
	} {
		cmd := exec.Command(program, "become", c.name, "/")
		if c.who != "" {
			cmd = exec.Command("setpriv", "--reuid", c.who, "--clear-groups", program, "become", c.name, "/")
		}
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %v, %s", c.name, err, out)
		}
	}
	// Without the right to shed capabilities it must not go on as if it had.
	for _, less := range []string{"--bounding-set=-setpcap", "--bounding-set=-dac_read_search", "--securebits=+noroot,+noroot_locked"} {
		out, err := exec.Command("setpriv", less, program, "become", "nobody", "/").CombinedOutput()
		if err == nil || !strings.Contains(string(out), "see CapabilityBoundingSet=") {
			t.Errorf("%s: %v, %s", less, err, out)
		}
	}
}

func TestProcess(t *testing.T) {
	program := child(t)
	cmd := exec.Command("sh", "-c", `umask 0; exec "$0" process 7</etc/passwd 8>/dev/null`, program)
	cmd.Env = []string{"LD_PRELOAD=x", "LD_LIBRARY_PATH=/x", "SECRET=x", "PATH=/bin", "GODEBUG=madvdontneed=1", "NOTIFY_SOCKET=/x", "CREDENTIALS_DIRECTORY=/x"}
	got := tell(t, cmd)
	for _, thread := range got.Threads {
		if !strings.HasSuffix(thread, "NoNewPrivs 1") {
			t.Errorf("a thread without no_new_privs: %s", thread)
		}
	}
	mine := slices.DeleteFunc(got.Open, func(fd string) bool { return strings.Contains(fd, "cpu.cfs") || strings.Contains(fd, "cpu.max") }) // Go's own
	if len(mine) > 0 {
		t.Errorf("still open: %v", mine)
	}
	got.Threads, got.Open = nil, nil
	want := said{
		Umask: "0027", Line: "no new privileges, no core dumps",
		State:       confine.State{NoNewPrivs: true, Undumpable: true},
		Environment: []string{"CREDENTIALS_DIRECTORY", "GODEBUG", "NOTIFY_SOCKET"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestPassedSocketsStayOpen(t *testing.T) {
	program := child(t)
	cmd := exec.Command("sh", "-c", `LISTEN_FDS=2 LISTEN_PID=$$; export LISTEN_FDS LISTEN_PID; exec "$0" process 3</etc/passwd 4</etc/group 5</etc/hosts`, program)
	got := tell(t, cmd)
	for _, want := range []string{"3 /etc/passwd", "4 /etc/group"} {
		if !slices.Contains(got.Open, want) {
			t.Errorf("%s is not open: %v", want, got.Open)
		}
	}
	if slices.Contains(got.Open, "5 /etc/hosts") {
		t.Error("more is open than was passed")
	}
}
