package agent

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/finding"
)

// rsyslogd starts a real receiver and gives its folder and TCP port.
func rsyslogd(t *testing.T) (dir, port string) {
	t.Helper()
	program, err := exec.LookPath("rsyslogd")
	if err != nil {
		if program = "/usr/sbin/rsyslogd"; !exists(program) && os.Getenv("STIGWATCH_NEED_RIGS") == "1" {
			t.Fatal("rsyslogd is not installed, and STIGWATCH_NEED_RIGS=1 says that it must be")
		}
		if !exists(program) {
			t.Skip("rsyslogd is not installed: no real receiver was tested; install the package rsyslog")
		}
	}
	dir = t.TempDir()
	conf, err := os.ReadFile("alert/testdata/rsyslog.conf.in")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("@DIR@", dir, "@TCP@", "0", "@UDP@", freeUDP(t)).Replace(string(conf))
	file := filepath.Join(dir, "rsyslog.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-n", "-f", file, "-i", filepath.Join(dir, "pid"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	until(t, "rsyslogd's port", func() bool {
		b, _ := os.ReadFile(filepath.Join(dir, "port"))
		port = string(b)
		return port != ""
	})
	return dir, port
}

func exists(name string) bool { _, err := os.Stat(name); return err == nil }

func freeUDP(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, port, _ := net.SplitHostPort(c.LocalAddr().String())
	return port
}

// until polls another process's files.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
	}
}

// A scripted run of the whole agent: what rsyslogd wrote is compared, field by
// field, with what the agent says that it sent.
func TestRealRsyslogUnderstandsEveryAlert(t *testing.T) {
	out, port := rsyslogd(t)
	dir := appliance(t, "compliant")
	conf := "\nsinks:\n  - {name: siem, type: syslog, address: \"tcp://127.0.0.1:" + port + "\"}\n"
	add(t, filepath.Join(dir, "stigwatch/stigwatch.yaml"), conf)
	d := start(t, dir)
	var sent []alert.Message
	step := func(file, from, to string, rules ...string) {
		t.Helper()
		edit(t, d.file("root/"+file), from, to)
		for _, rule := range rules {
			m := d.next()
			if m.Rule != rule {
				t.Fatalf("alert about %s (%s), want %s", m.Rule, m.Text, rule)
			}
			sent = append(sent, m)
		}
	}
	const identity = "mi/config-system/startup_config/identityconfig.xml"
	step(identity, ">15<", ">8<", "V-250989")
	step(identity, ">8<", ">9<", "V-250989")
	step(identity, "<special>true<", "<special>false<", "V-250993")
	step(identity, ">9<", ">15<", "V-250989")
	step("proc/sys/crypto/fips_enabled", "1", "0", "V-250995", "V-250997", "V-251000", "V-251001",
		"V-251011", "V-251012", "V-251014", "V-251036", "V-251037", "V-251038")
	step("etc/chrony.conf", "server 198.51.100.123", "#server 198.51.100.123", "V-250999")
	step("mi/config-system/startup_config/systemconfig.xml", "LAB SYSTEM", "LAB \"SYS]TEM\\ é", "V-250987")
	got := received(t, filepath.Join(out, "out.json"), len(sent))
	for i, m := range sent {
		want := map[string]string{
			"seq": strconv.FormatUint(m.Seq, 10), "event": string(m.Event), "rule": m.Rule, "stigid": m.StigID,
			"severity": string(m.Severity), "result": string(m.Result), "reason": m.Reason, "file": m.File,
			"line": strconv.Itoa(m.Line), "expected": m.Expected, "actual": m.Actual, "assurance": string(m.Assurance), "id": m.ID, "code": "",
		}
		for name, v := range want {
			if got[i].sd[name] != v {
				t.Errorf("message %d: %s is %q, want %q", i, name, got[i].sd[name], v)
			}
		}
		if got[i].Msg != m.Text || got[i].Host != "sentry1.lab.example" || got[i].MsgID != string(m.Event) {
			t.Errorf("message %d: %+v", i, got[i])
		}
	}
	if sent[0].Event != finding.Opened || sent[3].Event != finding.Resolved {
		t.Errorf("events %s, %s", sent[0].Event, sent[3].Event)
	}
}

type receipt struct {
	Msg, Host, MsgID, SD string
	sd                   map[string]string
}

// received reads back what rsyslogd wrote, once there are n messages.
func received(t *testing.T, file string, n int) []receipt {
	t.Helper()
	var lines [][]byte
	until(t, "what rsyslogd wrote", func() bool {
		b, _ := os.ReadFile(file)
		lines = bytes.SplitAfter(b, []byte("\n"))
		return len(lines) > n
	})
	out := make([]receipt, n)
	for i := range out {
		var elements map[string]map[string]string
		if err := json.Unmarshal(lines[i], &out[i]); err != nil {
			t.Fatalf("%v: %s", err, lines[i])
		}
		if err := json.Unmarshal([]byte(out[i].SD), &elements); err != nil {
			t.Fatalf("%v: %s", err, out[i].SD)
		}
		out[i].sd = elements["stigwatch@32473"]
	}
	return out
}

func add(t *testing.T, file, text string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}
