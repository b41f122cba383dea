package selinux

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The domains of the module.
const (
	agent    = "stigwatch_t"
	enforcer = "stigwatch_enforcer_t"
	check    = "stigwatch_check_t"
)

// rule is one allow rule of a policy in which the module is linked.
type rule struct {
	source, target, class string
	perms                 []string
	boolean               string // that switches it on; "" for always
}

// linked is a distribution's policy with the module in it.
type linked struct {
	t     *testing.T
	files string                     // its file_contexts
	attrs map[string]map[string]bool // attribute → its types
	rules map[string][]rule          // by domain
	knows map[string]bool            // permissions that old ones do not

	changes map[string]bool // who gets another domain by calling stigwatch
	labels  map[string]string
}

// policies are Debian's, which packaging/selinux/rig.sh keeps in the cache, and those
// of the environment: folders with etc/selinux and var/lib/selinux of other machines.
func policies(t *testing.T) map[string]string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	debian := filepath.Join(cache, "stigwatch-rigs", "selinux", "root")
	if _, err := os.Stat(debian); err != nil {
		missing(t, "no policy to link the module into: make rigs-selinux")
	}
	out := map[string]string{"debian": debian}
	for _, dir := range filepath.SplitList(os.Getenv("STIGWATCH_SELINUX_POLICIES")) {
		out[filepath.Base(dir)] = dir
	}
	return out
}

// missing skips, loudly, or fails where rigs are a must.
func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("STIGWATCH_NEED_RIGS") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// tool finds a program, also where only root has it in the path.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin", "/usr/libexec/selinux/hll") {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return filepath.Join(dir, name)
		}
	}
	missing(t, name+" is not installed: make selinux-tools")
	return ""
}

func run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(tool(t, name), args...)
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, &wrong)
	}
	return b
}

// link adds the module to a copy of a policy and reads what came out.
func link(t *testing.T, root string) *linked {
	t.Helper()
	module, dir := compile(t), t.TempDir()
	config, err := os.ReadFile(filepath.Join(root, "etc/selinux/config"))
	if err != nil {
		t.Fatal(err)
	}
	kind := ""
	for line := range strings.Lines(string(config)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "SELINUXTYPE="); ok {
			kind = v
		}
	}
	for _, sub := range []string{"etc/selinux", "var/lib/selinux"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(sub)), 0o755); err != nil {
			t.Fatal(err)
		}
		run(t, "cp", "-r", filepath.Join(root, sub), filepath.Join(dir, sub))
	}
	run(t, "semodule", "-n", "-s", kind, "-p", dir, "-i", module)
	binary, err := filepath.Glob(filepath.Join(dir, "etc/selinux", kind, "policy/policy.*"))
	if err != nil || len(binary) != 1 {
		t.Fatalf("policies: %v %v", binary, err)
	}
	p := &linked{
		t: t, files: filepath.Join(dir, "etc/selinux", kind, "contexts/files/file_contexts"),
		rules: map[string][]rule{}, knows: map[string]bool{}, changes: map[string]bool{}, labels: map[string]string{},
	}
	p.attrs = attributes(run(t, "seinfo", "-a", "-x", binary[0]))
	for _, q := range [][]string{{"dir", "watch"}, {"file", "map"}} {
		said, _ := exec.Command(tool(t, "sesearch"), "-A", "-c", q[0], "-p", q[1], binary[0]).Output() // it fails where there is none
		p.knows[q[1]] = bytes.Contains(said, []byte("allow "))
	}
	for _, domain := range []string{agent, enforcer, check} {
		p.rules[domain] = rules(t, run(t, "sesearch", "-A", "-s", domain, binary[0]))
	}
	for _, admin := range []string{"unconfined_t", "sysadm_t", "init_t"} {
		if said, err := exec.Command(tool(t, "sesearch"), "-A", "-s", admin, binary[0]).Output(); err == nil {
			p.rules[admin] = rules(t, said)
		}
		said, _ := exec.Command(tool(t, "sesearch"), "-T", "-s", admin, "-t", "stigwatch_exec_t", "-c", "process", binary[0]).Output()
		p.changes[admin] = bytes.Contains(said, []byte("type_transition "))
	}
	return p
}

// attributes reads what seinfo says: an attribute's name, then its types, deeper.
func attributes(said []byte) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	name := ""
	for s := bufio.NewScanner(bytes.NewReader(said)); s.Scan(); {
		words := strings.Fields(s.Text())
		switch {
		case len(words) == 2 && words[0] == "attribute":
			name = strings.TrimSuffix(words[1], ";")
			out[name] = map[string]bool{}
		case len(words) == 1 && name != "":
			out[name][words[0]] = true
		}
	}
	return out
}

// rules reads what sesearch says: allow S T:C { P … }; [ BOOLEAN ]:True
func rules(t *testing.T, said []byte) []rule {
	t.Helper()
	var out []rule
	for s := bufio.NewScanner(bytes.NewReader(said)); s.Scan(); {
		words := strings.Fields(s.Text())
		if len(words) < 4 || words[0] != "allow" {
			continue
		}
		target, class, ok := strings.Cut(words[2], ":")
		if !ok {
			t.Fatalf("sesearch said %q", s.Text())
		}
		text, condition, _ := strings.Cut(strings.Join(words[3:], " "), ";")
		r := rule{source: words[1], target: target, class: class, perms: strings.Fields(strings.Trim(text, "{} "))}
		r.boolean = strings.TrimSpace(condition)
		out = append(out, r)
	}
	if len(out) == 0 {
		t.Fatal("sesearch found no rule")
	}
	return out
}

// is tells whether a name of a rule means a type.
func (p *linked) is(name, kind string) bool { return name == kind || p.attrs[name][kind] }

// lacks gives those of the permissions that a domain does not have, whatever the
// booleans say. What the policy does not know nobody asks for.
func (p *linked) lacks(domain, target, class string, perms ...string) []string {
	var out []string
	for _, perm := range perms {
		has := slices.ContainsFunc(p.rules[domain], func(r rule) bool {
			return r.boolean == "" && r.class == class && (p.is(r.target, target) || r.target == "self" && target == domain) && slices.Contains(r.perms, perm)
		})
		if !has && (perm != "watch" && perm != "map" || p.knows[perm]) {
			out = append(out, perm)
		}
	}
	return out
}

// label is the type that a path has in the policy, as a file, dir or sock_file.
func (p *linked) label(kind, path string) string {
	p.t.Helper()
	if known := p.labels[kind+path]; known != "" {
		return known
	}
	out := string(run(p.t, "matchpathcon", "-n", "-m", kind, "-f", p.files, path))
	parts := strings.Split(strings.TrimSpace(out), ":")
	if len(parts) < 3 {
		p.t.Fatalf("%s %s: %q", kind, path, out)
	}
	p.labels[kind+path] = parts[2]
	return parts[2]
}
