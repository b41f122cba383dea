// Package rig is a private bus with a stand-in for systemd on it, for tests. The
// bus is a real dbus-daemon; the stand-in knows what org.freedesktop.systemd1(5)
// says of units, and can be made to hang and to talk nonsense.
package rig

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	sd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"
)

const (
	name       = "org.freedesktop.systemd1"
	path       = "/org/freedesktop/systemd1"
	properties = "org.freedesktop.DBus.Properties"
)

const busConfig = `<busconfig>
  <type>system</type>
  <listen>unix:path=%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow own="*"/><allow user="*"/><allow send_type="method_call"/><allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/><allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/><allow receive_type="signal"/>
    <allow receive_type="method_return"/><allow receive_type="error"/>
  </policy>
</busconfig>
`

// Systemd is the stand-in.
type Systemd struct {
	Socket string        // of the bus
	Asked  chan struct{} // one for each question; has room for all that a test asks

	t    testing.TB
	conn *dbus.Conn
	mu   sync.Mutex // guards what follows
	hang chan struct{}

	units      map[string]map[string]dbus.Variant
	subscribed bool
	taken      []string
	onTake     func(method, unit string)
}

// Bus starts a bus without a systemd and gives its socket; it ends with the test.
// Where there is no dbus-daemon the test is skipped, unless STIGWATCH_NEED_RIGS is
// set.
func Bus(t testing.TB) string {
	t.Helper()
	daemon, err := exec.LookPath("dbus-daemon")
	if err != nil {
		if os.Getenv("STIGWATCH_NEED_RIGS") != "" {
			t.Fatal(err)
		}
		t.Skip("dbus-daemon is not installed: run make rigs")
	}
	dir, err := os.MkdirTemp("", "bus") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket, config := filepath.Join(dir, "s"), filepath.Join(dir, "c")
	if err := os.WriteFile(config, fmt.Appendf(nil, busConfig, socket), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(daemon, "--nofork", "--nopidfile", "--print-address", "--config-file="+config)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("dbus-daemon did not start: %v", err)
	}
	return socket
}

// New starts a bus with a systemd on it that knows no unit.
func New(t testing.TB) *Systemd {
	t.Helper()
	s := &Systemd{Socket: Bus(t), Asked: make(chan struct{}, 10_000), t: t, units: map[string]map[string]dbus.Variant{}}
	conn, err := dbus.Connect("unix:path="+s.Socket, dbus.WithHandler(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	s.conn = conn
	return s
}

// Put makes a unit loaded with these states, and tells of it.
func (s *Systemd) Put(unit, active, sub string, job uint32) {
	s.t.Helper()
	s.Set(unit, map[string]any{"LoadState": "loaded", "ActiveState": active, "SubState": sub, "Job": job})
}

// Set makes a unit answer with these properties, and tells of it. A Job that is
// a uint32 becomes what systemd says, a number and a path.
func (s *Systemd) Set(unit string, to map[string]any) {
	s.t.Helper()
	all := map[string]dbus.Variant{}
	for k, v := range to {
		if number, ok := v.(uint32); ok && k == "Job" {
			v = job{number, "/"}
		}
		all[k] = dbus.MakeVariant(v)
	}
	s.mu.Lock()
	s.units[sd.PathBusEscape(unit)] = all
	s.mu.Unlock()
	s.Tell(unit)
}

// Tell says that something about a unit changed.
func (s *Systemd) Tell(unit string) {
	s.t.Helper()
	p := dbus.ObjectPath(path + "/unit/" + sd.PathBusEscape(unit))
	if err := s.conn.Emit(p, properties+".PropertiesChanged", name+".Unit", map[string]dbus.Variant{}, []string{}); err != nil {
		s.t.Error(err)
	}
}

// Hang makes questions wait until the test ends, or until it is called again.
func (s *Systemd) Hang(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hang != nil {
		close(s.hang)
		s.hang = nil
	}
	if on {
		s.hang = make(chan struct{})
	}
}

// Taken gives what was asked to be taken up, as "METHOD UNIT".
func (s *Systemd) Taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}

// WhenTaken has do called with each unit that is to take its files up, before that
// is answered. Without it nothing happens to the unit.
func (s *Systemd) WhenTaken(do func(method, unit string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onTake = do
}

func (s *Systemd) take(method, unit string) dbus.ObjectPath {
	s.mu.Lock()
	s.taken = append(s.taken, method+" "+unit)
	do := s.onTake
	s.mu.Unlock()
	if do != nil {
		do(method, unit)
	}
	return path + "/job/1"
}

// Subscribed says whether somebody wants to be told.
func (s *Systemd) Subscribed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.subscribed
}

type job struct {
	Number uint32
	Path   dbus.ObjectPath
}

var unknown = map[string]dbus.Variant{
	"LoadState": dbus.MakeVariant("not-found"), "ActiveState": dbus.MakeVariant("inactive"),
	"SubState": dbus.MakeVariant("dead"), "Job": dbus.MakeVariant(job{0, "/"}),
}

func (s *Systemd) getAll(object string) map[string]dbus.Variant {
	s.mu.Lock()
	hang := s.hang
	all, ok := s.units[strings.TrimPrefix(object, path+"/unit/")]
	s.mu.Unlock()
	s.Asked <- struct{}{}
	if hang != nil {
		<-hang
	}
	if !ok {
		return unknown
	}
	return all
}

func (s *Systemd) subscribe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subscribed = true
}
