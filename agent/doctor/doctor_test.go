package doctor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/ownership"
	"stigwatch/agent/service"
	"stigwatch/systemd"
)

// Whoever may see everything of a sound install is told of no fault and no blind spot.
func TestASoundInstallIsSound(t *testing.T) {
	m := sound(t)
	r, err := Run(t.Context(), m.o)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		for _, i := range c.Items {
			if i.State != OK && i.State != NotApplicable {
				t.Errorf("%s: %s: %s", c.Name, i.State, i.Found)
			}
		}
	}
	if len(r.Checks) != len(checks()) || r.Summary.OK != len(checks())-1 || r.Summary.NotApplicable != 1 { // SELinux
		t.Errorf("%+v", r.Summary)
	}
}

// wrong is a sound machine with one thing amiss, and what the check has to say of it.
type wrong struct {
	check string
	spoil func(m *machine)
	state State
	found string
	next  string
}

func tells(t *testing.T, cases map[string]wrong) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := sound(t)
			c.spoil(m)
			wantItem(t, m.look(c.check), c.state, c.found, c.next)
		})
	}
}

func TestUserAndGroup(t *testing.T) {
	tells(t, map[string]wrong{
		"no user":          {"user", func(m *machine) { m.file("/etc/passwd", "stigwatcher:x:9:9::/:/x\n", 0o644, 0, 0) }, Fail, `no user "stigwatch"`, "useradd --system"},
		"no group":         {"user", func(m *machine) { m.file("/etc/group", "", 0o644, 0, 0) }, Fail, `no group "stigwatch"`, "groupadd"},
		"the user is root": {"user", func(m *machine) { m.file("/etc/passwd", "stigwatch:x:0:0::/:/sbin/nologin\n", 0o644, 0, 0) }, Fail, `the number "0"`, "useradd"},
		"a shell":          {"user", func(m *machine) { m.file("/etc/passwd", "stigwatch:x:997:996::/:/bin/bash\n", 0o644, 0, 0) }, Warn, "/bin/bash", "usermod -s"},
		"another group":    {"user", func(m *machine) { m.file("/etc/passwd", "stigwatch:x:997:100::/:/bin/false\n", 0o644, 0, 0) }, Warn, "own group is 100", "usermod -g"},
	})
}

func TestServiceAndSocket(t *testing.T) {
	tells(t, map[string]wrong{
		"stopped":         {"service", state(service.Stopped, nil), Fail, "stopped", "systemctl start"},
		"failed":          {"service", state(service.Failed, nil), Fail, "failed", "journalctl"},
		"again and again": {"service", state(service.Starting, nil), Fail, "again and again", "journalctl"},
		"by hand":         {"service", state(service.NotInstalled, nil), Warn, "no service manager knows", "service install"},
		"nobody can tell": {"service", state("", errors.New("no system bus")), Skipped, "no system bus", ""},
		"not at boot":     {"service", func(m *machine) { m.remove(wants) }, Warn, "not started at boot", "systemctl enable"},
		"not installed":   {"service", func(m *machine) { m.down(unix.ENOENT); state(service.NotInstalled, nil)(m) }, Fail, "not installed", "install"},
		"no socket":       {"socket", func(m *machine) { m.remove("/run/stigwatch/stigwatch.sock") }, Fail, "no socket at", "systemctl start"},
		"a file instead": {"socket", func(m *machine) {
			m.remove("/run/stigwatch/stigwatch.sock")
			m.file("/run/stigwatch/stigwatch.sock", "", 0o660, user, group)
		}, Fail, "is no socket", ""},
		"open to all":      {"socket", func(m *machine) { m.owned("/run/stigwatch/stigwatch.sock", 0o666, user, group) }, Fail, "others may ask", "restart"},
		"closed to all":    {"socket", func(m *machine) { m.owned("/run/stigwatch/stigwatch.sock", 0o600, user, group) }, Warn, "group may not ask", "restart"},
		"another's socket": {"socket", func(m *machine) { m.owned("/run/stigwatch/stigwatch.sock", 0o660, user, 100) }, Fail, "gid 100, which may ask", "restart"},
		"nobody listens":   {"socket", func(m *machine) { m.down(unix.ECONNREFUSED) }, Fail, "nobody answers", "restart"},
		"not for me":       {"socket", func(m *machine) { m.down(unix.EACCES) }, Skipped, "permission denied", "sudo"},
		"it does not answer": {"socket", func(m *machine) {
			m.o.Status = func(context.Context) (*api.Report, error) { return nil, errors.New("no answer") }
		}, Fail, "pid 4242 listens, and does not answer", "journalctl"},
	})
}

