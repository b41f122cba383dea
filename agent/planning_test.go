package agent

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
	"stigwatch/agent/plan"
)

func TestPlanPutsADriftedTextRight(t *testing.T) {
	dir := appliance(t, "compliant")
	if err := os.WriteFile(filepath.Join(dir, "root/etc/issue"), []byte("Welcome\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := Plan(context.Background(), optionsIn(dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Files) != 1 || p.Files[0].Path != "/etc/issue" || len(p.Closes) != 1 || p.Closes[0].Rule != "V-250987" || p.Class != "auto" {
		t.Fatalf("%+v", p)
	}
	if !strings.Contains(p.Files[0].Diff, "\n-Welcome\n+LAB SYSTEM") {
		t.Error(p.Files[0].Diff)
	}
	if d := cmp.Diff(1, len(p.Changes)); d != "" {
		t.Error(d)
	}
}

// plannerIn gives the planner of an appliance, and its parts.
func plannerIn(t *testing.T, dir string) (*parts, plan.Options) {
	t.Helper()
	p, err := build(optionsIn(dir).withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p, plan.Options{Host: p.host, Evidence: p.evidence, Reader: p.reader, Engine: p.engine, Evaluate: p.evaluate}
}

// cannot gives why a plan does not close a rule; "" when it does.
func cannot(p *plan.Plan, rule string) string {
	for _, r := range p.Cannot {
		if r.Rule == rule {
			return r.Reason
		}
	}
	return ""
}

func TestPlanLeavesOutWhatWouldBreakAnotherRule(t *testing.T) {
	dir := appliance(t, "compliant")
	weaken(t, dir)
	_, o := plannerIn(t, dir)
	o.Evaluate = func(ctx context.Context, snap finding.Snapshot, _ []string, now time.Time) []finding.Result {
		results := o.Engine.Evaluate(ctx, snap, nil, now)
		list, _ := snap["chrony.servers"].Value.([]any)
		good := len(list) == 2 && list[0].(map[string]any)["kind"] == "server" && list[1].(map[string]any)["kind"] == "server"
		for i := range results {
			if results[i].Rule == "V-251007" && good { // a rule that dislikes what V-250999 needs
				results[i].Outcome, results[i].Reason = finding.Fail, "it does not like that"
			}
		}
		return results
	}
	made, err := plan.New(o).Make(context.Background(), []string{"V-250999", "V-250989"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if got := cannot(made, "V-250999"); !strings.Contains(got, "would break V-251007: it does not like that") {
		t.Errorf("%q", got)
	}
	if !slices.Equal(made.Closes, []string{"V-250989"}) || len(made.Files) != 1 || made.Files[0].Path != "/etc/security/pwquality.conf" {
		t.Errorf("%q %d", made.Closes, len(made.Files))
	}
}

func TestPlanLeavesNothingOfItsTrialInTheReader(t *testing.T) {
	dir := appliance(t, "compliant")
	weaken(t, dir)
	p, o := plannerIn(t, dir)
	before, _ := p.reader.All()
	for range 2 {
		if _, err := plan.New(o).Make(context.Background(), nil, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	after, _ := p.reader.Update([]string{"/etc/chrony.conf", "/etc/ssh/sshd_config", "/etc/issue"})
	for name, f := range before {
		if d := cmp.Diff(f, after[name]); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestPlanSaysWhoHasToActInstead(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *testing.T, dir string)
		rule   string
		want   string
	}{
		"a value that the site has not set": {func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "stigwatch/site.yaml"), "ntp_servers: [192.0.2.123, 198.51.100.123]\n", "")
			put(t, filepath.Join(dir, "root/etc/chrony.conf"), "driftfile /var/lib/chrony/drift\n")
		}, "V-250999", "set ntp_servers in site.yaml"},
		"a setting of the product": {func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "root/mi/config-system/startup_config/identityconfig.xml"), ">15<", ">8<")
		}, "V-250989", "mics.password_policy.min_length: kept below /mi"},
		"FIPS mode": {func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, "root/proc/sys/crypto/fips_enabled"), "0\n")
		}, "V-251011", "FIPS mode takes a restart"},
		"a fact that the site does not allow": {func(t *testing.T, dir string) {
			configure(t, dir, "\nenforce: {allow: [os.issue_text]}\n")
			edit(t, filepath.Join(dir, "root/etc/chrony.conf"), "server 192.0.2.123 iburst\n", "")
		}, "V-250999", "not among enforce.allow"},
		"a mapping that leads below /mi": {func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "root/etc/chrony.conf"), "server 192.0.2.123 iburst\n", "")
			if err := os.Rename(filepath.Join(dir, "root/etc/chrony.conf"), filepath.Join(dir, "root/mi/chrony.conf")); err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, "stigwatch/mapping.d/99.yaml"), "facts:\n  - fact: chrony.servers\n    status: documented\n    source: a test\n    from:\n      - files: [/mi/chrony.conf]\n        lens: chrony\n        path: servers\n")
		}, "V-250999", "kept below /mi"},
		"a mapping to a file that is not for writing": {func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "root/etc/chrony.conf"), "server 192.0.2.123 iburst\n", "")
			if err := os.Rename(filepath.Join(dir, "root/etc/chrony.conf"), filepath.Join(dir, "root/etc/shadow")); err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, "stigwatch/mapping.d/99.yaml"), "facts:\n  - fact: chrony.servers\n    status: documented\n    source: a test\n    from:\n      - files: [/etc/shadow]\n        lens: chrony\n        path: servers\n")
		}, "V-250999", "stigwatch writes it in /etc/chrony.conf"},
		"a link": {func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "root/etc/chrony.conf"), "server 192.0.2.123 iburst\n", "")
			if err := errors.Join(os.Rename(filepath.Join(dir, "root/etc/chrony.conf"), filepath.Join(dir, "root/etc/chrony.real")),
				os.Symlink("chrony.real", filepath.Join(dir, "root/etc/chrony.conf"))); err != nil {
				t.Fatal(err)
			}
		}, "V-250999", "a symbolic link is on the way"},
		"an argument in a stack of PAM": {func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "root/etc/pam.d/password-auth"), "pam_pwquality.so", "pam_pwquality.so minlen=8")
		}, "V-250989", "there are several lines and stacks"},
		"a banner in a file that is not for writing": {func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "root/etc/ssh/sshd_config"), "Banner /etc/issue.net", "Banner /etc/passwd")
		}, "V-250987", "sshd.banner_text is set in /etc/passwd"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := appliance(t, "compliant")
			c.change(t, dir)
			was := treeOf(t, filepath.Join(dir, "root"))
			p, err := Plan(context.Background(), optionsIn(dir), []string{c.rule})
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Files) != 0 || len(p.Cannot) != 1 || !strings.Contains(p.Cannot[0].Reason, c.want) {
				t.Errorf("%+v", p)
			}
			if d := cmp.Diff(was, treeOf(t, filepath.Join(dir, "root"))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPlanMasksSecrets(t *testing.T) {
	dir := appliance(t, "compliant")
	edit(t, filepath.Join(dir, "root/etc/snmp/snmpd.conf"), "rouser watch priv", "rouser watch priv\nrocommunity s3cret-word")
	p, err := Plan(context.Background(), optionsIn(dir), nil)
	if err != nil || len(p.Files) != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	for _, secret := range []string{"s3cret-word", "lab-auth-secret-1", "lab-priv-secret-1"} {
		if strings.Contains(p.Files[0].Diff, secret) {
			t.Errorf("%s is shown:\n%s", secret, p.Files[0].Diff)
		}
	}
	if !strings.Contains(p.Files[0].Diff, "\n-rocommunity ********") {
		t.Error(p.Files[0].Diff)
	}
}
