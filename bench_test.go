package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"stigwatch/agent/api"
	"stigwatch/testdata/appliance/gen"
)

// The benchmarks run the real binary as a process of its own. `make bench`
// prints their tables; nothing here asserts a time.
const (
	benchChanges = 2000
	benchApart   = 3 * time.Millisecond
	turnOf       = 200 // changes
	benchFile    = "root/mi/config-system/startup_config/identityconfig.xml"
)

// benchRig is a built binary, a little appliance and a receiver's socket.
type benchRig struct {
	b      testing.TB
	dir    string
	bin    string
	floor  string // the C floor, "" where there is no compiler
	socket *net.UnixConn
}

func newRig(b *testing.B) *benchRig {
	b.Helper()
	r := newProgram(b)
	if _, err := exec.LookPath("cc"); err == nil {
		r.floor = filepath.Join(r.dir, "floor.bin")
		r.run("cc", "-O2", "-o", r.floor, "testdata/bench/floor.c")
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: r.path("alerts.sock"), Net: "unixgram"})
	if err != nil {
		b.Fatal(err)
	}
	_ = conn.SetReadBuffer(4 << 20)
	r.socket = conn
	b.Cleanup(func() { conn.Close() })
	r.sinks("{name: bench, type: syslog, address: \"unix://" + r.path("alerts.sock") + "\"}")
	return r
}

// newProgram builds the binary and copies a little appliance.
func newProgram(b testing.TB) *benchRig {
	b.Helper()
	r := &benchRig{b: b, dir: b.TempDir()}
	r.bin = filepath.Join(r.dir, "agent.bin")
	b.Setenv("CGO_ENABLED", "0") // as it is shipped
	r.run("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", r.bin, ".")
	if err := gen.Copy("compliant", r.dir); err != nil {
		b.Fatal(err)
	}
	return r
}

// sinks adds them to the configuration.
func (r *benchRig) sinks(items ...string) {
	r.b.Helper()
	f, err := os.OpenFile(r.path("stigwatch/stigwatch.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		r.b.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("\nsinks:\n  - " + strings.Join(items, "\n  - ") + "\n"); err != nil {
		r.b.Fatal(err)
	}
}

func (r *benchRig) path(name string) string { return filepath.Join(r.dir, name) }

func (r *benchRig) run(name string, args ...string) {
	r.b.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		r.b.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

func (r *benchRig) flags(args ...string) []string {
	return append(args, "--config", r.path("stigwatch/stigwatch.yaml"), "--state-dir", r.path("state"), "--runtime-dir", r.path("run"))
}

// agent starts the daemon and gives how long it took to be ready. More flags
// overrule the usual ones.
func (r *benchRig) agent(more ...string) (*exec.Cmd, time.Duration) {
	r.b.Helper()
	name := r.path("notify.sock")
	_ = os.Remove(name)
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		r.b.Fatal(err)
	}
	defer notify.Close()
	if err := os.Chmod(name, 0o777); err != nil { // as systemd's: whoever the daemon becomes may write
		r.b.Fatal(err)
	}
	cmd := exec.Command(r.bin, append(r.flags("run"), more...)...)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+name)
	cmd.Stderr = os.Stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		r.b.Fatal(err)
	}
	_ = notify.SetReadDeadline(began.Add(10 * time.Second))
	for buf := make([]byte, 4096); ; {
		n, err := notify.Read(buf)
		if err != nil {
			r.b.Fatalf("no READY=1: %v", err)
		}
		if strings.Contains(string(buf[:n]), "READY=1") {
			return cmd, time.Since(began)
		}
	}
}

func (r *benchRig) kill(cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
}

// writers are the ways to write a file; each gives when the last call that ends
// the write was made.
func writers() map[string]func(file string, text []byte) time.Time {
	return map[string]func(string, []byte) time.Time{
		"rename": func(file string, text []byte) time.Time {
			beside := filepath.Join(os.TempDir(), "stigwatch-bench.new") // not in the watched folder: the floor tells of each name
			_ = os.WriteFile(beside, text, 0o644)
			at := time.Now()
			_ = os.Rename(beside, file)
			return at
		},
		"in place": func(file string, text []byte) time.Time { return inPieces(file, text, 1) },
		"pieces":   func(file string, text []byte) time.Time { return inPieces(file, text, 20) },
		"mmap":     mapped,
	}
}

func inPieces(file string, text []byte, pieces int) time.Time {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return time.Now()
	}
	size := len(text)/pieces + 1
	for ; len(text) > size; text = text[size:] {
		_, _ = f.Write(text[:size])
	}
	_, _ = f.Write(text)
	at := time.Now()
	_ = f.Close()
	return at
}

