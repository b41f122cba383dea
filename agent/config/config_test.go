package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"stigwatch/agent/alert"
	"stigwatch/agent/strict"
)

// write makes files in a new folder and gives it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// messages gives the mistakes of err, with files without their folder.
func messages(t *testing.T, dir string, err error) string {
	t.Helper()
	var wrong strict.Mistakes
	if err != nil && !errors.As(err, &wrong) {
		t.Fatalf("not a list of mistakes: %v", err)
	}
	return strings.ReplaceAll(wrong.Error(), dir+"/", "")
}

func TestNoKeyGivesTheDefaults(t *testing.T) {
	dir := write(t, map[string]string{"stigwatch.yaml": "# nothing\n"})
	got, err := Load(filepath.Join(dir, "stigwatch.yaml"), Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Path: dir + "/stigwatch.yaml", Root: "/", SitePath: dir + "/site.yaml", MappingDirs: []string{dir + "/mapping.d"},
		Waivers: dir + "/waivers.yaml", Attestations: dir + "/attestations.yaml",
		Evidence: "/var/lib/stigwatch/evidence", Probe: true, StateDir: "/var/lib/stigwatch", RuntimeDir: "/run/stigwatch",
		Socket: "/run/stigwatch/stigwatch.sock", SelfTest: time.Hour, Sinks: []alert.Config{}, Enforce: Enforce{
			Mode: "alert", ConfirmWithin: 10 * time.Minute, Keep: 90 * 24 * time.Hour, KeepBytes: 64 << 20, FightTimes: 3, FightWithin: 10 * time.Minute,
			PerHour: 6, Dir: "/var/lib/stigwatch-enforcer", Socket: "/run/stigwatch-enforcer/enforcer.sock", AgentUser: "stigwatch",
		},
		Who:    Who{Sources: whoSources, AuditLog: "/var/log/audit/audit.log"},
		Digest: strict.Digest([]byte("# nothing\n")),
		Files:  Files{dir + "/stigwatch.yaml": strict.Digest([]byte("# nothing\n"))},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Config{})); diff != "" {
		t.Error(diff)
	}
}

func TestEachKeyIsRead(t *testing.T) {
	dir := write(t, map[string]string{"maps/.keep": "", "etc/site.yaml": "", "none.yaml": "", "stigwatch.yaml": `
root: tree
site: etc/site.yaml
mappings: [maps, /]
waivers: none.yaml
attestations: none.yaml
policies: ""
evidence: ../evidence
probe: false
state_dir: state
runtime_dir: run
selftest: 10m
sinks:
  - {name: siem, type: syslog, address: "tcp://[2001:db8::1]:601", format: rfc5424, facility: local3}
  - name: here
    type: syslog
  - {name: out, type: stdout, rate: 60, damp: {changes: 5, within: 10m}}
  - {name: kept, type: file, path: /var/log/stigwatch/alerts.json, max_size_mb: 20}
enforce:
  mode: plan
  rules: {V-250987: enforce}
  allow: [os.issue_text]
  confirm_within: 5m
  keep: 24h
  keep_bytes: 1048576
  fight_times: 2
  fight_within: 1m
  per_hour: 9
  dir: enforcer
  socket: e.sock
  agent_user: nobody
  reload: {chronyd.service: [/usr/bin/systemctl, restart, chronyd]}
who: {sources: [fanotify], wait: 50ms, arguments: true, audit_log: ../audit.log}
`})
	got, err := Load(filepath.Join(dir, "stigwatch.yaml"), Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Path: dir + "/stigwatch.yaml", Root: dir + "/tree", SitePath: dir + "/etc/site.yaml", MappingDirs: []string{dir + "/maps", "/"},
		Waivers: dir + "/none.yaml", Attestations: dir + "/none.yaml", Evidence: filepath.Dir(dir) + "/evidence",
		StateDir: dir + "/state", RuntimeDir: dir + "/run", Socket: dir + "/run/stigwatch.sock", SelfTest: 10 * time.Minute,
		Sinks: []alert.Config{
			{Name: "siem", Type: "syslog", Address: "tcp://[2001:db8::1]:601", Format: "rfc5424", Facility: "local3"},
			{Name: "here", Type: "syslog", Address: "unix:///dev/log", Format: "rfc5424", Facility: "daemon"},
			{Name: "out", Type: "stdout", Rate: 60, Damp: alert.Damp{Changes: 5, Within: "10m"}},
			{Name: "kept", Type: "file", Format: "json", Path: "/var/log/stigwatch/alerts.json", MaxSize: 20, Keep: 5},
		},
		Enforce: Enforce{
			Mode: "plan", Rules: map[string]string{"V-250987": "enforce"}, Allow: []string{"os.issue_text"}, ConfirmWithin: 5 * time.Minute,
			Keep: 24 * time.Hour, KeepBytes: 1 << 20, FightTimes: 2, FightWithin: time.Minute, PerHour: 9, Dir: dir + "/enforcer",
			Socket: dir + "/e.sock", AgentUser: "nobody",
			Reload: map[string][]string{"chronyd.service": {"/usr/bin/systemctl", "restart", "chronyd"}},
		},
		Who: Who{Sources: []string{"fanotify"}, Wait: 50 * time.Millisecond, Arguments: true, AuditLog: filepath.Dir(dir) + "/audit.log"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Config{}), cmpopts.IgnoreFields(Config{}, "Digest", "Files")); diff != "" {
		t.Error(diff)
	}
}

