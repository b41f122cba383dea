package alert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// rsyslogd is a real receiver under our own configuration.
type rsyslogd struct {
	dir      string
	tcp, udp string // ports
	cmd      *exec.Cmd
	said     bytes.Buffer // read it when the process has ended
}

// needRsyslogd finds the program; without it a test is skipped, or fails where
// the rigs are promised to be there.
func needRsyslogd(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"rsyslogd", "/usr/sbin/rsyslogd"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("STIGWATCH_NEED_RIGS") == "1" {
		t.Fatal("rsyslogd is not installed, and STIGWATCH_NEED_RIGS=1 says that it must be")
	}
	t.Skip("rsyslogd is not installed: no real receiver was tested; install the package rsyslog")
	return ""
}

func startRsyslogd(t *testing.T) *rsyslogd {
	t.Helper()
	program := needRsyslogd(t)
	probe := datagrams(t, "udp", "127.0.0.1:0")
	_, udp, err := net.SplitHostPort(probe.LocalAddr().String())
	must(t, err)
	must(t, probe.Close())
	r := &rsyslogd{dir: t.TempDir(), tcp: "0", udp: udp}
	r.start(t, program)
	t.Cleanup(func() { r.stop(t) })
	return r
}

// start waits until all inputs are bound. The first start finds a free TCP port,
// later ones take the same.
func (r *rsyslogd) start(t *testing.T, program string) {
	t.Helper()
	in, err := os.ReadFile("testdata/rsyslog.conf.in")
	must(t, err)
	conf := strings.NewReplacer("@DIR@", r.dir, "@TCP@", r.tcp, "@UDP@", r.udp).Replace(string(in))
	path := filepath.Join(r.dir, "rsyslog.conf")
	must(t, os.WriteFile(path, []byte(conf), 0o600))
	r.cmd = exec.Command(program, "-n", "-f", path, "-i", filepath.Join(r.dir, "pid"))
	r.cmd.Stdout, r.cmd.Stderr = &r.said, &r.said
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(t, r.cmd.Start())
	eventually(t, r.bound)
}

func (r *rsyslogd) bound() bool {
	if port, err := os.ReadFile(filepath.Join(r.dir, "port")); err == nil && len(port) > 0 {
		r.tcp = string(port) // it writes that file only when it chose the port
	}
	_, err := os.Stat(filepath.Join(r.dir, "log"))
	return err == nil && inTable("/proc/net/udp", r.udp, "") && inTable("/proc/net/tcp", r.tcp, "00000000:0000 0A")
}

// inTable looks for a local port in the kernel's table of sockets.
func inTable(path, port, rest string) bool {
	table, _ := os.ReadFile(path)
	n, err := strconv.Atoi(port)
	return err == nil && bytes.Contains(table, fmt.Appendf(nil, " 0100007F:%04X %s", n, rest))
}

// stop ends the process and waits for it, so that all it has is written.
func (r *rsyslogd) stop(t *testing.T) {
	t.Helper()
	if r.cmd == nil {
		return
	}
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	if err := r.cmd.Wait(); err != nil || t.Failed() {
		t.Logf("rsyslogd: %v: %s", err, r.said.String())
	}
	r.cmd = nil
	_ = os.Remove(filepath.Join(r.dir, "port")) // it may have done so itself
}

// receipt is what our template makes rsyslogd write of one message.
type receipt struct {
	Pri, Version, Time, Host, App, ProcID, MsgID, Msg, Input string
	SD                                                       string // JSON again, by mmpstrucdata
}

// receipts waits until as many were written.
func (r *rsyslogd) receipts(t *testing.T, n int) []receipt {
	t.Helper()
	var lines [][]byte
	eventually(t, func() bool {
		b, _ := os.ReadFile(filepath.Join(r.dir, "out.json"))
		lines = bytes.SplitAfter(b, []byte("\n"))
		return len(lines) > n || t.Failed()
	})
	got := make([]receipt, len(lines)-1) // behind the last newline there is nothing
	for i := range got {
		d := json.NewDecoder(bytes.NewReader(lines[i]))
		d.DisallowUnknownFields()
		if err := d.Decode(&got[i]); err != nil {
			t.Fatalf("%v: %s", err, lines[i])
		}
	}
	return got
}

// data is the structured data. mmpstrucdata makes its names lower-case.
func (r receipt) data(t *testing.T) map[string]map[string]string {
	t.Helper()
	var sd map[string]map[string]string
	if err := json.Unmarshal([]byte(r.SD), &sd); err != nil {
		t.Fatalf("%v: %s", err, r.SD)
	}
	return sd
}
