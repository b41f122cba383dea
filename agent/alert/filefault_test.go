package alert

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// smallDisk is a file system of one megabyte.
func smallDisk(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can mount a file system")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("cannot mount a file system here: %v", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

func TestFullDiskLosesAndDoublesNothing(t *testing.T) {
	dir := smallDisk(t)
	path, ballast := filepath.Join(dir, "alerts.json"), filepath.Join(dir, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 700<<10), 0o600))
	sink := fileSink(t, Config{Path: path})
	all := messages(1, 250, long) // some 750 kB
	done, full := 0, 0
	for done < len(all) {
		n, err := sink.Send(t.Context(), all[done:min(done+20, len(all))])
		done += n
		if d := cmp.Diff(numbers(1, uint64(done)), seqsIn(t, path)); d != "" {
			t.Fatalf("%d done: %s", done, d)
		}
		if err == nil {
			continue
		}
		if !errors.Is(err, syscall.ENOSPC) || errors.Is(err, ErrRejected) {
			t.Fatal(err)
		}
		if full++; full == 3 {
			must(t, os.Remove(ballast))
		}
	}
	if full < 3 {
		t.Errorf("the disk was full %d times", full)
	}
}

func TestOutletWaitsForAFullDisk(t *testing.T) {
	dir := smallDisk(t)
	path, ballast := filepath.Join(dir, "alerts.json"), filepath.Join(dir, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 900<<10), 0o600))
	o := outletOf(fileSink(t, Config{Path: path}), OutletOptions{})
	stop := running(t, o)
	for _, m := range messages(1, 250, long) {
		offerOne(o, m)
	}
	eventually(t, func() bool { return o.Stats().Failures > 1 })
	must(t, os.Remove(ballast))
	eventually(t, func() bool { return o.Stats().Queued == 0 })
	must(t, stop())
	if d := cmp.Diff(numbers(1, 250), seqsIn(t, path)); d != "" {
		t.Error(d)
	}
}

func TestFileSaysThatItMayNot(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	for parent := filepath.Dir(dir); parent != os.TempDir() && parent != "/"; parent = filepath.Dir(parent) {
		must(t, os.Chmod(parent, 0o755))
	}
	program, err := os.ReadFile(os.Args[0])
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "program"), program, 0o755))
	out, err := child(t, filepath.Join(dir, "alerts.json"), 1, func(c *exec.Cmd) {
		c.Path = filepath.Join(dir, "program")
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}).read(t)
	if err == nil || !strings.Contains(out, "permission denied") {
		t.Errorf("%v: %s", err, out)
	}
}

// writing tells this test program to be a process that writes alerts: path, first
// number.
const writing = "STIGWATCH_TEST_WRITES"

// TestWriterProcess is no test: it is the process that other tests start.
func TestWriterProcess(t *testing.T) {
	path, from, ok := strings.Cut(os.Getenv(writing), ",")
	if !ok {
		t.Skip("only for other tests")
	}
	seq, err := strconv.ParseUint(from, 10, 64)
	must(t, err)
	c := Config{Type: "file", Format: "json", Path: path, MaxSize: 1, Keep: 1000}
	sink, err := New(Options{Config: c})
	must(t, err)
	for {
		n, err := sink.Send(context.Background(), messages(seq, seq+uint64(rand.N(60)), long))
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		seq += uint64(n)
		fmt.Printf("done %d\n", seq-1)
	}
}

type process struct {
	cmd *exec.Cmd
	out io.ReadCloser
}

func child(t *testing.T, path string, from uint64, change func(*exec.Cmd)) process {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestWriterProcess$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s,%d", writing, path, from))
	cmd.Dir = "/"
	change(cmd)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	return process{cmd, out}
}

func (p process) read(t *testing.T) (string, error) {
	t.Helper()
	b, err := io.ReadAll(p.out)
	must(t, err)
	return string(b), p.cmd.Wait()
}

// kill ends the process after a while, in whatever it does, and gives what it had
// said to be done.
func (p process) kill(t *testing.T, done uint64) uint64 {
	t.Helper()
	timer := time.AfterFunc(rand.N(60*time.Millisecond)+60*time.Millisecond, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	lines := bufio.NewScanner(p.out)
	for lines.Scan() {
		n, ok := strings.CutPrefix(lines.Text(), "done ")
		seq, err := strconv.ParseUint(n, 10, 64)
		if !ok || err != nil {
			t.Fatalf("the writer said %q", lines.Text())
		}
		done = seq
	}
	_ = p.cmd.Wait()
	return done
}

func TestKilledWriterLeavesWholeLinesAndLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.json")
	done, rounds := uint64(0), 25
	if testing.Short() {
		rounds = 3
	}
	for range rounds {
		done = child(t, path, done+1, func(*exec.Cmd) {}).kill(t, done)
	}
	// Whoever comes next mends what the last kill left.
	must(t, send(t.Context(), fileSink(t, Config{Path: path, MaxSize: 1, Keep: 1000}), long(done+1)))
	var got []uint64
	for _, seq := range seqsIn(t, rotated(t, path)...) {
		if !slices.Contains(got[max(0, len(got)-200):], seq) { // a duplicate of what was written and not said
			got = append(got, seq)
		}
	}
	if d := cmp.Diff(numbers(1, max(done+1, got[len(got)-1])), got); d != "" || done == 0 {
		t.Errorf("%d done: %s", done, d)
	}
	t.Logf("%d lines in %d files", len(got), len(rotated(t, path)))
}
