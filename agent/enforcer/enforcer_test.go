package enforcer

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stigwatch/agent/api"
	"stigwatch/agent/appliance"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/errand"
	"stigwatch/agent/socket"
)

func optionsIn(dir string) appliance.Options {
	path, over := rig.Config(dir)
	return appliance.Options{ConfigPath: path, Over: over}
}

// check judges the appliance in dir anew and gives its results by rule.
func check(t testing.TB, dir string) map[string]api.Result {
	t.Helper()
	r, err := errand.Check(context.Background(), optionsIn(dir), nil)
	return rig.Results(t, r, err)
}

// me is the process that runs the test, which is the enforcer's own user.
func me() socket.Peer { return socket.Peer{Known: true, UID: uint32(os.Geteuid())} }

// enforcerIn opens the enforcer of an appliance; it ends with the test.
func enforcerIn(t testing.TB, dir string, eo Options) *enforcer {
	t.Helper()
	e, _, err := open(context.Background(), optionsIn(dir), eo)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func TestApplyThenUndoBringsTheBytesBack(t *testing.T) {
	dir := rig.New(t, "compliant")
	rig.Put(t, filepath.Join(dir, "root/etc/issue"), "Welcome\n")
	e := enforcerIn(t, dir, Options{})
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
	if err != nil || undone.Failed != "" || rig.Read(t, dir, "/etc/issue") != "Welcome\n" {
		t.Errorf("%+v, %v, %q", undone, err, rig.Read(t, dir, "/etc/issue"))
	}
	jobs, err := e.Jobs(ctx, me())
	if err != nil || len(jobs.Jobs) != 2 || jobs.Jobs[1].State != api.JobUndone || jobs.Jobs[0].Undoes != job.ID {
		t.Errorf("%+v, %v", jobs, err)
	}
}

// What the plan said is not believed: when all is written, a rule that passed before
// fails for another reason, and the target is none that is wanted any more.
func TestWhatIsWrittenIsJudgedAsItIsAndNotAsItWasPlanned(t *testing.T) {
	for name, c := range map[string]struct{ file, from, to, want string }{
		"another rule fails by then":    {"/etc/security/pwquality.conf", "minlen = 15", "minlen = 3", "V-250989 was pass and is fail"},
		"the rule itself fails by then": {"/etc/issue.net", "LAB SYSTEM", "WELCOME", "V-250987 does not pass"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := rig.New(t, "compliant")
			rig.Put(t, filepath.Join(dir, "root/etc/issue"), "Welcome\n")
			e := enforcerIn(t, dir, Options{Step: func(step string) error {
				if step == "create state written" {
					rig.Edit(t, filepath.Join(dir, "root", c.file), c.from, c.to)
				}
				return nil
			}})
			got, err := e.Apply(context.Background(), me(), &api.ApplyRequest{Rules: []string{"V-250987"}})
			if err != nil || !strings.Contains(got.Failed, c.want) || got.Applied[0].State != api.JobRestored {
				t.Fatalf("%+v, %v", got, err)
			}
			if rig.Read(t, dir, "/etc/issue") != "Welcome\n" || len(got.Closed) != 0 {
				t.Errorf("it was not taken back: %q, %v", rig.Read(t, dir, "/etc/issue"), got.Closed)
			}
		})
	}
}

// A service that takes files up closes its ports for a moment: that is no reason to
// take everything back.
func TestWhatIsOnlyOfTheMomentIsLookedAtAgain(t *testing.T) {
	dir := rig.New(t, "compliant")
	rig.Put(t, filepath.Join(dir, "root/etc/issue"), "Welcome\n")
	sockets := filepath.Join(dir, "root/proc/net/tcp")
	was, err := os.ReadFile(sockets)
	if err != nil {
		t.Fatal(err)
	}
	extra := "   9: 00000000:0017 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n" // telnet
	back := make(chan error, 1)
	e := enforcerIn(t, dir, Options{Step: func(step string) error {
		switch step {
		case "create state written":
			return os.WriteFile(sockets, append(was[:len(was):len(was)], extra...), 0o644)
		case "sync folder of state written":
			go func() { back <- os.WriteFile(sockets, was, 0o644) }()
		}
		return nil
	}})
	got, err := e.Apply(context.Background(), me(), &api.ApplyRequest{Rules: []string{"V-250987"}})
	if err != nil || got.Failed != "" || got.Applied[0].State != api.JobDone {
		t.Errorf("%+v, %v", got, err)
	}
	if err := <-back; err != nil {
		t.Error(err)
	}
}

func TestACommandMayLeaveItsServiceRunning(t *testing.T) {
	for script, fails := range map[string]bool{
		"sleep 5 & exit 0": false,
		"sleep 5 & exit 3": true,
	} {
		if err := runCommand(context.Background(), []string{"/bin/sh", "-c", script}); (err != nil) != fails {
			t.Errorf("%s: %v", script, err)
		}
	}
	err := runCommand(context.Background(), []string{"/bin/sh", "-c", "head -c 9000000 /dev/zero | tr '\\0' x; exit 1"})
	if err == nil || len(err.Error()) > 600 || !strings.Contains(err.Error(), "exit status 1: xxx") {
		t.Errorf("%.700v", err)
	}
}

func TestWhatACommandSaysIsFitForATerminal(t *testing.T) {
	err := runCommand(context.Background(), []string{"/bin/sh", "-c", `printf '\033[2Jbad\r\nworse\n'; exit 1`})
	if err == nil || !strings.HasSuffix(err.Error(), "exit status 1: \uFFFD[2Jbad worse") {
		t.Errorf("it says %q", err)
	}
}
