// Package selinux tests the policy module: that it compiles, that each of its rules
// has a reason, and that in a distribution's policy it lets agent and enforcer do
// their work and nothing else.
package selinux

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// compile makes the module as `make selinux` does.
func compile(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	run(t, "checkmodule", "-M", "-m", "-c", "10", "-o", filepath.Join(dir, "stigwatch.mod"), "stigwatch.te")
	pp := filepath.Join(dir, "stigwatch.pp")
	run(t, "semodule_package", "-o", pp, "-m", filepath.Join(dir, "stigwatch.mod"), "-f", "stigwatch.fc")
	return pp
}

// allowed is one rule of the module, as it is compiled.
type allowed struct {
	who, what, class string
	perms            []string
}

var allowLine = regexp.MustCompile(`\(allow (\S+) (\S+) \((\S+) \(([^)]*)\)\)\)`)

// compiled gives the module's rules from its binary form.
func compiled(t *testing.T) []allowed {
	t.Helper()
	text := string(run(t, "pp", compile(t))) // in CIL, the language that policies are linked in
	var out []allowed
	for _, m := range allowLine.FindAllStringSubmatch(text, -1) {
		out = append(out, allowed{m[1], m[2], m[3], strings.Fields(m[4])})
	}
	if n := strings.Count(text, "(allow "); len(out) < 100 || len(out) != n {
		t.Fatalf("%d rules understood of %d", len(out), n)
	}
	if strings.Contains(text, "typepermissive") || strings.Contains(text, "(auditallow") {
		t.Error("a domain is permissive")
	}
	return out
}

func TestEachRuleHasAReason(t *testing.T) {
	table := reasons()
	used := map[string]bool{}
	for _, a := range compiled(t) {
		var may []string
		for _, r := range table {
			if r.who != a.who || !slices.Contains(strings.Fields(r.what), a.what) {
				continue
			}
			used[r.who+" "+a.what+" "+r.why] = true
			for _, how := range strings.Fields(r.how) {
				may = append(may, strings.Fields(kinds[how])...)
			}
		}
		for _, p := range a.perms {
			if !slices.Contains(may, p) {
				t.Errorf("nobody says why %s may %s %s:%s", a.who, p, a.what, a.class)
			}
		}
	}
	for _, r := range table {
		for _, what := range strings.Fields(r.what) {
			if !used[r.who+" "+what+" "+r.why] {
				t.Errorf("there is a reason (%s) for %s and %s, and no rule", r.why, r.who, what)
			}
		}
	}
}

// Whatever the reasons say, these are in no rule: code that a process made itself,
// shells and other programs in the process's own domain, and changes of the policy.
func TestNoRuleGivesAwayTheDomain(t *testing.T) {
	for _, a := range compiled(t) {
		for _, p := range a.perms {
			switch {
			case slices.Contains([]string{"execmem", "execstack", "execheap", "execmod", "execute_no_trans", "dyntransition", "setexec", "setcurrent", "ptrace",
				"load_policy", "setenforce", "setbool", "module_load", "relabelto_all", "mounton", "net_admin", "sys_module", "sys_rawio", "mac_admin", "setuid", "setgid"}, p):
				t.Errorf("%s may %s %s:%s", a.who, p, a.what, a.class)
			case (p == "execute" || p == "entrypoint") && a.what != "stigwatch_exec_t" && a.what != "stigwatch_program":
				t.Errorf("%s may %s %s", a.who, p, a.what)
			case (p == "write" || p == "append" || p == "create" || p == "unlink") && strings.HasSuffix(a.what, "_type"):
				t.Errorf("%s may %s all of %s:%s", a.who, p, a.what, a.class)
			}
		}
	}
}

func TestContextsNameTypesOfTheModule(t *testing.T) {
	te, err := os.ReadFile("stigwatch.te")
	if err != nil {
		t.Fatal(err)
	}
	fc, err := os.ReadFile("stigwatch.fc")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`object_r:(\w+):s0`).FindAllStringSubmatch(string(fc), -1)
	if len(named) < 8 {
		t.Fatalf("%d labels", len(named))
	}
	for _, m := range named {
		if !regexp.MustCompile(`(?m)^type ` + m[1] + `;`).Match(te) {
			t.Errorf("%s is no type of the module", m[1])
		}
	}
}
