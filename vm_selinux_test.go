package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// left reads what the machine's script left.
func left(t *testing.T, out, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(out, name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(b)
}

// labelled reads "CONTEXT PATH" lines: path → type.
func labelled(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 2 {
			parts := strings.Split(f[0], ":")
			out[f[1]] = parts[min(2, len(parts)-1)]
		}
	}
	return out
}

func TestSELinuxInEnforcing(t *testing.T) {
	const module = "dist/selinux/stigwatch.pp"
	if _, err := os.Stat(module); err != nil && os.Getenv("STIGWATCH_VM") != "" {
		t.Fatal("make selinux: ", err)
	}
	m := newMachine(t, "selinux", module, "packaging/selinux", "systemd")
	m.system += "-selinux"
	m.boot("", "security=selinux selinux=1 enforcing=1 audit=1").await(t.Context())
	out := m.out()
	if got := left(t, out, "start"); !strings.HasSuffix(got, " Enforcing\n") {
		t.Fatalf("the machine is not in Enforcing: %q", got)
	}
	if said := left(t, out, "postinstall"); said != "" {
		t.Errorf("the package's script: %s", said)
	}
	atWork(t, out)
	t.Run("denied", func(t *testing.T) { denied(t, out) })
	t.Run("removed", func(t *testing.T) { removed(t, out) })
}

// atWork holds what agent and enforcer did against what they do without SELinux.
func atWork(t *testing.T, out string) {
	want := map[string]string{
		"/usr/bin/stigwatch": "stigwatch_exec_t", "/etc/stigwatch": "stigwatch_etc_t", "/etc/stigwatch/site.yaml": "stigwatch_etc_t",
		"/usr/lib/systemd/system/stigwatch.service": "stigwatch_unit_file_t", "/usr/lib/systemd/system/stigwatch-enforcer.socket": "stigwatch_unit_file_t",
		"/var/lib/stigwatch": "stigwatch_var_lib_t", "/var/log/stigwatch": "stigwatch_log_t",
		"/run/stigwatch": "stigwatch_runtime_t", "/run/stigwatch/stigwatch.sock": "stigwatch_runtime_t",
		"/run/stigwatch-enforcer/enforcer.sock": "stigwatch_enforcer_runtime_t",
	}
	got := labelled(left(t, out, "labels"))
	for path, kind := range want {
		if got[path] != kind {
			t.Errorf("%s is %q, not %s", path, got[path], kind)
		}
	}
	if got := left(t, out, "domains"); got != "system_u:system_r:stigwatch_t:s0\nsystem_u:system_r:stigwatch_enforcer_t:s0\n" {
		t.Errorf("agent and enforcer are\n%s", got)
	}
	inside, outside := left(t, out, "probe.inside"), left(t, out, "probe.outside")
	if diff := gocmp.Diff(outside, inside); diff != "" || len(inside) < 1000 {
		t.Errorf("in the domain facts are other ones: %s", diff)
	}
	syslog := left(t, out, "syslog")
	for _, sentence := range []string{"V-250989 opened", "V-250989 resolved", "V-250999 opened", "V-250999 resolved"} {
		if !strings.Contains(syslog, sentence) {
			t.Errorf("rsyslog has no %q", sentence)
		}
	}
	if said := left(t, out, "status.json"); !strings.Contains(said, "connection refused") || strings.Contains(said, "cannot read the secret") {
		t.Error("the sink that has a secret of systemd's does not fail for want of a receiver")
	}
	if said := left(t, out, "alerts"); !strings.Contains(said, `"source":"fanotify"`) { // of a process that ends it knows little more
		t.Error("fanotify told of nobody")
	}
	applied := left(t, out, "apply.json")
	for _, file := range []string{"/etc/issue", "/etc/rsyslog.d/60-remote.conf", "/etc/security/faillock.conf", "/etc/ssh/sshd_config"} {
		if !strings.Contains(applied, `"`+file+`"`) || !strings.Contains(left(t, out, "undo"), file) {
			t.Errorf("%s was not put right and back: %s %s", file, left(t, out, "apply.err"), left(t, out, "undo"))
		}
	}
	kept := map[string]string{"/etc/issue": "etc_t", "/etc/ssh/sshd_config": "etc_t", "/etc/rsyslog.d/60-remote.conf": "syslog_conf_t", "/etc/chrony.conf": "chronyd_conf_t"}
	if diff := gocmp.Diff(kept, labelled(left(t, out, "relabelled"))); diff != "" {
		t.Errorf("files lost their labels: %s", diff)
	}
	for _, accepts := range []string{"sshd accepts", "rsyslogd accepts"} {
		if !strings.Contains(left(t, out, "undo"), accepts) {
			t.Errorf("no %q: %s", accepts, left(t, out, "undo"))
		}
	}
	if got := left(t, out, "results"); strings.Count(got, "Result=success") != 2 || strings.Count(got, "ExecMainStatus=0") != 2 {
		t.Errorf("they did not end well: %s", got)
	}
}

var denial = regexp.MustCompile(`denied +\{ ([a-z_ ]+) \}.* scontext=\S+:(stigwatch_\w+):s0 tcontext=\S+?:(\w+):s0 tclass=(\w+)`)

// denied wants no denial of the work, and one of each deed that is no work.
func denied(t *testing.T, out string) {
	if got := left(t, out, "denied"); got != "" {
		t.Errorf("the kernel denied what is their work:\n%s", got)
	}
	if done := left(t, out, "done"); done != "" {
		t.Errorf("what they may not do was done:\n%s", done)
	}
	said := map[string]bool{}
	for _, m := range denial.FindAllStringSubmatch(left(t, out, "refused"), -1) {
		said[strings.Join(m[1:], " ")] = true
	}
	for _, want := range []string{
		"write stigwatch_t etc_t dir", "write stigwatch_t lib_t dir", "search stigwatch_t user_home_dir_t dir", "read stigwatch_t shadow_t file",
		"write stigwatch_enforcer_t lib_t dir", "search stigwatch_enforcer_t user_home_dir_t dir", "read stigwatch_enforcer_t shadow_t file",
	} {
		if !said[want] {
			t.Errorf("not denied: %s; denied: %v", want, said)
		}
	}
}

// removed wants nothing of the module left once the package is.
func removed(t *testing.T, out string) {
	text := left(t, out, "postremove")
	for path, kind := range labelled(text) {
		if strings.HasPrefix(kind, "stigwatch") || kind == "unlabeled_t" {
			t.Errorf("%s is %s still", path, kind)
		}
	}
	if !strings.Contains(text, "/usr/bin/stigwatch") || strings.Contains(text, "exit") || strings.Contains(text, "denied") {
		t.Errorf("the package's script: %s", text)
	}
}