func TestFlagsOverrideTheFile(t *testing.T) {
	dir := write(t, map[string]string{"c.yaml": "root: /a\nstate_dir: /b\nruntime_dir: /c\n"})
	got, err := Load(filepath.Join(dir, "c.yaml"), Overrides{Root: "/1", StateDir: "/2", RuntimeDir: "/3", Socket: "/4"})
	if err != nil {
		t.Fatal(err)
	}
	if list := []string{got.Root, got.StateDir, got.RuntimeDir, got.Socket}; !cmp.Equal(list, []string{"/1", "/2", "/3", "/4"}) {
		t.Error(list)
	}
}

func TestMistakesOfStigwatchYAML(t *testing.T) {
	tests := map[string]struct{ yaml, want string }{
		"unknown key": {"sinkz: []", "c.yaml:1: sinkz: unknown key: known here are root, site, mappings, waivers, attestations, policies, evidence, probe, state_dir, runtime_dir, selftest, sinks, enforce, who"},
		"empty path":  {"root: ''\nmappings: ['']", "c.yaml:1: root: the path is empty: write one, or remove it to get the default\nc.yaml:2: mappings[0]: the path is empty: write one, or remove it to get the default"},
		"policies":    {"policies: /opt/bundle", `c.yaml:1: policies: signed policy bundles come with a later release: leave it "", which is the embedded policies`},
		"enforce": {"enforce:\n  mode: fix\n  rules:\n    V-25: alert\n    V-250988: on\n  allow: [mics.users]\n  confirm_within: 1s\n  keep: x\n  keep_bytes: 1\n  fight_times: -1\n  per_hour: 9999\n  dir: ''\n  reload: {chronyd: [x], a.service: [restart]}",
			"c.yaml:2: enforce.mode: \"fix\" is not a mode: write alert, plan or enforce\nc.yaml:4: enforce.rules.V-25: \"V-25\" is not a rule: write it like V-250987\nc.yaml:5: enforce.rules.V-250988: \"on\" is not a mode: write alert, plan or enforce\nc.yaml:6: enforce.allow[0]: \"mics.users\" is never written: those that may be are chrony.servers, faillock.deny, faillock.unlock_seconds, limits.max_logins, limits.max_system_logins, ntp.servers, os.issue_text, pwquality.dcredit, pwquality.lcredit, pwquality.minlen, pwquality.ocredit, pwquality.ucredit, rsyslog.forwards, snmpd.access, snmpd.communities, sshd.banner, sshd.banner_text, sshd.match_banners\nc.yaml:7: enforce.confirm_within: \"1s\" is not a time from 30s to 24h: write it like 10m\nc.yaml:8: enforce.keep: \"x\" is not a time from 1h to 87840h: write it like 10m\nc.yaml:9: enforce.keep_bytes: 1 is not from 1048576 to 17179869184\nc.yaml:10: enforce.fight_times: -1 is not from 1 to 1000\nc.yaml:11: enforce.per_hour: 9999 is not from 1 to 3600\nc.yaml:12: enforce.dir: the path is empty: write one, or remove it to get the default\nc.yaml:13: enforce.reload.a.service: write the program's absolute path and its arguments: [/usr/bin/systemctl, restart, a.service]\nc.yaml:13: enforce.reload.chronyd: \"chronyd\" is not a unit: write it like chronyd.service"},
		"self-test":       {"selftest: hourly", `c.yaml:1: selftest: "hourly" is not a time from 1m to 8784h: write it like 1h, or off`},
		"self-test often": {"selftest: 1s", `c.yaml:1: selftest: "1s" is not a time from 1m to 8784h: write it like 1h, or off`},
		"self-test off":   {"selftest: off", ""},
		"self-test none":  {"selftest: 0s", ""},
		"site not there":  {"site: other.yaml", "other.yaml: cannot read it: no such file or directory: create it, or correct the path"},
		"no mappings":     {"mappings: [mapping.d, maps]", "c.yaml:1: mappings[1]: \"maps\": cannot read it: no such file or directory: create it, or correct the path"},
		"mapping file":    {"mappings: [c.yaml]", "c.yaml:1: mappings[0]: \"c.yaml\" is not a folder: name the folder that holds the mappings"},
		"named waivers":   {"waivers: w.yaml", "c.yaml:1: waivers: \"w.yaml\": cannot read it: no such file or directory: create it, or correct the path"},
		"who":             {"who:\n  sources: [audit, auditd, audit]\n  wait: 2s\n  audit_log: ''\n  since: 3s", "c.yaml:2: who.sources[1]: \"auditd\" is not a source: write one of audit, fanotify, packages\nc.yaml:2: who.sources[2]: \"audit\" stands there already: remove one\nc.yaml:3: who.wait: \"2s\" is not a time from 0 to 1s: write it like 50ms\nc.yaml:4: who.audit_log: the path is empty: write one, or remove it to get the default\nc.yaml:5: who.since: unknown key: known here are sources, wait, arguments, audit_log"},
		"who's wait":      {"who: {wait: soon}", "c.yaml:1: who.wait: \"soon\" is not a time from 0 to 1s: write it like 50ms"},
		"long socket":     {"runtime_dir: /" + strings.Repeat("r", 92), "c.yaml:1: runtime_dir: the path of the socket, \"/" + strings.Repeat("r", 92) + "/stigwatch.sock\", has 108 bytes, and a unix socket takes at most 107: choose a shorter folder"},
		"socket fits":     {"runtime_dir: /" + strings.Repeat("r", 91), ""},
		"sink names":      {"sinks:\n  - {name: a, type: stdout}\n  - {name: a, type: stdout}\n  - {name: 'a b', type: mail}\n  - {type: journald, facility: auth}", "c.yaml:3: sinks[1].name: another sink is named \"a\" already: choose another name\nc.yaml:4: sinks[2].name: \"a b\" is not a name: up to 64 letters, digits, dots, dashes and underscores\nc.yaml:4: sinks[2].type: \"mail\" is not a type: write one of " + strings.Join(alert.Types(), ", ") + "\nc.yaml:5: sinks[3].name: the key is missing: it has no default\nc.yaml:5: sinks[3].facility: a sink of type journald has none: remove the key"},
		"sink format":     {"sinks: [{name: a, type: syslog, format: xml, facility: local8}]", "c.yaml:1: sinks[0].format: \"xml\" is not a format of type syslog: write one of rfc5424, cef, leef\nc.yaml:1: sinks[0].facility: \"local8\" is not a facility: write daemon, auth, authpriv or local0 to local7"},
		"empty with keys": {"sinks:\n", "c.yaml:1: sinks: there is no value: write one, or remove the key to get its default"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{"c.yaml": tt.yaml})
			_, _, err := LoadAll(filepath.Join(dir, "c.yaml"), Overrides{})
			if diff := cmp.Diff(tt.want, messages(t, dir, err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLoadAllListsTheMistakesOfBothFiles(t *testing.T) {
	dir := write(t, map[string]string{"c.yaml": "rooot: /\nsinks: 5\n", "site.yaml": "max_ssh_sessions: 11\n"})
	_, _, err := LoadAll(filepath.Join(dir, "c.yaml"), Overrides{})
	got := messages(t, dir, err)
	for _, want := range []string{"c.yaml:1: rooot: ", "c.yaml:2: sinks: ", "site.yaml:1: max_ssh_sessions: "} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}

func TestANamedFileMustBeThere(t *testing.T) {
	dir := t.TempDir()
	_, _, err := LoadAll(filepath.Join(dir, "c.yaml"), Overrides{})
	if got := messages(t, dir, err); got != "c.yaml: cannot read it: no such file or directory: create it, or correct the path" {
		t.Error(got)
	}
	if _, err := LoadSite(filepath.Join(dir, "s.yaml")); err == nil {
		t.Error("a named site profile was not missed")
	}
}

func TestDigestCoversEveryFile(t *testing.T) {
	files := map[string]string{"c.yaml": "root: /\n", "site.yaml": "approved_cas: [ca.pem]\n", "ca.pem": authority(t)}
	sum := func() string {
		dir := write(t, files)
		cfg, _, err := LoadAll(filepath.Join(dir, "c.yaml"), Overrides{})
		if err != nil {
			t.Fatal(err)
		}
		return cfg.Digest
	}
	first := sum()
	if again := sum(); again != first {
		t.Error("the digest of the same files differs")
	}
	for name, text := range files {
		files[name] = text + "\n"
		if sum() == first {
			t.Errorf("the digest does not cover %s", name)
		}
		files[name] = text
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("root: /\nsinks: [{name: a, type: syslog, address: 'udp://h:514'}]\nenforce: {mode: alert, rules: {V-250987: alert}}\n"))
	seed(f, "stigwatch.yaml")
	f.Fuzz(func(t *testing.T, b []byte) {
		cfg, d := parse("/etc/stigwatch/stigwatch.yaml", b, Overrides{})
		if len(d.Mistakes()) > 0 {
			return
		}
		for _, p := range []string{cfg.Root, cfg.SitePath, cfg.Evidence, cfg.StateDir, cfg.RuntimeDir, cfg.Socket} {
			if !filepath.IsAbs(p) {
				t.Errorf("path %q is not absolute", p)
			}
		}
	})
}

// seed adds the little appliances' files of this name.
func seed(f *testing.F, name string) {
	f.Helper()
	files, _ := filepath.Glob("../../testdata/appliance/*/stigwatch/" + name)
	if len(files) == 0 {
		f.Fatal("there are no seeds")
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}
