package errand

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/appliance/rig"
)

func TestPlanPutsADriftedTextRight(t *testing.T) {
	dir := rig.New(t, "compliant")
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

func TestPlanSaysWhoHasToActInstead(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *testing.T, dir string)
		rule   string
		want   string
	}{
		"a value that the site has not set": {func(t *testing.T, dir string) {
			rig.Edit(t, filepath.Join(dir, "stigwatch/site.yaml"), "ntp_servers: [192.0.2.123, 198.51.100.123]\n", "")
			rig.Put(t, filepath.Join(dir, "root/etc/chrony.conf"), "driftfile /var/lib/chrony/drift\n")
		}, "V-250999", "set ntp_servers in site.yaml"},
		"a setting of the product": {func(t *testing.T, dir string) {
			rig.Edit(t, filepath.Join(dir, "root/mi/config-system/startup_config/identityconfig.xml"), ">15<", ">8<")
		}, "V-250989", "mics.password_policy.min_length: kept below /mi"},
		"FIPS mode": {func(t *testing.T, dir string) {
			rig.Put(t, filepath.Join(dir, "root/proc/sys/crypto/fips_enabled"), "0\n")
		}, "V-251011", "FIPS mode takes a restart"},
		"a fact that the site does not allow": {func(t *testing.T, dir string) {
			rig.Configure(t, dir, "\nenforce: {allow: [os.issue_text]}\n")
			rig.Edit(t, filepath.Join(dir, "root/etc/chrony.conf"), "server 192.0.2.123 iburst\n", "")
		}, "V-250999", "not among enforce.allow"},
		"a mapping that leads below /mi": {func(t *testing.T, dir string) {
			rig.Edit(t, filepath.Join(dir, "root/etc/chrony.conf"), "server 192.0.2.123 iburst\n", "")
			if err := os.Rename(filepath.Join(dir, "root/etc/chrony.conf"), filepath.Join(dir, "root/mi/chrony.conf")); err != nil {
				t.Fatal(err)
			}
			rig.Put(t, filepath.Join(dir, "stigwatch/mapping.d/99.yaml"), "facts:\n  - fact: chrony.servers\n    status: documented\n    source: a test\n    from:\n      - files: [/mi/chrony.conf]\n        lens: chrony\n        path: servers\n")
		}, "V-250999", "kept below /mi"},
		"a mapping to a file that is not for writing": {func(t *testing.T, dir string) {
			rig.Edit(t, filepath.Join(dir, "root/etc/chrony.conf"), "server 192.0.2.123 iburst\n", "")
			if err := os.Rename(filepath.Join(dir, "root/etc/chrony.conf"), filepath.Join(dir, "root/etc/shadow")); err != nil {
				t.Fatal(err)
			}
			rig.Put(t, filepath.Join(dir, "stigwatch/mapping.d/99.yaml"), "facts:\n  - fact: chrony.servers\n    status: documented\n    source: a test\n    from:\n      - files: [/etc/shadow]\n        lens: chrony\n        path: servers\n")
		}, "V-250999", "stigwatch writes it in /etc/chrony.conf"},
		"a link": {func(t *testing.T, dir string) {
			rig.Edit(t, filepath.Join(dir, "root/etc/chrony.conf"), "server 192.0.2.123 iburst\n", "")
			if err := errors.Join(os.Rename(filepath.Join(dir, "root/etc/chrony.conf"), filepath.Join(dir, "root/etc/chrony.real")),
				os.Symlink("chrony.real", filepath.Join(dir, "root/etc/chrony.conf"))); err != nil {
				t.Fatal(err)
			}
		}, "V-250999", "a symbolic link is on the way"},
		"an argument in a stack of PAM": {func(t *testing.T, dir string) {
			rig.Edit(t, filepath.Join(dir, "root/etc/pam.d/password-auth"), "pam_pwquality.so", "pam_pwquality.so minlen=8")
		}, "V-250989", "there are several lines and stacks"},
		"a banner in a file that is not for writing": {func(t *testing.T, dir string) {
			rig.Edit(t, filepath.Join(dir, "root/etc/ssh/sshd_config"), "Banner /etc/issue.net", "Banner /etc/passwd")
		}, "V-250987", "sshd.banner_text is set in /etc/passwd"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := rig.New(t, "compliant")
			c.change(t, dir)
			was := rig.Tree(t, filepath.Join(dir, "root"))
			p, err := Plan(context.Background(), optionsIn(dir), []string{c.rule})
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Files) != 0 || len(p.Cannot) != 1 || !strings.Contains(p.Cannot[0].Reason, c.want) {
				t.Errorf("%+v", p)
			}
			if d := cmp.Diff(was, rig.Tree(t, filepath.Join(dir, "root"))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPlanMasksSecrets(t *testing.T) {
	dir := rig.New(t, "compliant")
	rig.Edit(t, filepath.Join(dir, "root/etc/snmp/snmpd.conf"), "rouser watch priv", "rouser watch priv\nrocommunity s3cret-word")
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