func TestProcess(t *testing.T) {
	tells(t, map[string]wrong{
		"runs as root":      {"process", proc("Uid", "0\t0\t0\t0"), Fail, "runs as user root", "not by hand"},
		"partly root":       {"process", proc("Uid", "997\t997\t0\t997"), Fail, "runs as user root", "not by hand"},
		"another group's":   {"process", proc("Gid", "100\t100\t100\t100"), Fail, "runs as group gid 100", ""},
		"groups besides":    {"process", proc("Groups", "996 0 4"), Warn, "root, gid 4", "systemctl cat"},
		"nobody to compare": {"process", func(m *machine) { m.file("/etc/passwd", "", 0o644, 0, 0) }, Skipped, "cannot tell", "useradd"},
		"no process":        {"process", func(m *machine) { m.down(unix.ECONNREFUSED) }, Skipped, "no agent runs", "systemctl start"},
		"hidden":            {"process", func(m *machine) { m.remove("/proc/4242") }, Skipped, "cannot look at the process", ""},
	})
}

func TestGuardsOfTheProcess(t *testing.T) {
	tells(t, map[string]wrong{
		"no capability":      {"capabilities", proc("CapEff", "0000000000000000"), Fail, "has no CAP_DAC_READ_SEARCH", "AmbientCapabilities"},
		"may write":          {"capabilities", proc("CapEff", "0000000000000006"), Fail, "CAP_DAC_OVERRIDE too, and so can write", "systemctl cat"},
		"attribution":        {"capabilities", proc("CapEff", "0000000000200004"), Warn, "has CAP_SYS_ADMIN too", "drop-in"},
		"all":                {"capabilities", proc("CapBnd", "000001ffffffffff"), Fail, "could be given every capability", ""},
		"a new one":          {"capabilities", proc("CapPrm", "8000000000000004"), Warn, "capability 63", ""},
		"not legible":        {"capabilities", proc("CapEff", "none"), Skipped, "cannot read CapEff", ""},
		"may gain":           {"no-new-privs", proc("NoNewPrivs", "0"), Fail, "no_new_privs is 0", "NoNewPrivileges"},
		"an old kernel":      {"no-new-privs", proc("NoNewPrivs", ""), Skipped, "this kernel does not tell", ""},
		"no filter":          {"seccomp", proc("Seccomp", "0"), Fail, "seccomp mode is 0", "SystemCallFilter"},
		"an older kernel":    {"seccomp", proc("Seccomp", ""), Skipped, "this kernel does not tell", ""},
		"core files":         {"core-dumps", limit("0", "unlimited"), Fail, "up to unlimited", "LimitCORE"},
		"core files now":     {"core-dumps", limit("unlimited", "unlimited"), Fail, "may have unlimited", "LimitCORE"},
		"no limits":          {"core-dumps", func(m *machine) { m.remove("/proc/4242/limits") }, Skipped, "cannot look at the limits", ""},
		"other limits":       {"core-dumps", func(m *machine) { m.file("/proc/4242/limits", "Max core file size\n", 0o444, 0, 0) }, Skipped, "cannot read the limit", ""},
		"dumpable":           {"core-dumps", func(m *machine) { m.owned("/proc/4242/status", 0o444, user, group) }, Warn, "it is dumpable", "core_pattern"},
		"dumpable, of root":  {"core-dumps", func(m *machine) { m.peer.UID = 0 }, Skipped, "it runs as root", ""},
		"permissive":         {"selinux", labelled("0", "stigwatch_t", "stigwatch_exec_t"), Warn, "permissive", "setenforce"},
		"no domain":          {"selinux", labelled("1", "unconfined_service_t", "stigwatch_exec_t"), Warn, "unconfined_service_t", "stigwatch-selinux"},
		"a binary relabeled": {"selinux", labelled("1", "stigwatch_t", "bin_t"), Warn, "bin_t", "restorecon"},
	})
}