func mapped(file string, text []byte) time.Time {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return time.Now()
	}
	_ = f.Truncate(int64(len(text)))
	m, err := unix.Mmap(int(f.Fd()), 0, len(text), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err == nil {
		copy(m, text)
		_ = unix.Munmap(m)
	}
	at := time.Now()
	_ = f.Close()
	return at
}

// measure makes changes and times each until its datagram is there.
func (r *benchRig) measure(write func(string, []byte) time.Time, n int, apart time.Duration) []time.Duration {
	r.b.Helper()
	good, err := os.ReadFile(r.path(benchFile))
	if err != nil {
		r.b.Fatal(err)
	}
	bad := []byte(strings.Replace(string(good), ">15<", ">14<", 1))
	r.drain()
	buf := make([]byte, 64<<10)
	times := make([]time.Duration, 0, n)
	for i := range n {
		text := bad
		if i%2 == 1 {
			text = good
		}
		at := write(r.path(benchFile), text)
		_ = r.socket.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := r.socket.Read(buf); err != nil {
			r.b.Fatalf("change %d was never told: %v", i, err)
		}
		times = append(times, time.Since(at))
		time.Sleep(apart)
	}
	return times
}

func (r *benchRig) drain() {
	buf := make([]byte, 64<<10)
	for {
		_ = r.socket.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if _, err := r.socket.Read(buf); err != nil {
			return
		}
	}
}

type spread struct{ p50, p99, max time.Duration }

func spreadOf(d []time.Duration) spread {
	slices.Sort(d)
	return spread{d[len(d)/2], d[len(d)*99/100], d[len(d)-1]}
}

func (s spread) String() string {
	return fmt.Sprintf("p50 %7d µs   p99 %7d µs   max %7d µs", s.p50.Microseconds(), s.p99.Microseconds(), s.max.Microseconds())
}

// BenchmarkChangeToAlert: from the call that ends a write to the alert in the
// receiver's socket, beside a raw inotify reader in C that sends one datagram.
func BenchmarkChangeToAlert(b *testing.B) {
	for _, kind := range []string{"rename", "in place", "pieces", "mmap"} {
		b.Run(kind, func(b *testing.B) { newRig(b).change(kind, benchChanges, benchApart) })
	}
	b.Run("sparse", func(b *testing.B) { newRig(b).change("rename", 20, 1200*time.Millisecond) })
}

// change measures the floor and the agent in turns, so that what else the
// machine does at the time meets both. The one whose turn it is not is stopped.
func (r *benchRig) change(kind string, n int, apart time.Duration) {
	r.b.Helper()
	write, turns := writers()[kind], max(1, n/turnOf)
	agent, _ := r.agent()
	defer r.kill(agent)
	var floor, got []time.Duration
	for range turns {
		if r.floor != "" {
			_ = agent.Process.Signal(syscall.SIGSTOP)
			floor = append(floor, r.floorTurn(write, n/turns, apart)...)
			_ = agent.Process.Signal(syscall.SIGCONT)
		}
		got = append(got, r.measure(write, n/turns, apart)...)
	}
	ours := spreadOf(got)
	fmt.Printf("%-9s %4d changes, %v apart, stigwatch  %s", kind, n, apart, ours)
	if len(floor) > 0 {
		base := spreadOf(floor)
		fmt.Printf("   %.1f × the floor\n%-9s %4d changes, %v apart, floor      %s", float64(ours.p50)/float64(base.p50), kind, n, apart, base)
	}
	fmt.Println()
}

