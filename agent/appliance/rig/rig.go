// Package rig is little appliances for tests, and what befalls their files.
package rig

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/attest"
	"stigwatch/agent/config"
	"stigwatch/agent/finding"
	"stigwatch/agent/host"
	"stigwatch/testdata/appliance/gen"
)

// Identity is the file of the product's own configuration that most tests change.
const Identity = "root/mi/config-system/startup_config/identityconfig.xml"

// New copies a little appliance and gives its folder.
func New(t testing.TB, name string) string {
	t.Helper()
	dir := t.TempDir()
	make := gen.Hostile
	if name != "hostile" {
		make = func(dir string) error { return gen.Copy(name, dir) }
	}
	if err := make(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Config says where the configuration of a little appliance is, and where its agent
// keeps its own.
func Config(dir string) (path string, over config.Overrides) {
	over = config.Overrides{StateDir: filepath.Join(dir, "state"), RuntimeDir: filepath.Join(dir, "run")}
	return filepath.Join(dir, "stigwatch", "stigwatch.yaml"), over
}

// Configure adds lines to the configuration.
func Configure(t testing.TB, dir, more string) {
	t.Helper()
	name := filepath.Join(dir, "stigwatch", "stigwatch.yaml")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	Put(t, name, string(b)+more)
}

// Edit replaces text in a file, as an editor does.
func Edit(t testing.TB, file, from, to string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(b), from, to, 1)
	if text == string(b) {
		t.Fatalf("%q does not stand in %s", from, file)
	}
	Put(t, file, text)
}

// Put replaces a file.
func Put(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file+".new", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// Read gives a file below the appliance's root.
func Read(t testing.TB, dir, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "root", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Tree gives everything below a folder: for a file its bytes, owner and mode.
func Tree(t testing.TB, dir string) map[string]string {
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

// Weaken makes every fact that may be written bad, in an appliance that is else in
// order.
func Weaken(t testing.TB, dir string) {
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
		Edit(t, filepath.Join(dir, "root", e.file), e.from, e.to)
	}
}

// Results gives the results of a report of all rules, by rule.
func Results(t testing.TB, r *api.Report, err error) map[string]api.Result {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Results) != 58 {
		t.Fatalf("%d results", len(r.Results))
	}
	out := map[string]api.Result{}
	for _, res := range r.Results {
		out[res.Rule] = res
	}
	return out
}

// Answered gives the compliant appliance with one attestation, for V-251004, that
// rests on a file and ends after so many days.
func Answered(t testing.TB, days int) string {
	t.Helper()
	dir := New(t, "compliant")
	file, evidence, now := filepath.Join(dir, "stigwatch/attestations.yaml"), "it ran\n", time.Now().UTC().Truncate(time.Second)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	Put(t, filepath.Join(dir, "stigwatch/evidence/backup.txt"), evidence)
	err := attest.Add(file, attest.Attestation{
		Rule: "V-251004", Facts: []string{"core.backup_schedule"}, Status: finding.Pass, Statement: "It runs each night.",
		By: attest.Person{Name: "A", Role: "ISSO"}, When: now.Format(time.RFC3339), Expires: now.AddDate(0, 0, days).Format(time.RFC3339),
		Evidence: &attest.Evidence{File: "backup.txt", Digest: host.Digest([]byte(evidence))},
	}, attest.Known{"V-251004": {"core.backup_schedule"}})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
