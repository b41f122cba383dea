package service

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	manager "github.com/kardianos/service"

	"stigwatch/agent/units"
)

// fakeManager stands in for the library, and writes down what it is asked to do.
type fakeManager struct {
	root     string
	platform string
	status   manager.Status
	err      error // of Status
	fails    string
	did      []string
}

func (f *fakeManager) do(what string) error {
	f.did = append(f.did, what)
	if f.fails == what {
		return errors.New("exit status 1")
	}
	return nil
}

func (f *fakeManager) Install() error {
	write(f.root+installedUnit, "unit", 0o600)
	return f.do("install")
}
func (f *fakeManager) Uninstall() error {
	return errors.Join(os.Remove(f.root+installedUnit), f.do("uninstall"))
}
func (f *fakeManager) Start() error                    { return f.do("start") }
func (f *fakeManager) Stop() error                     { return f.do("stop") }
func (f *fakeManager) Restart() error                  { return f.do("restart") }
func (f *fakeManager) Status() (manager.Status, error) { return f.status, f.err }
func (f *fakeManager) Platform() string                { return f.platform }

func write(path, text string, mode os.FileMode) {
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
		panic(err)
	}
}

// box is a machine with systemd and the service's user, on which nothing is installed.
type box struct {
	*Control
	root    string
	manager *fakeManager
	answer  units.Answer
}

