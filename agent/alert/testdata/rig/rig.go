// Package rig runs real receivers of syslog for tests, each under our own
// configuration and in a folder of its own, and reads back what they wrote.
package rig

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long to wait for what must come. Only a failure takes it.
const patience = 20 * time.Second

// Receipt is what a receiver understood of one message.
type Receipt struct {
	Pri, Version, Time, Host, App, ProcID, MsgID, Msg, Input string

	SD    json.RawMessage // of rsyslog: elements with their parameters, as JSON in a string
	SDATA json.RawMessage `json:"_SDATA"` // of syslog-ng: likewise, as an object
}

// receiver is a process that writes what it got to out.json in its folder.
type receiver struct {
	Dir    string
	PKI    *PKI
	name   string
	cmd    *exec.Cmd
	said   bytes.Buffer // read it when the process has ended
	listen []string     // ports of TCP
}

// absent skips the test, or fails it where the rigs are promised to be there.
func absent(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("STIGWATCH_NEED_RIGS") == "1" {
		t.Fatalf("%s is not there, and STIGWATCH_NEED_RIGS=1 says that it must be", what)
	}
	t.Skipf("%s is not there: no real receiver was tested; make rigs", what)
}

// start runs the program and waits until it listens.
func (r *receiver) start(t testing.TB, env []string, program string, args ...string) {
	t.Helper()
	r.cmd = exec.Command(program, args...)
	r.cmd.Env = append(os.Environ(), env...)
	r.cmd.Stdout, r.cmd.Stderr = &r.said, &r.said
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(t, r.cmd.Start())
	for _, port := range r.listen {
		until(t, r.name+" listening on "+port, func() bool { return listening(port) })
	}
}

// Stop ends the process and waits for it, so that all it has is written.
func (r *receiver) Stop(t testing.TB) {
	t.Helper()
	if r.cmd == nil {
		return
	}
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	if err := r.cmd.Wait(); err != nil || t.Failed() {
		t.Logf("%s: %v: %s", r.name, err, r.said.String())
	}
	r.cmd = nil
}

// Receipts waits until n different messages were written, and gives those, in
// the order of their first coming. One that came again must be the same, its id too.
func (r *receiver) Receipts(t testing.TB, n int) []Receipt {
	t.Helper()
	var got []Receipt
	until(t, fmt.Sprintf("%d messages at %s", n, r.name), func() bool {
		got = r.distinct(t)
		return len(got) >= n || t.Failed()
	})
	return got
}

func (r *receiver) distinct(t testing.TB) (got []Receipt) {
	t.Helper()
	b, _ := os.ReadFile(filepath.Join(r.Dir, "out.json"))
	lines := bytes.SplitAfter(b, []byte("\n"))
	first := map[string]string{} // line by the message's number
	for _, line := range lines[:len(lines)-1] {
		var one Receipt
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&one); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		seq := one.Data(t)["stigwatch@32473"]["seq"]
		switch was, again := first[seq]; {
		case !again:
			first[seq] = string(line)
			got = append(got, one)
		case was != string(line):
			t.Errorf("number %s came as\n%sand as\n%s", seq, was, line)
		}
	}
	return got
}

// Data is the structured data. rsyslog makes its names lower-case, so they are
// here.
func (r Receipt) Data(t testing.TB) map[string]map[string]string {
	t.Helper()
	raw, text := []byte(r.SDATA), ""
	if json.Unmarshal(r.SD, &text) == nil {
		raw = []byte(text)
	}
	var sd map[string]map[string]string
	if err := json.Unmarshal(raw, &sd); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	for element, parameters := range sd {
		lower := map[string]string{}
		for name, value := range parameters {
			lower[strings.ToLower(name)] = value
		}
		sd[element] = lower
	}
	return sd
}

// FreePort finds a port that is free for TCP and UDP, and stays so for clients:
// the kernel gives them ports from 32768 on.
func FreePort(t testing.TB) string {
	t.Helper()
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.N(20_000))
		tcp, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		udp, err := net.ListenPacket("udp", address)
		_ = tcp.Close()
		if err == nil {
			_ = udp.Close()
			_, port, _ := net.SplitHostPort(address)
			return port
		}
	}
	t.Fatal("there is no free port")
	return ""
}

// listening looks into the kernel's table: to connect would make a receipt.
func listening(port string) bool {
	table, _ := os.ReadFile("/proc/net/tcp")
	n := 0
	_, err := fmt.Sscan(port, &n)
	return err == nil && bytes.Contains(table, fmt.Appendf(nil, " 0100007F:%04X 00000000:0000 0A", n))
}

func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: it did not come to that", what)
		}
	}
}

// fill writes a configuration with the words between @ replaced.
func fill(t testing.TB, conf, path string, words ...string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(strings.NewReplacer(words...).Replace(conf)), 0o600))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