func TestFiles(t *testing.T) {
	tells(t, map[string]wrong{
		"a folder of all":       {"files", func(m *machine) { m.owned("/etc/stigwatch", 0o777, 0, group) }, Fail, "/etc/stigwatch has mode 0777", "chmod 0750 /etc/stigwatch"},
		"a folder to read":      {"files", func(m *machine) { m.owned("/etc/stigwatch", 0o755, 0, group) }, Warn, "/etc/stigwatch has mode 0755", "chmod 0750"},
		"the agent's own":       {"files", func(m *machine) { m.owned("/etc/stigwatch/stigwatch.yaml", 0o640, user, group) }, Fail, "belongs to stigwatch", "chown root:stigwatch"},
		"a writable file":       {"files", func(m *machine) { m.owned("/etc/stigwatch/site.yaml", 0o660, 0, group) }, Fail, "site.yaml has mode 0660", "chmod 0640"},
		"a writable mapping":    {"files", func(m *machine) { m.owned("/etc/stigwatch/mapping.d/10-site.yaml", 0o646, 0, group) }, Fail, "10-site.yaml has mode 0646", "chmod 0640"},
		"another's group":       {"files", func(m *machine) { m.owned("/etc/stigwatch/site.yaml", 0o640, 0, 100) }, Warn, "open to the group gid 100", "chgrp"},
		"a secret to read":      {"files", func(m *machine) { m.owned("/etc/stigwatch/token", 0o644, 0, group) }, Fail, "token has mode 0644", "chmod 0640"},
		"somebody's secret":     {"files", func(m *machine) { m.owned("/etc/stigwatch/token", 0o600, 1000, group) }, Fail, "belongs to uid 1000", "chown"},
		"no secret":             {"files", func(m *machine) { m.remove("/etc/stigwatch/token") }, Fail, "secret /etc/stigwatch/token is not there", "create it"},
		"no state":              {"files", func(m *machine) { m.remove("/var/lib/stigwatch") }, Fail, "nothing can be recorded", "install -d"},
		"another's state":       {"files", func(m *machine) { m.owned("/var/lib/stigwatch", 0o750, 0, group) }, Fail, "belongs to root", "chown stigwatch"},
		"a state of all":        {"files", func(m *machine) { m.owned("/var/lib/stigwatch", 0o770, user, group) }, Fail, "mode 0770", "chmod 0750"},
		"root's key":            {"files", func(m *machine) { m.owned("/var/lib/stigwatch/journal.key", 0o600, 0, 0) }, Fail, "journal.key belongs to root", "chown stigwatch"},
		"a run of all":          {"files", func(m *machine) { m.owned("/run/stigwatch", 0o777, user, group) }, Fail, "/run/stigwatch has mode 0777", "chmod 0750"},
		"evidence of all":       {"files", func(m *machine) { m.folder("/var/lib/stigwatch/evidence", 0o770, 0, group) }, Fail, "evidence has mode 0770", "chmod 0750"},
		"a key to read":         {"files", func(m *machine) { m.owned("/var/lib/stigwatch/journal.key", 0o644, user, group) }, Fail, "journal.key has mode 0644", ""},
		"the enforcer's":        {"files", func(m *machine) { m.folder("/var/lib/stigwatch-enforcer", 0o750, 0, 0) }, Warn, "enforcer has mode 0750", "chmod 0700"},
		"the enforcer's, open":  {"files", func(m *machine) { m.folder("/var/lib/stigwatch-enforcer", 0o755, 0, 0) }, Fail, "enforcer has mode 0755", "chmod 0700"},
		"the enforcer's socket": {"files", func(m *machine) { m.file("/run/stigwatch-enforcer/enforcer.sock", "", 0o666, 0, group) }, Fail, "enforcer.sock has mode 0666", "chmod 0660"},
		"others on the way":     {"files", func(m *machine) { m.o.alone = func(string) error { return ownership.ErrOthers } }, Fail, "others than root", ""},
		"a way not to be seen":  {"files", func(m *machine) { m.o.alone = func(string) error { return unix.EACCES } }, Skipped, "permission denied", "sudo"},
		"what it names unknown": {"files", func(m *machine) { m.o.ConfigErr = unix.EACCES }, Skipped, "cannot tell which other files", "sudo"},
	})
}

