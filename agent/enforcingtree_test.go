package agent

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/api"
	"stigwatch/agent/permit"
)

// treeOf gives everything below a folder: for a file its bytes, owner and mode.
func treeOf(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		text := fmt.Sprintf("%s %d:%d ", info.Mode(), st.Uid, st.Gid)
		if info.Mode().IsRegular() {
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			text += string(b)
		}
		out[strings.TrimPrefix(p, dir)] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// closable are the failing rules of which every violation may be written, told
// apart from the planner: by the results alone.
func closable(results map[string]api.Result) []string {
	var out []string
	for id, r := range results {
		ok := r.Result == "fail"
		for _, e := range r.Evidence {
			if e.Expected == "" {
				continue
			}
			_, permitted := permit.Of(e.Fact)
			ok = ok && permitted && !strings.HasPrefix(e.File, "/mi/")
		}
		if ok {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// weaken makes every fact that may be written bad, in an appliance that is else in
// order.
func weaken(t testing.TB, dir string) {
	t.Helper()
	for _, e := range []struct{ file, from, to string }{
		{"/etc/issue", "LAB SYSTEM", "WELCOME"},
		{"/etc/ssh/sshd_config", "Banner /etc/issue.net\n", ""},
		{"/etc/ssh/sshd_config", "Subsystem", "Match User x\n  Banner none\nMatch all\nSubsystem"},
		{"/etc/security/pwquality.conf", "minlen = 15", "minlen = 8"},
		{"/etc/security/pwquality.conf", "minclass = 4", "minclass = 2"},
		{"/etc/security/pwquality.conf", "ucredit = -1", "ucredit = 0"},
		{"/etc/security/pwquality.conf", "lcredit = -1", "lcredit = 0"},
		{"/etc/security/pwquality.conf", "dcredit = -1", "dcredit=1 # old"},
		{"/etc/security/pwquality.conf", "ocredit = -1", "ocredit 0"},
		{"/etc/security/faillock.conf", "deny = 3", "deny = 10"},
		{"/etc/security/faillock.conf", "unlock_time = 900", "unlock_time = 60"},
		{"/etc/security/limits.d/20-sessions.conf", "maxsyslogins   5", "maxsyslogins   50"},
		{"/etc/chrony.conf", "server 192.0.2.123 iburst", "pool pool.example iburst"},
		{"/etc/rsyslog.d/60-remote.conf", "*.* @@198.51.100.51:6514\n", ""},
		{"/etc/snmp/snmpd.conf", "rouser watch priv", "rouser watch noauth\nrocommunity public"},
	} {
		edit(t, filepath.Join(dir, "root", e.file), e.from, e.to)
	}
}

func TestApplyClosesAllThatMayBeWrittenAndUndoBringsTheTreeBack(t *testing.T) {
	for name, least := range map[string]int{"factory": 0, "drifted": 11, "weakened": 18} {
		t.Run(name, func(t *testing.T) {
			from := name
			if name == "weakened" {
				from = "compliant"
			}
			dir := appliance(t, from)
			if name == "weakened" {
				weaken(t, dir)
			}
			applyAll(t, dir, least)
		})
	}
}

func applyAll(t *testing.T, dir string, least int) {
	root := filepath.Join(dir, "root")
	was, want := treeOf(t, root), closable(check(t, dir))
	if len(want) < least {
		t.Fatalf("only %q can be closed", want)
	}
	e := enforcerIn(t, dir, EnforcerOptions{})
	ctx := context.Background()
	got, err := e.Apply(ctx, me(), &api.ApplyRequest{})
	if err != nil || got.Failed != "" {
		t.Fatalf("%v %+v", err, got)
	}
	var closed []string
	for _, r := range got.Closed {
		closed = append(closed, r.Rule)
	}
	if d := cmp.Diff(want, closed); d != "" {
		t.Fatalf("%s\n%+v", d, got.Cannot)
	}
	results := check(t, dir)
	for _, id := range want {
		if r := results[id]; r.Result != "pass" || r.Assurance == "direct" {
			t.Errorf("%s is %s (%s): %s", id, r.Result, r.Assurance, r.Reason)
		}
	}
	now := treeOf(t, root)
	if len(now) != len(was) {
		t.Error("there are other files than before")
	}
	again, err := e.Apply(ctx, me(), &api.ApplyRequest{})
	if err != nil || len(again.Applied) != 0 {
		t.Errorf("a second apply wrote: %+v %v", again, err)
	}
	if d := cmp.Diff(now, treeOf(t, root)); d != "" {
		t.Error(d)
	}
	for _, j := range got.Applied {
		undone, err := e.Undo(ctx, me(), j.ID)
		if err != nil || undone.Failed != "" {
			t.Fatalf("%v %+v", err, undone)
		}
	}
	if d := cmp.Diff(was, treeOf(t, root)); d != "" {
		t.Error(d)
	}
}
