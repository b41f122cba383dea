package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/api"
	"stigwatch/testdata/appliance/gen"
)

// confined is a daemon that root started for another user, as an old systemd does.
type confined struct {
	*benchRig
	cmd *exec.Cmd
}

// newConfined starts one on a tree that only root may read.
func newConfined(t *testing.T) *confined {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: only root can start it for another user; run the tests as root, too")
	}
	c := &confined{benchRig: newProgram(t)}
	for dir := c.dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		c.run("chmod", "0755", dir)
	}
	c.run("chmod", "-R", "go-rwx", c.path("root"))
	for _, dir := range []string{"state", "run", "alerts", "more"} {
		c.run("install", "-d", "-o", "nobody", "-m", "0750", c.path(dir))
	}
	c.sinks("{name: kept, type: file, path: " + c.path("alerts/a.json") + "}")
	c.cmd, _ = c.agent("--user", "nobody")
	t.Cleanup(func() { c.kill(c.cmd) })
	return c
}

// status asks the daemon.
func (c *confined) status() *api.Report {
	c.b.Helper()
	out, _ := exec.Command(c.bin, c.flags("status", "--json")...).Output() // its exit code says what is open
	r := &api.Report{}
	if err := json.Unmarshal(out, r); err != nil {
		c.b.Fatalf("%v\n%s", err, out)
	}
	return r
}

// await waits until the status is as wanted.
func (c *confined) await(what string, is func(*api.Report) bool) {
	c.b.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if is(c.status()) {
			return
		}
	}
	c.b.Fatalf("waited in vain: %s", what)
}

func (c *confined) change(from, to string) {
	c.b.Helper()
	file := c.path(benchFile)
	b, err := os.ReadFile(file)
	if err != nil {
		c.b.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(b), from, to, 1)), 0o600); err != nil {
		c.b.Fatal(err)
	}
}

// results are how all rules are judged, and on what evidence.
func results(r *api.Report) []api.Result {
	out := slices.Clone(r.Results)
	for i := range out {
		out[i].Since, out[i].Evaluated = api.Time{}, api.Time{}
	}
	return out
}

func TestRunForAnotherUserIsConfined(t *testing.T) {
	c := newConfined(t)
	files, err := filepath.Glob("/proc/" + strconv.Itoa(c.cmd.Process.Pid) + "/task/*/status")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d threads (%v)", len(files), err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if os.IsNotExist(err) {
			continue // a thread that ended
		}
		for _, line := range []string{"CapEff:\t0000000000000004\n", "CapPrm:\t0000000000000004\n", "CapBnd:\t0000000000000004\n", "NoNewPrivs:\t1\n"} {
			if !strings.Contains(string(b), line) {
				t.Errorf("%s has no %q (%v):\n%s", f, line, err, b)
			}
		}
	}
	r := c.status()
	got := r.Agent.Confinement
	if got == nil || !got.NoNewPrivs || !got.Undumpable {
		t.Fatalf("got %+v", got)
	}
	if got.Landlock == 0 {
		t.Skipf("NOT TESTED: %v", got.Missing)
	}
	spare := func(dir string) bool { return dir == "/var/log/stigwatch" || dir == "/dev/shm" }
	if d := cmp.Diff([]string{c.path("state"), c.path("run"), c.path("alerts")}, slices.DeleteFunc(got.Writes, spare)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// What it sees is what root sees who is not confined, on every little appliance.
func TestConfinedAgentSeesWhatRootSees(t *testing.T) {
	c := newConfined(t)
	appliances, err := filepath.Glob("testdata/appliance/*/stigwatch")
	if err != nil || len(appliances) < 5 {
		t.Fatalf("%d appliances (%v)", len(appliances), err)
	}
	for _, a := range appliances {
		c.kill(c.cmd)
		for _, part := range []string{"root", "stigwatch"} {
			if err := os.RemoveAll(c.path(part)); err != nil {
				t.Fatal(err)
			}
		}
		if err := gen.Copy(filepath.Base(filepath.Dir(a)), c.dir); err != nil {
			t.Fatal(err)
		}
		c.run("chmod", "-R", "go-rwx", c.path("root"))
		out, _ := exec.Command(c.bin, c.flags("check", "--json")...).Output()
		var free api.Report
		if err := json.Unmarshal(out, &free); err != nil {
			t.Fatal(err)
		}
		c.cmd, _ = c.agent("--user", "nobody")
		r := c.status()
		if r.Agent.Confinement == nil {
			t.Errorf("%s: it is not confined", a)
		}
		if d := cmp.Diff(results(&free), results(r)); d != "" || len(free.Results) != 58 {
			t.Errorf("%s: -root +confined:\n%s", a, d)
		}
	}
}

func TestReloadThatWantsAnotherFolderIsRefused(t *testing.T) {
	c := newConfined(t)
	if c.status().Agent.Confinement.Landlock == 0 {
		t.Skip("NOT TESTED: this kernel has no Landlock")
	}
	config := c.path("stigwatch/stigwatch.yaml")
	was, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	reload := func(text string) (string, error) {
		if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(c.bin, c.flags("reload")...).CombinedOutput()
		return string(out), err
	}
	out, err := reload(strings.Replace(string(was), "alerts/a.json", "more/a.json", 1))
	if err == nil || !strings.Contains(out, c.path("more")) || !strings.Contains(out, "systemctl restart stigwatch") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := reload(strings.Replace(string(was), "alerts/a.json", "alerts/b.json", 1)); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// A folder that took the place of one inside the fence is outside. By its modes it
// could be written to, so nobody would find the reason.
func TestFolderThatWasReplacedNamesTheFence(t *testing.T) {
	c := newConfined(t)
	if c.status().Agent.Confinement.Landlock == 0 {
		t.Skip("NOT TESTED: this kernel has no Landlock")
	}
	c.run("mv", c.path("alerts"), c.path("was"))
	c.run("install", "-d", "-o", "nobody", "-m", "0750", c.path("alerts"))
	c.change(">15<", ">14<")
	c.await("the reason", func(r *api.Report) bool { return strings.Contains(r.Agent.Sinks[0].LastError, "Landlock") })
	c.kill(c.cmd)
	c.cmd, _ = c.agent("--user", "nobody")
	c.await("the alert in the new folder", func(r *api.Report) bool { return r.Agent.Sinks[0].Sent > 0 })
}
