package cli

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/journal"
	"stigwatch/testdata/appliance/gen"
)

// mayTake is how long a process may take to end before the test gives up: it says
// nothing about how fast it is.
const mayTake = 20 * time.Second

// newHang is a receiver that takes connections and does nothing with them.
func newHang(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
		}
	})
	t.Cleanup(func() { l.Close(); accepting.Wait() })
	return l
}

// hanging is a little appliance whose sinks hang, each in its own way.
func hanging(t *testing.T) (dir string, sinks []string) {
	t.Helper()
	dir = t.TempDir()
	if err := gen.Copy("compliant", dir); err != nil {
		t.Fatal(err)
	}
	put(t, dir+"/secret", "whsec_"+strings.Repeat("AAAA", 8), 0)
	text := "\nsinks:\n"
	for _, s := range [][2]string{
		{"tcp", `type: syslog, address: "tcp://%s"`},
		{"tls", `type: syslog, address: "tls://%s"`},
		{"hook", `type: webhook, address: "http://%s/hook", secret_file: ` + dir + `/secret`},
		{"relp", `type: relp, address: "relp://%s"`},
		{"mail", `type: smtp, address: "smtp://%s", from: a@sentry.example, to: [b@soc.example]`},
	} {
		sinks = append(sinks, s[0])
		text += "  - {name: " + s[0] + ", " + fmt.Sprintf(s[1], newHang(t).Addr()) + "}\n"
	}
	put(t, dir+"/stigwatch/stigwatch.yaml", text, os.O_APPEND)
	return dir, sinks
}

func put(t *testing.T, path, text string, flags int) {
	t.Helper()
	f, err := os.OpenFile(path, flags|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// daemonOf is the real command, as the daemon of dir.
func daemonOf(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Args = []string{"stigwatch", "run", "--config", dir + "/stigwatch/stigwatch.yaml", "--state-dir", dir + "/state", "--runtime-dir", dir + "/run"}
	c.Dir = dir
	return c
}

func started(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
}

// stopped sends SIGTERM and waits for the end.
func stopped(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(mayTake, func() { _ = c.Process.Kill() })
	err := c.Wait()
	if !late.Stop() {
		t.Fatalf("it did not end: %v", err)
	}
	if err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// Whatever a receiver does, a stop comes to an end, and no alert is lost: what no
// receiver took waits on disk. What lies in the buffer of the TCP receiver's machine,
// nobody has read.
func TestReceiversThatHangNeitherHoldTheEndNorLoseAnAlert(t *testing.T) {
	dir, sinks := hanging(t)
	c := daemonOf(t, dir)
	started(t, c)
	client := api.Dial(dir + "/run/stigwatch.sock")
	defer client.Close()
	weaken(t, dir, client)
	stopped(t, c)
	told := alertsIn(t, dir+"/state")
	if len(told) < 2 { // opened, stopped
		t.Fatalf("the journal has the alerts %v", told)
	}
	waits := waiting(t, dir+"/state", sinks...)
	for _, name := range sinks {
		if diff := cmp.Diff(told, waits[name]); diff != "" {
			t.Errorf("what waits for %s, -want +got:\n%s", name, diff)
		}
	}
}

// weaken makes a rule fail and waits until the agent says so.
func weaken(t *testing.T, dir string, c *api.Client) {
	t.Helper()
	r := answered(t, c)
	if err := edit(dir+"/root/mi/config-system/startup_config/identityconfig.xml", ">15<", ">8<"); err != nil {
		t.Fatal(err)
	}
	for r.Summary.Fail == 0 {
		next, err := c.Watch(t.Context(), revision(r))
		if err != nil {
			t.Fatal(err)
		}
		r = next
	}
}

// waiting are the numbers of the alerts that wait on disk, by sink.
func waiting(t *testing.T, dir string, sinks ...string) map[string][]uint64 {
	t.Helper()
	bounds := map[string]journal.Bounds{}
	for _, name := range sinks {
		bounds[name] = journal.Bounds{Most: 100}
	}
	j, err := journal.Open(journal.Options{Dir: dir, Sinks: bounds})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	out := map[string][]uint64{}
	for _, name := range sinks {
		for _, m := range j.Next(name, j.Cursor(name), 100) {
			out[name] = append(out[name], m.Seq)
		}
	}
	return out
}

// answered waits for the first pass.
func answered(t *testing.T, c *api.Client) *api.Report {
	t.Helper()
	end := time.Now().Add(mayTake)
	for {
		r, err := readyStatus(t.Context(), c, mayTake)
		if err == nil {
			return r
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
		time.Sleep(startPause) // between two looks for another process's socket
	}
}

// alertsIn are the numbers of the alerts that a journal holds, in order.
func alertsIn(t *testing.T, dir string) []uint64 {
	t.Helper()
	var seqs []uint64
	err := journal.ReadFile(dir, 0, func(journal.Extent) error { return nil }, func(s journal.Sealed) error {
		e, err := s.Entry()
		if err != nil || e.Kind != journal.Alert {
			return err
		}
		var m alert.Message
		err = json.Unmarshal(e.Body, &m)
		seqs = append(seqs, m.Seq)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return seqs
}

// A pipe that nobody reads takes nothing, and a write to it cannot be interrupted. The
// log goes to the same one.
func TestAnOutputThatNobodyReadsHoldsNeitherTheWorkNorTheEnd(t *testing.T) {
	dir := t.TempDir()
	if err := gen.Copy("compliant", dir); err != nil {
		t.Fatal(err)
	}
	put(t, dir+"/stigwatch/stigwatch.yaml", "\nsinks: [{name: out, type: stdout}]\n", os.O_APPEND)
	c := daemonOf(t, dir)
	c.Stdout = fullPipe(t)
	c.Stderr = c.Stdout
	started(t, c)
	client := api.Dial(dir + "/run/stigwatch.sock")
	defer client.Close()
	weaken(t, dir, client)
	stopped(t, c)
	told := alertsIn(t, dir+"/state")
	if diff := cmp.Diff(told, waiting(t, dir+"/state", "out")["out"]); diff != "" || len(told) < 2 {
		t.Errorf("what waits of %v, -want +got:\n%s", told, diff)
	}
}

// fullPipe is the end of a pipe into which nothing more fits.
func fullPipe(t *testing.T) *os.File {
	t.Helper()
	var ends [2]int
	err := unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(ends[0]); unix.Close(ends[1]) })
	for err == nil {
		_, err = unix.Write(ends[1], make([]byte, 1))
	}
	flags, err := unix.FcntlInt(uintptr(ends[1]), unix.F_GETFL, 0)
	if err == nil {
		_, err = unix.FcntlInt(uintptr(ends[1]), unix.F_SETFL, flags&^unix.O_NONBLOCK)
	}
	if err != nil {
		t.Fatal(err)
	}
	second, err := unix.Dup(ends[1])
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(second), "full")
	t.Cleanup(func() { f.Close() })
	return f
}