func TestBinaryAndUnits(t *testing.T) {
	tells(t, map[string]wrong{
		"no binary":       {"binary", func(m *machine) { m.remove("/usr/bin/stigwatch") }, Fail, "there is no /usr/bin/stigwatch", "install"},
		"setuid":          {"binary", func(m *machine) { m.must(unix.Chmod(m.at("/usr/bin/stigwatch"), 0o4755)) }, Fail, "mode 4755", "chmod 0755"},
		"a binary of all": {"binary", func(m *machine) { m.o.alone = func(string) error { return ownership.ErrOthers } }, Fail, "others than root", ""},
		"replaced":        {"binary", exe("/usr/bin/stigwatch (deleted)"), Warn, "was replaced", "systemctl restart"},
		"another file":    {"binary", exe("/root/stigwatch"), Warn, "runs /root/stigwatch, not /usr/bin/stigwatch", "systemctl restart"},
		"another version": {"binary", func(m *machine) { m.report.Agent.Version = "1.2.2" }, Warn, "the agent is version 1.2.2, this is 1.2.3", "systemctl restart"},
		"nothing to see":  {"binary", func(m *machine) { m.remove("/proc/4242/exe") }, Skipped, "cannot look at which file", ""},
		"no unit":         {"units", func(m *machine) { m.remove(agentPath) }, Fail, "there is no stigwatch.service", "install"},
		"drift":           {"units", func(m *machine) { m.file(agentPath, systemd.Unit(systemd.Agent)+"\n", 0o644, 0, 0) }, Fail, "is not the unit of this version", "reinstall"},
		"an override": {"units", func(m *machine) {
			m.file("/etc/systemd/system/stigwatch.service", "[Service]\nExecStart=/bin/x\n", 0o644, 0, 0)
		}, Fail, "/etc/systemd/system/stigwatch.service is not", ""},
		"masked":            {"units", func(m *machine) { m.link("/dev/null", "/etc/systemd/system/stigwatch.service") }, Fail, "masked", "unmask"},
		"a drop-in":         {"units", func(m *machine) { m.file("/etc/systemd/system/stigwatch.service.d/x.conf", "", 0o644, 0, 0) }, Warn, "stigwatch.service.d/x.conf changes the unit", "systemctl cat"},
		"the enforcer's, x": {"units", func(m *machine) { m.file("/lib/systemd/system/stigwatch-enforcer.service", "", 0o644, 0, 0) }, Fail, "stigwatch-enforcer.service is not", ""},
		"the agent's, not the enforcer's": {"units", func(m *machine) {
			m.file("/lib/systemd/system/stigwatch-enforcer.service", systemd.Unit(systemd.Agent), 0o644, 0, 0)
		}, Fail, "stigwatch-enforcer.service is not", ""},
		"no systemd": {"units", func(m *machine) { m.remove("/run/systemd") }, NotApplicable, "does not run", ""},
	})
}

// wantItem wants one item of a state, and none that is graver.
func wantItem(t *testing.T, items []Item, state State, found, next string) {
	t.Helper()
	told := false
	for _, i := range items {
		told = told || i.State == state && strings.Contains(i.Found, found) && strings.Contains(i.Next, next)
	}
	if !told || worst(items) != state {
		t.Errorf("want %s %q, next %q; got %+v", state, found, next, items)
	}
}

func state(s service.State, err error) func(*machine) {
	return func(m *machine) { m.o.Service = func(context.Context) (service.State, error) { return s, err } }
}

func proc(line, value string) func(*machine) {
	return func(m *machine) { m.process(map[string]string{line: value}) }
}

func limit(soft, hard string) func(*machine) {
	return func(m *machine) {
		m.file("/proc/4242/limits", "Max core file size        "+soft+"      "+hard+"     bytes\n", 0o444, 0, 0)
	}
}

func labelled(enforce, process, binary string) func(*machine) {
	return func(m *machine) {
		m.file("/sys/fs/selinux/enforce", enforce, 0o644, 0, 0)
		m.file("/proc/4242/attr/current", "system_u:system_r:"+process+":s0\x00", 0o644, 0, 0)
		m.o.label = func(string) (string, error) { return "system_u:object_r:" + binary + ":s0", nil }
	}
}

func exe(path string) func(*machine) {
	return func(m *machine) { m.remove("/proc/4242/exe"); m.link(path, "/proc/4242/exe") }
}

func TestSELinuxThatConfinesIsOK(t *testing.T) {
	m := sound(t)
	labelled("1", domain, execType)(m)
	if items := m.look("selinux"); worst(items) != OK || len(items) != 3 {
		t.Errorf("%+v", items)
	}
	m.o.label = func(string) (string, error) { return "", unix.EACCES }
	wantItem(t, m.look("selinux"), Skipped, "the label of /usr/bin/stigwatch", "sudo")
}

