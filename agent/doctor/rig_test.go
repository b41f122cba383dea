package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/config"
	"stigwatch/agent/fips"
	"stigwatch/agent/host"
	"stigwatch/agent/service"
	"stigwatch/agent/socket"
	"stigwatch/systemd"
)

const (
	user  = 997
	group = 996
	pid   = 4242

	agentPath = "/usr/lib/systemd/system/stigwatch.service"
)

// machine is a sound install on a tree of its own, to be spoiled.
type machine struct {
	t      *testing.T
	o      Options
	report *api.Report
	peer   socket.Peer
	away   error // nobody answers, for this reason
	clock  clock
	ran    []string
	said   map[string]string // a command's first words → output
	exits  map[string]error
	refuse error // of connections
}

func sound(t *testing.T) *machine {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("STIGWATCH_NEED_RIGS") == "1" {
			t.Fatal("this needs root, and STIGWATCH_NEED_RIGS=1 says that it must run")
		}
		t.Skip("this needs root: it gives files away")
	}
	m := &machine{t: t, peer: socket.Peer{Known: true, UID: user, PID: pid}, clock: clock{true, 3 * time.Millisecond}}
	m.said, m.exits = map[string]string{}, map[string]error{}
	m.report = healthy()
	root := t.TempDir()
	m.o = Options{
		Root: root, Version: "1.2.3",
		Config: &config.Config{
			Path: "/etc/stigwatch/stigwatch.yaml", SitePath: "/etc/stigwatch/site.yaml", Waivers: "/etc/stigwatch/waivers.yaml",
			Attestations: "/etc/stigwatch/attestations.yaml", MappingDirs: []string{"/etc/stigwatch/mapping.d"},
			StateDir: "/var/lib/stigwatch", RuntimeDir: "/run/stigwatch", Socket: "/run/stigwatch/stigwatch.sock",
			Evidence: "/var/lib/stigwatch/evidence", Enforce: config.Enforce{Dir: "/var/lib/stigwatch-enforcer", Socket: "/run/stigwatch-enforcer/enforcer.sock"},
			Sinks: []alert.Config{{Name: "siem", Type: "hec", Address: "https://siem.example:8088", TokenFile: "/etc/stigwatch/token"}},
		},
		Valid:   func() error { return nil },
		Status:  func(context.Context) (*api.Report, error) { return m.report, m.away },
		Service: func(context.Context) (service.State, error) { return service.Running, nil },
		alone:   func(string) error { return nil },
		listens: func(string) (socket.Peer, error) { return m.peer, m.away },
		clock:   func() (clock, error) { return m.clock, nil },
		connect: func(context.Context, string, string) error { return m.refuse },
		label:   func(string) (string, error) { return "", unix.ENODATA },
		run: func(_ context.Context, _ time.Duration, file string, args ...string) (string, error) {
			line := strings.Join(append([]string{strings.TrimPrefix(file, root)}, args...), " ")
			m.ran = append(m.ran, line)
			return m.said[line], m.exits[line]
		},
	}
	m.fill()
	return m
}

// fill makes the tree.
func (m *machine) fill() {
	m.file("/etc/passwd", "root:x:0:0::/root:/bin/bash\nstigwatch:x:997:996::/var/lib/stigwatch:/usr/sbin/nologin\n", 0o644, 0, 0)
	m.file("/etc/group", "root:x:0:\nstigwatch:x:996:alice,bob\n", 0o644, 0, 0)
	m.folder("/etc/stigwatch", 0o750, 0, group)
	m.folder("/etc/stigwatch/mapping.d", 0o750, 0, group)
	for _, name := range []string{"stigwatch.yaml", "site.yaml", "token", "mapping.d/10-site.yaml"} {
		m.file("/etc/stigwatch/"+name, "", 0o640, 0, group)
	}
	m.folder("/var/lib/stigwatch", 0o750, user, group)
	for _, name := range []string{"journal.db", "journal.key", "journal.told"} {
		m.file("/var/lib/stigwatch/"+name, "", 0o600, user, group)
	}
	m.folder("/run/systemd/system", 0o755, 0, 0)
	m.folder("/run/stigwatch", 0o750, user, group)
	m.must(unix.Mknod(m.at("/run/stigwatch/stigwatch.sock"), unix.S_IFSOCK|0o660, 0))
	m.owned("/run/stigwatch/stigwatch.sock", 0o660, user, group)
	m.file("/usr/bin/stigwatch", "", 0o755, 0, 0)
	m.file(dpkgLists+"/stigwatch.list", "", 0o644, 0, 0)
	m.file("/usr/lib/systemd/system/stigwatch.service", systemd.Unit(systemd.Agent), 0o644, 0, 0)
	m.folder("/etc/systemd/system/multi-user.target.wants", 0o755, 0, 0)
	m.link("/usr/lib/systemd/system/stigwatch.service", wants)
	m.file("/proc/sys/crypto/fips_enabled", "1\n", 0o444, 0, 0)
	m.file("/proc/4242/limits", "Limit                     Soft Limit           Hard Limit           Units     \nMax core file size        0                    0                    bytes     \n", 0o444, 0, 0)
	m.link("/usr/bin/stigwatch", "/proc/4242/exe")
	m.process(nil)
}