func (r *benchRig) floorTurn(write func(string, []byte) time.Time, n int, apart time.Duration) []time.Duration {
	r.b.Helper()
	cmd := exec.Command(r.floor, filepath.Dir(r.path(benchFile)), r.path("alerts.sock"))
	if err := cmd.Start(); err != nil {
		r.b.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	time.Sleep(200 * time.Millisecond)
	return r.measure(write, n, apart)
}

// BenchmarkProcess: start to ready, check as a process, memory and wake-ups at
// rest.
func BenchmarkProcess(b *testing.B) {
	r := newRig(b)
	go r.swallow()
	var starts, checks []time.Duration
	var peak int64
	for range 15 {
		cmd, took := r.agent()
		starts = append(starts, took)
		r.kill(cmd)
		began := time.Now()
		check := exec.Command(r.bin, r.flags("check", "--json")...)
		_ = check.Run() // exit 4: not everything is checked
		checks = append(checks, time.Since(began))
		peak = max(peak, check.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	}
	fmt.Printf("start → ready    %s\n", spreadOf(starts))
	fmt.Printf("check, a process %s   peak %d MiB\n", spreadOf(checks), peak>>10)
	r.rest()
	r.manyFolders(2000)
	r.rest()
	if info, err := os.Stat(r.bin); err == nil {
		fmt.Printf("binary, stripped %.1f MiB\n", float64(info.Size())/(1<<20))
	}
}

// swallow takes what arrives: a daemon tells that it starts and stops, and a receiver
// that does not read would have it try again all the time.
func (r *benchRig) swallow() {
	buf := make([]byte, 16<<10)
	for {
		if _, err := r.socket.Read(buf); err != nil {
			return
		}
	}
}

// rest measures the daemon while nothing happens.
func (r *benchRig) rest() {
	r.b.Helper()
	cmd, _ := r.agent()
	defer r.kill(cmd)
	time.Sleep(2 * time.Second)
	watched := r.report().Agent.Watch
	time.Sleep(time.Second) // the question is over
	cpu, switches := usage(cmd.Process.Pid)
	time.Sleep(20 * time.Second)
	cpu2, switches2 := usage(cmd.Process.Pid)
	fmt.Printf("at rest          %d files in %d folders: %.1f MiB resident, %d ms CPU and %d wake-ups a minute\n",
		watched.Files, watched.Folders, float64(resident(cmd.Process.Pid))/1024, 3*(cpu2-cpu), 3*(switches2-switches))
}

// manyFolders has one fact looked for in n files, each in a folder of its own,
// before the one that sets it.
func (r *benchRig) manyFolders(n int) {
	r.b.Helper()
	var m strings.Builder
	m.WriteString("release: \"9.x\"\nfacts:\n  - fact: pwquality.minlen\n    status: documented\n    assurance: proxy\n    source: a benchmark\n    from:\n")
	for i := range n {
		file := fmt.Sprintf("/opt/many/%04d/policy.conf", i)
		if err := os.MkdirAll(filepath.Dir(r.path("root"+file)), 0o755); err != nil {
			r.b.Fatal(err)
		}
		if err := os.WriteFile(r.path("root"+file), []byte("difok = 8\n"), 0o644); err != nil {
			r.b.Fatal(err)
		}
		fmt.Fprintf(&m, "      - {files: [%s], lens: keyvalue, path: minlen}\n", file)
	}
	m.WriteString("      - {files: [/etc/security/pwquality.conf], lens: keyvalue, path: minlen}\n")
	if err := os.WriteFile(r.path("stigwatch/mapping.d/20-many.yaml"), []byte(m.String()), 0o644); err != nil {
		r.b.Fatal(err)
	}
}

// BenchmarkStorm: one file written 10,000 times as fast as it goes.
func BenchmarkStorm(b *testing.B) {
	r := newRig(b)
	cmd, _ := r.agent()
	defer r.kill(cmd)
	good, err := os.ReadFile(r.path(benchFile))
	if err != nil {
		b.Fatal(err)
	}
	before, cpu := r.passes(), 0
	cpu, _ = usage(cmd.Process.Pid)
	began := time.Now()
	for i := range 10_000 {
		_ = inPieces(r.path(benchFile), []byte(strings.Replace(string(good), ">15<", fmt.Sprintf(">%d<", 1+i%14), 1)), 1)
	}
	took := time.Since(began)
	r.drain()
	at := inPieces(r.path(benchFile), good, 1)
	buf := make([]byte, 64<<10)
	_ = r.socket.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, err = r.socket.Read(buf)
	last := time.Since(at)
	after, _ := usage(cmd.Process.Pid)
	fmt.Printf("storm of 10,000  %v long, %d passes, %d ms CPU, last state after %v (%v), overflows %d\n",
		took.Round(time.Millisecond), r.passes()-before, after-cpu, last, err, r.report().Agent.Watch.Overflows)
}

func (r *benchRig) report() *api.Report {
	r.b.Helper()
	rep, err := api.Dial(r.path("run/stigwatch.sock")).Status(context.Background())
	if err != nil {
		r.b.Fatal(err)
	}
	return rep
}

func (r *benchRig) passes() uint64 { return r.report().Agent.Passes.Count }

// usage gives a process's CPU time in ms and its voluntary context switches.
func usage(pid int) (cpu, switches int) {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	for _, i := range []int{11, 12} {
		ticks, _ := strconv.Atoi(fields[i])
		cpu += ticks * 10
	}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	for _, task := range tasks {
		switches += statusLine(task, "voluntary_ctxt_switches:")
	}
	return cpu, switches
}

func resident(pid int) int { return statusLine(fmt.Sprintf("/proc/%d/status", pid), "VmRSS:") }

func statusLine(file, key string) int {
	b, _ := os.ReadFile(file)
	for _, line := range strings.Split(string(b), "\n") {
		if rest, ok := strings.CutPrefix(line, key); ok {
			n, _ := strconv.Atoi(strings.Fields(rest)[0])
			return n
		}
	}
	return 0
}
