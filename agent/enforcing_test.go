package agent

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"stigwatch/agent/api"
	"stigwatch/agent/socket"
)

// me is the process that runs the test, which is the enforcer's own user.
func me() socket.Peer { return socket.Peer{Known: true, UID: uint32(os.Geteuid())} }

// enforcerIn opens the enforcer of an appliance; it ends with the test.
func enforcerIn(t testing.TB, dir string, eo EnforcerOptions) *Enforcer {
	t.Helper()
	e, _, err := OpenEnforcer(context.Background(), optionsIn(dir), eo)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func read(t testing.TB, dir, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "root", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestApplyThenUndoBringsTheBytesBack(t *testing.T) {
	dir := appliance(t, "compliant")
	put(t, filepath.Join(dir, "root/etc/issue"), "Welcome\n")
	e := enforcerIn(t, dir, EnforcerOptions{})
	ctx := context.Background()
	got, err := e.Apply(ctx, me(), &api.ApplyRequest{})
	if err != nil || got.Failed != "" || len(got.Applied) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	job := got.Applied[0]
	if job.State != api.JobDone || !slices.Equal(job.Rules, []string{"V-250987"}) || !slices.Equal(job.Files, []string{"/etc/issue"}) {
		t.Errorf("%+v", job)
	}
	if r := check(t, dir)["V-250987"]; r.Result != "pass" {
		t.Errorf("%s: %s", r.Result, r.Reason)
	}
	again, err := e.Apply(ctx, me(), &api.ApplyRequest{})
	if err != nil || len(again.Applied) != 0 {
		t.Errorf("a second apply did something: %+v, %v", again, err)
	}
	undone, err := e.Undo(ctx, me(), job.ID)
	if err != nil || undone.Failed != "" || read(t, dir, "/etc/issue") != "Welcome\n" {
		t.Errorf("%+v, %v, %q", undone, err, read(t, dir, "/etc/issue"))
	}
	jobs, err := e.Jobs(ctx, me())
	if err != nil || len(jobs.Jobs) != 2 || jobs.Jobs[1].State != api.JobUndone || jobs.Jobs[0].Undoes != job.ID {
		t.Errorf("%+v, %v", jobs, err)
	}
}