// process writes /proc/PID/status, with other values for some lines; empty: no line.
func (m *machine) process(other map[string]string) {
	var b strings.Builder
	for _, l := range [][2]string{
		{"Name", "stigwatch"}, {"Uid", "997\t997\t997\t997"}, {"Gid", "996\t996\t996\t996"}, {"Groups", "996"}, {"CapInh", "0000000000000004"},
		{"CapPrm", "0000000000000004"}, {"CapEff", "0000000000000004"}, {"CapBnd", "0000000000000004"}, {"NoNewPrivs", "1"}, {"Seccomp", "2"},
	} {
		value, changed := other[l[0]]
		if !changed {
			value = l[1]
		}
		if value != "" {
			fmt.Fprintf(&b, "%s:\t%s\n", l[0], value)
		}
	}
	m.file("/proc/4242/status", b.String(), 0o444, 0, 0)
}

func (m *machine) at(path string) string { return filepath.Join(m.o.Root, path) }

func (m *machine) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) file(path, text string, mode os.FileMode, uid, gid int) {
	m.t.Helper()
	m.must(errors.Join(os.MkdirAll(filepath.Dir(m.at(path)), 0o755), os.WriteFile(m.at(path), []byte(text), mode)))
	m.owned(path, mode, uid, gid)
}

func (m *machine) folder(path string, mode os.FileMode, uid, gid int) {
	m.t.Helper()
	m.must(os.MkdirAll(m.at(path), 0o755))
	m.owned(path, mode, uid, gid)
}

func (m *machine) owned(path string, mode os.FileMode, uid, gid int) {
	m.t.Helper()
	m.must(errors.Join(os.Chown(m.at(path), uid, gid), os.Chmod(m.at(path), mode)))
}

func (m *machine) link(to, path string) {
	m.t.Helper()
	m.must(errors.Join(os.MkdirAll(filepath.Dir(m.at(path)), 0o755), os.Symlink(to, m.at(path))))
}

func (m *machine) remove(path string) {
	m.t.Helper()
	m.must(os.RemoveAll(m.at(path)))
}

// down has nobody answer, for a reason.
func (m *machine) down(why error) { m.away, m.peer = why, socket.Peer{} }

// look makes one check.
func (m *machine) look(name string) []Item {
	m.t.Helper()
	h, err := host.New(host.Options{Root: m.o.Root})
	m.must(err)
	defer h.Close()
	b := &box{o: m.o.withDefaults(), host: h}
	b.gather(m.t.Context())
	all := checks()
	i := slices.IndexFunc(all, func(c check) bool { return c.name == name })
	if i < 0 {
		m.t.Fatalf("there is no check %q", name)
	}
	return all[i].look(b, m.t.Context())
}

// healthy is what a sound agent says.
func healthy() *api.Report {
	return &api.Report{
		Results: []api.Result{{Rule: "V-250989", Evidence: []api.Evidence{{Fact: "a", State: "known"}, {Fact: "b", State: "absent"}}}},
		Agent: &api.Agent{
			PID: pid, Version: "1.2.3", FIPS: true, FIPSModule: fips.Certified, Conditions: []api.Condition{},
			Config:  api.Config{Path: "/etc/stigwatch/stigwatch.yaml", Loaded: api.At(time.Now().Add(time.Hour))},
			Sinks:   []api.Sink{{Name: "siem", Type: "hec", Address: "https://siem.example:8088", Healthy: true, Sent: 12, LastSuccess: api.At(time.Now())}},
			Journal: &api.Journal{Entries: 5, Head: "5:ab"},
		},
	}
}