// The unit that `service install` wrote is this version's too, and names the binary.
func TestAUnitWithoutAPackage(t *testing.T) {
	m := sound(t)
	m.remove("/usr/lib/systemd/system/stigwatch.service")
	m.remove("/usr/bin/stigwatch")
	text, err := service.Unit("/usr/local/bin/stigwatch", "/etc/stigwatch/other.yaml")
	m.must(err)
	m.file("/etc/systemd/system/stigwatch.service", text, 0o644, 0, 0)
	wantItem(t, m.look("units"), OK, "is this version's, for /usr/local/bin/stigwatch and /etc/stigwatch/other.yaml", "")
	wantItem(t, m.look("binary"), Fail, "there is no /usr/local/bin/stigwatch", "")
}

func TestRoomIsJudged(t *testing.T) {
	enough := unix.Statfs_t{Bsize: 4096, Bavail: 1 << 20, Files: 1 << 20, Ffree: 1 << 19}
	for name, c := range map[string]struct {
		change func(fs *unix.Statfs_t)
		want   State
	}{
		"enough":            {func(*unix.Statfs_t) {}, OK},
		"little":            {func(fs *unix.Statfs_t) { fs.Bavail = 100 << 20 / 4096 }, Warn},
		"hardly any":        {func(fs *unix.Statfs_t) { fs.Bavail = 1 }, Fail},
		"few inodes":        {func(fs *unix.Statfs_t) { fs.Ffree = 5000 }, Warn},
		"no inodes":         {func(fs *unix.Statfs_t) { fs.Ffree = 0 }, Fail},
		"inodes uncounted":  {func(fs *unix.Statfs_t) { fs.Files, fs.Ffree = 0, 0 }, OK},
		"only to be read":   {func(fs *unix.Statfs_t) { fs.Flags = unix.ST_RDONLY }, Fail},
		"larger than 64 GB": {func(fs *unix.Statfs_t) { fs.Bavail = 1 << 40 }, OK},
	} {
		fs := enough
		c.change(&fs)
		if got := room("/x", &fs); worst(got) != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	wantItem(t, sound(t).look("disk"), OK, "/var/lib/stigwatch has", "")
}

// A tree that this user may not enter is not thereby in order.
func TestWhatMayNotBeSeenIsNeverOK(t *testing.T) {
	m := sound(t)
	m.down(unix.EACCES)
	m.o.ConfigErr = unix.EACCES
	m.o.alone = func(string) error { return unix.EACCES }
	m.o.clock = func() (clock, error) { return clock{}, unix.EPERM }
	m.o.Service = func(context.Context) (service.State, error) { return "", unix.EACCES }
	m.exits["/usr/bin/dpkg --verify stigwatch"] = unix.EACCES
	r, err := Run(t.Context(), m.o)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{"user": true, "units": true, "disk": true, "selinux": true} // anybody may look at these
	for _, c := range r.Checks {
		if c.State != Skipped && !seen[c.Name] {
			t.Errorf("%s is %s: %+v", c.Name, c.State, c.Items)
		}
	}
}

// A check of which a part could not be looked at is not thereby one with a warning.
func TestTheGravestItemIsTheChecks(t *testing.T) {
	order := []State{Fail, Skipped, Warn, OK, NotApplicable}
	for i, want := range order {
		items := []Item{}
		for _, s := range slices.Backward(order[i:]) {
			items = append(items, Item{State: s})
			items = append(items, Item{State: NotApplicable})
		}
		if got := worst(items); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestEachCheckIsNamedOnceAndSaysWhatItAsks(t *testing.T) {
	names := map[string]bool{}
	for _, c := range checks() {
		if names[c.name] || c.asks == "" || strings.Contains(c.name, " ") {
			t.Errorf("%+v", c)
		}
		names[c.name] = true
	}
}

func TestSecretsOfEachSinkAreLookedAt(t *testing.T) {
	m := sound(t)
	m.file("/etc/stigwatch/tls.key", "", 0o604, 0, group)
	m.o.Config.Sinks = append(m.o.Config.Sinks, alert.Config{Name: "b", Type: "syslog", Key: "/etc/stigwatch/tls.key"})
	wantItem(t, m.look("files"), Fail, "tls.key has mode 0604", "chmod 0640")
}
