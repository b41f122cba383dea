package systemd_test

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"stigwatch/agent/permit"
	"stigwatch/systemd"
)

// since is the version of systemd that brought a key, where that is after EL7's 219:
// an older one warns and does without. Sources: the man pages' "Added in version" and
// systemd's NEWS.
var since = map[string]int{
	"TasksMax": 227, "AmbientCapabilities": 229, "StartLimitIntervalSec": 230,
	"MemoryDenyWriteExecute": 231, "MemoryHigh": 231, "MemoryMax": 231, "ReadOnlyPaths": 231, "ReadWritePaths": 231, "RestrictRealtime": 231,
	"ProtectControlGroups": 232, "ProtectKernelModules": 232, "ProtectKernelTunables": 232, "RemoveIPC": 232, "RestrictNamespaces": 233,
	"IPAddressAllow": 235, "IPAddressDeny": 235, "KeyringMode": 235, "LockPersonality": 235, "LogsDirectory": 235, "LogsDirectoryMode": 235, "StateDirectory": 235, "StateDirectoryMode": 235,
	"RestrictSUIDSGID": 242, "ProtectKernelLogs": 244, "ProtectClock": 245, "ProtectProc": 247, "ExecPaths": 248, "NoExecPaths": 248, "SocketBindDeny": 249,
}

// known219 are the keys that systemd 219 has.
var known219 = strings.Fields(`Description Documentation After Wants Requires Type ExecStart ExecReload User Group Restart RestartSec WatchdogSec TimeoutStartSec TimeoutStopSec
	Environment RuntimeDirectory RuntimeDirectoryMode UMask CapabilityBoundingSet NoNewPrivileges SecureBits ProtectSystem ProtectHome PrivateTmp PrivateDevices
	RestrictAddressFamilies SystemCallArchitectures SystemCallErrorNumber SystemCallFilter LimitNOFILE LimitCORE OOMScoreAdjust SELinuxContext WantedBy Also
	ListenStream SocketUser SocketGroup SocketMode DirectoryMode`)

var assignment = regexp.MustCompile(`(?m)^([A-Za-z]+)=(.*)$`)

// lines gives a unit's assignments in their order.
func lines(t *testing.T, name string) (out [][2]string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range assignment.FindAllStringSubmatch(string(b), -1) {
		out = append(out, [2]string{m[1], m[2]})
	}
	if len(out) < 5 {
		t.Fatalf("%s: only %d lines", name, len(out))
	}
	return out
}

func values(t *testing.T, name, key string) (out []string) {
	t.Helper()
	for _, l := range lines(t, name) {
		if l[0] == key {
			out = append(out, strings.Fields(l[1])...)
		}
	}
	return out
}

var units = []string{systemd.Agent, systemd.Enforcer, systemd.EnforcerSocket, "old-systemd.conf"}

func TestEveryKeyIsOneOfWhichItIsKnownWhatAnOldSystemdDoes(t *testing.T) {
	for _, name := range units {
		for _, l := range lines(t, name) {
			if _, newer := since[l[0]]; !newer && !slices.Contains(known219, l[0]) {
				t.Errorf("%s: since when is there %s?", name, l[0])
			}
		}
	}
}

// What systemd 219 knows by another meaning, or refuses with more than a warning.
func TestNoLineStopsAnOldSystemd(t *testing.T) {
	for _, name := range units {
		for _, l := range lines(t, name) {
			switch {
			case l[0] == "SystemCallFilter" && !strings.HasPrefix(l[1], "~") && strings.Contains(l[1], "@"):
				t.Errorf("%s: before 231 %q is a list of nothing, and every call is refused", name, l[1])
			case strings.HasPrefix(l[0], "Exec") && !strings.HasSuffix(l[0], "Paths") && l[1] != "" && !strings.HasPrefix(l[1], "/"):
				t.Errorf("%s: before 231 %s=%s has no absolute path", name, l[0], l[1])
			case l[0] == "Type" && l[1] != "notify":
				t.Errorf("%s: Type=%s", name, l[1])
			}
		}
	}
}

// A guard that hides what is judged makes wrong verdicts.
func TestNoGuardBlindsTheFacts(t *testing.T) {
	blind := map[string]string{
		"PrivateNetwork": "empties /proc/net", "ProcSubset": "hides /proc/sys/crypto/fips_enabled", "PrivateUsers": "voids CAP_DAC_READ_SEARCH", "ProtectHostname": "keeps an old host name",
		"InaccessiblePaths": "hides files", "TemporaryFileSystem": "hides files", "RootDirectory": "is another tree", "DynamicUser": "is another user", "PrivateMounts": "may hide mounts",
	}
	for _, name := range units {
		for _, l := range lines(t, name) {
			if why, bad := blind[l[0]]; bad {
				t.Errorf("%s: %s %s", name, l[0], why)
			}
			if l[0] == "ProtectHome" && l[1] != "read-only" {
				t.Errorf("%s: ProtectHome=%s hides files", name, l[1])
			}
		}
	}
}

func TestTheEnforcersUnitLetsItWriteWherePermitDoes(t *testing.T) {
	writable, readOnly := values(t, systemd.Enforcer, "ReadWritePaths"), values(t, systemd.Enforcer, "ReadOnlyPaths")
	below := func(dir string, of []string) bool {
		return slices.ContainsFunc(of, func(p string) bool {
			p = strings.TrimPrefix(p, "-")
			return dir == p || strings.HasPrefix(dir, p+"/")
		})
	}
	var patterns []string
	for _, p := range permit.All() {
		patterns = append(patterns, p.Files...)
	}
	if len(patterns) < 10 {
		t.Fatalf("only %d patterns", len(patterns))
	}
	needed := map[string]bool{}
	for _, pattern := range patterns {
		dir := path.Dir(pattern)
		needed[dir] = true
		if !below(dir, writable) || below(dir, readOnly) {
			t.Errorf("%s cannot be written by the unit", pattern)
		}
	}
	for _, p := range writable {
		if p != "/run/stigwatch-enforcer" && !needed[p] {
			t.Errorf("the unit may write below %s, and permit names no file there", p)
		}
	}
	for _, dir := range []string{"/etc/pam.d", "/etc/stigwatch", "/etc/sudoers.d", "/etc/systemd/system", "/etc/cron.d", "/etc/pki/tls", "/etc/httpd/conf.d", "/mi/config-system"} {
		if !below(dir, readOnly) {
			t.Errorf("the unit may write to %s", dir)
		}
	}
}

// TestExposure holds what systemd-analyze(1) security makes of the units.
func TestExposure(t *testing.T) {
	if os.Getenv("STIGWATCH_BOOT") == "" {
		t.Skip("systemd-analyze was not asked: make test-boot")
	}
	for name, most := range map[string]float64{systemd.Agent: 2.0, systemd.Enforcer: 2.5} {
		file, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		c := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", file)
		c.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "SYSTEMD_COLORS=0")
		out, _ := c.CombinedOutput()
		m := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`).FindSubmatch(out)
		if m == nil {
			t.Fatalf("%s: no figure:\n%s", name, out)
		}
		got, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil || got > most || got == 0 {
			t.Errorf("%s: exposure %v (%v), may be %v\n%s", name, got, err, most, out)
		}
		t.Logf("%s: %v", name, got)
	}
}
