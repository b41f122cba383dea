package agent

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/enforcer"
	"stigwatch/agent/finding"
)

// The environment of a child that is the enforcer, or the daemon, of an appliance.
const (
	childDir  = "STIGWATCH_TEST_AGENT_DIR"
	childDies = "STIGWATCH_TEST_AGENT_DIES" // the enforcer: at which step, counted from 1; 0: at none
	childRuns = "STIGWATCH_TEST_AGENT_RUNS" // "daemon" or "enforcer"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

// child is the process that is killed: by itself at a step, or from outside.
func child(dir string) int {
	ready := func() { _, _ = os.Stdout.WriteString("ready\n") }
	ctx := context.Background()
	if os.Getenv(childRuns) == "daemon" {
		o := Options{Options: optionsIn(dir)}
		o.Ready = ready
		o.OnAlert = func(m alert.Message) { _, _ = os.Stdout.WriteString(m.ID + "\t" + m.Code + "\t" + m.Text + "\n") }
		a, err := New(o)
		if err == nil {
			err = a.Run(ctx)
		}
		return complain(err)
	}
	dies, err := strconv.Atoi(os.Getenv(childDies))
	if err != nil {
		return complain(err)
	}
	n := 0
	eo := enforcer.Options{Step: func(string) error {
		if n++; n == dies {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	}}
	return complain(enforcer.Run(ctx, optionsIn(dir), eo, nil, 0, ready))
}

func complain(err error) int {
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
	}
	return 3
}

// begin starts a child and waits until it is ready. What it writes comes line by line,
// until it has ended.
func begin(t testing.TB, dir, runs string, dies int) (*exec.Cmd, <-chan string) {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^$")
	c.Env = append(os.Environ(), childDir+"="+dir, childRuns+"="+runs, childDies+"="+strconv.Itoa(dies))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	lines := make(chan string, 10_000)
	go readLines(out, lines)
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				t.Fatal("the child ended")
			}
			if line == "ready" {
				return c, lines
			}
		case <-timeIsUp():
			t.Fatal("the child is not ready")
		}
	}
}

// readLines gives the lines of a child, and closes when there are no more.
func readLines(r io.Reader, to chan<- string) {
	defer close(to)
	for lines := bufio.NewScanner(r); lines.Scan(); {
		to <- lines.Text()
	}
}

// A step of every third kind; all of them under STIGWATCH_SOAK=1.
func TestAnEnforcerKilledAtAStepIsRecoveredFromAndTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "", enforcer.Options{})
	h.spoil()
	h.trouble.arm(0, nil)
	h.applied()
	names := h.trouble.calm()
	h.halt()
	for i, n := range sampled(names) {
		if !soaking() && i%3 != 1 {
			continue // a process takes a second under the race detector
		}
		h.killedAt(n, names[n-1])
	}
	h.sameAsAFreshCheck("at the end")
	h.toldOnce()
}

func (h *house) killedAt(n int, name string) {
	h.t.Helper()
	h.spoil()
	before := len(ledgerOf(h.t, h.dir))
	c, _ := begin(h.t, h.dir, "enforcer", n)
	_, err := h.apply()
	away := (*api.Unreachable)(nil)
	if !errors.As(err, &away) {
		h.t.Fatalf("at %q: %v", name, err)
	}
	_ = c.Wait()
	if s := c.ProcessState.Sys().(syscall.WaitStatus); s.Signal() != syscall.SIGKILL {
		h.t.Fatalf("at %q the child was not killed: %s", name, c.ProcessState)
	}
	h.client.Close()
	for _, file := range []string{issueFile, chronyFile} { // the next start has not been yet
		if now := rig.Read(h.t, h.dir, file); now != h.old[file] && now != h.new[file] {
			h.t.Fatalf("killed at %q: %s is neither old nor new", name, file)
		}
	}
	h.enforcerBegins()
	isNew := h.whole("recovered after a kill at " + name)
	h.nothingBeside(name)
	ledger := ledgerOf(h.t, h.dir)
	switch r := ledger[len(ledger)-1]; {
	case len(ledger) == before: // nothing had been recorded
		if isNew {
			h.t.Errorf("at %q: the files are new and no plan says so", name)
		}
	case isNew:
		h.until(about("applied", r.ID))
		h.stand("pass")
	default:
		if m := h.until(about("apply-taken-back", r.ID)); !strings.Contains(m.Text, "crash: ") {
			h.t.Error(m.Text)
		}
	}
	if !isNew {
		h.applied()
	}
	h.halt()
	h.client.Close()
}

// Right after it ordered, with the enforcer alive and dead.
func TestADaemonKilledRightAfterItOrderedTellsWhatCameOfIt(t *testing.T) {
	t.Parallel()
	for _, alive := range []bool{true, false} {
		h := newHouse(t, enforceChrony, enforcer.Options{})
		h.end()
		reached, on := make(chan struct{}), make(chan struct{})
		if alive {
			h.trouble.whenAt("swap "+chronyFile, func() { close(reached); <-on })
		} else {
			h.halt()
		}
		c, lines := begin(t, h.dir, "daemon", 0)
		h.badChrony("one")
		var told []string
		for last := ""; !strings.Contains(last, chronyRule+" opened"); told = append(told, last) {
			last = <-lines
		}
		if alive {
			<-reached
		} else {
			for !strings.Contains(<-lines, "enforcer-away") {
			}
		}
		_ = c.Process.Kill()
		_ = c.Wait()
		if alive {
			close(on)
		} else {
			h.enforcerBegins()
		}
		h.daemon = start(t, h.dir)
		if !alive {
			h.inLoop(func(l *loop) { l.hurry() })
		}
		m := h.until(func(m alert.Message) bool { return m.Code == "applied" })
		for !h.passes(chronyRule) {
			h.until(func(alert.Message) bool { return true })
		}
		ids := map[string]bool{}
		for _, m := range h.seen {
			if verdict(finding.Opened, chronyRule)(m) {
				ids[m.ID] = true
			}
		}
		for _, line := range told {
			if id, _, _ := strings.Cut(line, "\t"); strings.Contains(line, chronyRule+" opened") {
				ids[id] = true
			}
		}
		if len(ids) != 1 || !strings.Contains(m.Text, chronyFile) {
			t.Errorf("alive: %v: one change has the ids %v", alive, ids)
		}
		h.rest()
		if e := h.enforced(chronyRule); e.Plan == "" || e.Stopped != "" || e.Said != "" || e.SetBack != 0 {
			t.Errorf("alive: %v: %+v", alive, e)
		}
		h.toldOnce()
		if left, _ := filepath.Glob(filepath.Join(h.dir, "root/etc/.stigwatch-*")); len(left) > 0 {
			t.Errorf("left %q", left)
		}
	}
}