func newBox(t *testing.T) *box {
	t.Helper()
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	write(root+"/etc/passwd", "root:x:0:0::/:/bin/sh\nstigwatch:x:997:996::/:/usr/sbin/nologin\n", 0o644)
	write(root+"/etc/group", "root:x:0:\nstigwatch:x:996:alice\n", 0o644)
	write(root+"/usr/local/bin/stigwatch", "", 0o755)
	write(root+"/etc/stigwatch.yaml", "", 0o640)
	if err := os.MkdirAll(root+"/var/lib", 0o755); err != nil {
		t.Fatal(err)
	}
	b := &box{root: root, manager: &fakeManager{root: root, platform: systemdPlatform}}
	b.answer.State = units.State{Load: units.NotFound, Active: "inactive"}
	c, err := NewControl(Options{
		Binary: "/usr/local/bin/stigwatch", Config: "/etc/stigwatch.yaml", root: root, manager: b.manager,
		euid:  func() int { return 0 },
		units: func(context.Context) units.Answer { return b.answer },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Control = c
	return b
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
}

func TestInstallMakesUnitAndFolders(t *testing.T) {
	needRoot(t)
	b := newBox(t)
	made, err := b.Install()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/etc/stigwatch", "/var/lib/stigwatch", installedUnit}, made); diff != "" {
		t.Errorf("made, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"install"}, b.manager.did); diff != "" {
		t.Errorf("did, -want +got:\n%s", diff)
	}
	for path, want := range map[string]string{
		"/etc/stigwatch": "0 996 drwxr-x---", "/var/lib/stigwatch": "997 996 drwxr-x---", installedUnit: "0 0 -rw-r--r--",
	} {
		if got := ownerAndMode(t, b.root+path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

func ownerAndMode(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.Command("stat", "-c", "%u %g %A", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func TestInstallLeavesFoldersThatAreThere(t *testing.T) {
	needRoot(t)
	b := newBox(t)
	if err := os.Mkdir(b.root+"/etc/stigwatch", 0o700); err != nil {
		t.Fatal(err)
	}
	made, err := b.Install()
	if diff := cmp.Diff([]string{"/var/lib/stigwatch", installedUnit}, made); diff != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	if got := ownerAndMode(t, b.root+"/etc/stigwatch"); got != "0 0 drwx------" {
		t.Errorf("the folder that was there is now %s", got)
	}
}

func TestInstallRefuses(t *testing.T) {
	needRoot(t)
	for name, c := range map[string]struct {
		spoil func(b *box)
		want  string
	}{
		"an ordinary user":          {func(b *box) { b.o.euid = func() int { return 1000 } }, "only root may: sudo stigwatch service install"},
		"a package's unit":          {func(b *box) { write(b.root+"/usr/lib/systemd/system/stigwatch.service", "", 0o644) }, "/usr/lib/systemd/system/stigwatch.service is there"},
		"a package's unit, old":     {func(b *box) { write(b.root+"/lib/systemd/system/stigwatch.service", "", 0o644) }, "/lib/systemd/system/stigwatch.service is there"},
		"a second time":             {func(b *box) { write(b.root+installedUnit, "", 0o644) }, installedUnit + " is there: stigwatch service uninstall"},
		"masked":                    {func(b *box) { link(b, "/dev/null", installedUnit) }, installedUnit + " is there"},
		"no user":                   {func(b *box) { write(b.root+"/etc/passwd", "stigwatcher:x:9:9::/:/x\n", 0o644) }, MakeUser},
		"no group":                  {func(b *box) { write(b.root+"/etc/group", "", 0o644) }, MakeGroup},
		"the user is root":          {func(b *box) { write(b.root+"/etc/passwd", "stigwatch:x:0:0::/:/x\n", 0o644) }, `gives it the number "0"`},
		"a binary of all":           {func(b *box) { must(os.Chmod(b.root+"/usr/local/bin/stigwatch", 0o777)) }, "others than root can change it"},
		"a folder of somebody":      {func(b *box) { must(os.Chown(b.root+"/usr/local/bin", 1000, -1)) }, "others than root can change it"},
		"a configuration of others": {func(b *box) { must(os.Chown(b.root+"/etc/stigwatch.yaml", 1000, -1)) }, "others than root can change it"},
		"no configuration":          {func(b *box) { must(os.Remove(b.root + "/etc/stigwatch.yaml")) }, "it is not there"},
		"a binary at home":          {func(b *box) { b.o.Binary = "/home/a/stigwatch" }, "/home/ is no place"},
	} {
		b := newBox(t)
		c.spoil(b)
		_, err := b.Install()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, c.want)
		}
		if len(b.manager.did) > 0 || exists(b.root+"/var/lib/stigwatch") {
			t.Errorf("%s: something was done all the same: %v", name, b.manager.did)
		}
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func link(b *box, to, path string) {
	must(errors.Join(os.MkdirAll(filepath.Dir(b.root+path), 0o755), os.Symlink(to, b.root+path)))
}

func TestInstallTellsAllThatIsMissing(t *testing.T) {
	needRoot(t)
	b := newBox(t)
	must(os.Remove(b.root + "/etc/stigwatch.yaml"))
	write(b.root+"/etc/passwd", "", 0o644)
	_, err := b.Install()
	for _, want := range []string{MakeUser, "stigwatch.yaml"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told: %v", want, err)
		}
	}
}

func TestHalfAnInstallDoesNotStay(t *testing.T) {
	needRoot(t)
	b := newBox(t)
	b.manager.fails = "install"
	if _, err := b.Install(); err == nil || !strings.Contains(err.Error(), "see systemctl status") {
		t.Errorf("got %v", err)
	}
	if exists(b.root + installedUnit) {
		t.Error("the unit of an install that failed is still there")
	}
}

func TestUninstallStopsFirstAndKeepsTheRecord(t *testing.T) {
	needRoot(t)
	b := newBox(t)
	if _, err := b.Install(); err != nil {
		t.Fatal(err)
	}
	write(b.root+"/var/lib/stigwatch/journal.db", "record", 0o600)
	write(b.root+installedUnit+".d/attribution.conf", "", 0o644)
	b.manager.did = nil
	b.answer.State = units.State{Load: "loaded", Active: "active"}
	removed, left, err := b.Uninstall()
	if err != nil || removed != installedUnit || len(left) != 1 {
		t.Errorf("removed %q, left %q, %v", removed, left, err)
	}
	if diff := cmp.Diff([]string{"stop", "uninstall"}, b.manager.did); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !exists(b.root + "/var/lib/stigwatch/journal.db") {
		t.Error("the record is gone")
	}
}

func TestUninstallRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(b *box)
		want  string
	}{
		"an ordinary user": {func(b *box) { b.o.euid = func() int { return 1000 } }, "only root may"},
		"nothing":          {func(*box) {}, "it is not installed"},
		"a package's":      {func(b *box) { write(b.root+"/usr/lib/systemd/system/stigwatch.service", "", 0o644) }, "apt-get remove stigwatch"},
		"over a package's": {func(b *box) {
			write(b.root+"/usr/lib/systemd/system/stigwatch.service", "", 0o644)
			write(b.root+installedUnit, "", 0o644)
		}, "a package has installed it"},
		"masked": {func(b *box) { link(b, "/dev/null", installedUnit) }, "systemctl unmask stigwatch"},
		"one that does not end": {func(b *box) {
			write(b.root+installedUnit, "", 0o644)
			b.answer.State = units.State{Active: "active"}
			b.manager.fails = "stop"
		}, "cannot stop the service"},
	} {
		b := newBox(t)
		c.spoil(b)
		_, _, err := b.Uninstall()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, c.want)
		}
		if diff := cmp.Diff([]string(nil), b.manager.did); diff != "" && name != "one that does not end" {
			t.Errorf("%s: something was done: %s", name, diff)
		}
	}
}

func TestStartAndTheLikeAreRootsAndNeedAnInstall(t *testing.T) {
	b := newBox(t)
	for verb, do := range map[string]func() error{"start": b.Start, "stop": b.Stop, "restart": b.Restart} {
		if err := do(); err == nil || !strings.Contains(err.Error(), "it is not installed: stigwatch service install") {
			t.Errorf("%s: %v", verb, err)
		}
	}
	b.answer.State = units.State{Load: "loaded", Active: "inactive"}
	for _, do := range []func() error{b.Start, b.Stop, b.Restart} {
		must(do())
	}
	b.manager.fails = "start"
	if err := b.Start(); err == nil || !strings.Contains(err.Error(), "journalctl -u stigwatch") {
		t.Errorf("got %v", err)
	}
	b.o.euid = func() int { return 1000 }
	if err := b.Stop(); !errors.Is(err, ErrNotRoot) {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{"start", "stop", "restart", "start"}, b.manager.did); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestStateIsSystemdsWord(t *testing.T) {
	b := newBox(t)
	b.manager.err = manager.ErrNotInstalled // which the library says of much that it does not know
	for want, s := range map[units.State]State{
		{Load: "loaded", Active: "active", Sub: "running"}:            Running,
		{Load: "loaded", Active: "reloading", Sub: "reload"}:          Running,
		{Load: "loaded", Active: "activating", Sub: "auto-restart"}:   Starting,
		{Load: "loaded", Active: "inactive", Sub: "dead"}:             Stopped,
		{Load: "loaded", Active: "deactivating", Sub: "stop-sigterm"}: Stopped,
		{Load: "loaded", Active: "failed", Sub: "failed"}:             Failed,
		{Load: "masked", Active: "inactive", Sub: "dead"}:             Stopped,
		{Load: units.NotFound, Active: "inactive", Sub: "dead"}:       NotInstalled,
	} {
		b.answer.State = want
		if got, err := b.State(t.Context()); got != s || err != nil {
			t.Errorf("%+v: %q, want %q (%v)", want, got, s, err)
		}
	}
}

// Where nobody can be asked, that is no state.
func TestStateThatCannotBeToldIsAnError(t *testing.T) {
	b := newBox(t)
	b.answer = units.Answer{Err: errors.New("there is no system bus on this machine")}
	b.manager.err = manager.ErrNotInstalled
	if got, err := b.State(t.Context()); err == nil || !strings.Contains(err.Error(), "no system bus") {
		t.Errorf("got %q, %v", got, err)
	}
	b.manager.status, b.manager.err = manager.StatusRunning, nil
	if got, err := b.State(t.Context()); got != Running || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestStateUnderSystemV(t *testing.T) {
	b := newBox(t)
	b.manager.platform = "unix-systemv"
	b.manager.err = exec.Command("false").Run() // exit code 1
	if got, err := b.State(t.Context()); got != NotInstalled || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	write(b.root+sysvScript, "", 0o755)
	if got, err := b.State(t.Context()); got != Stopped || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	b.manager.err = errors.New(`"service" failed: executable file not found`)
	if got, err := b.State(t.Context()); err == nil {
		t.Errorf("got %q", got)
	}
}
