package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"stigwatch/agent/api"
	"stigwatch/agent/status"
)

// serve answers at a socket until the test ends; explain may be nil.
func serve(t *testing.T, snapshot func() *api.Report, explain func(context.Context, string, bool) (*api.Explanation, error)) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := status.New(status.Options{Socket: filepath.Join(dir, "s.sock"), Snapshot: snapshot, Explain: explain})
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(dir, "s.sock")
}

// said is what a command line came to.
type said struct {
	code        int
	out, errOut string
}

func say(t *testing.T, args ...string) said {
	t.Helper()
	var out, errOut bytes.Buffer
	code := Run(t.Context(), args, strings.NewReader(""), &out, &errOut)
	return said{code, out.String(), errOut.String()}
}

func TestStatusAsksTheAgent(t *testing.T) {
	socket := serve(t, reported, nil)
	got := say(t, "status", "--json", "--socket", socket)
	var r api.Report
	if err := json.Unmarshal([]byte(got.out), &r); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(reported().Summary, r.Summary); diff != "" || r.Agent == nil || got.code != exitOpen || got.errOut != "" {
		t.Errorf("code %d, agent %v, said %q, -want +got:\n%s", got.code, r.Agent, got.errOut, diff)
	}
	got = say(t, "status", "--runtime-dir", filepath.Dir(socket))
	want := fmt.Sprintf("stigwatch: cannot reach the agent at %q: connect: no such file or directory; is it running? try: stigwatch check\n",
		filepath.Join(filepath.Dir(socket), socketName))
	if diff := cmp.Diff(said{exitFailed, "", want}, got, cmp.AllowUnexported(said{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestStatusWaitsForTheFirstPass(t *testing.T) {
	var asked atomic.Int32
	socket := serve(t, func() *api.Report {
		if asked.Add(1) < 3 {
			return nil
		}
		return clean()
	}, nil)
	if got := say(t, "status", "--socket", socket); got.code != exitDone || got.errOut != "" {
		t.Errorf("%+v", got)
	}
}

func TestStatusWithoutAFirstPass(t *testing.T) {
	c := api.Dial(serve(t, func() *api.Report { return nil }, nil))
	defer c.Close()
	_, err := readyStatus(t.Context(), c, 0)
	if err == nil || err.Error() != "the agent has not finished its first pass yet" {
		t.Errorf("%v", err)
	}
}

func TestWatchShowsEachReport(t *testing.T) {
	var now atomic.Pointer[api.Report]
	now.Store(reported())
	socket := serve(t, now.Load, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in, out := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- Run(ctx, []string{"status", "--watch", "--json", "--socket", socket}, strings.NewReader(""), out, io.Discard)
		out.Close()
	}()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for _, want := range []uint64{7, 8} {
		if !lines.Scan() {
			t.Fatal("it ended")
		}
		var r api.Report
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil || r.Agent.Revision != want {
			t.Fatalf("%v in %q", err, lines.Bytes())
		}
		next := clean()
		next.Agent = &api.Agent{Revision: 8}
		now.Store(next)
	}
	cancel()
	go io.Copy(io.Discard, in)
	if got := <-code; got != exitDone {
		t.Errorf("code %d, the last report has nothing open", got)
	}
}

func TestExplainAsksTheAgent(t *testing.T) {
	explain := func(_ context.Context, rule string, _ bool) (*api.Explanation, error) {
		if rule == "V-1" {
			return &api.Explanation{Schema: api.Schema, Result: findings()[0]}, nil
		}
		return nil, &api.UnknownRule{ID: rule, Nearest: "V-1"}
	}
	socket := serve(t, reported, explain)
	got := say(t, "explain", "V-1", "--socket", socket)
	if got.code != exitOpen || !strings.Contains(got.out, "V-250986") {
		t.Errorf("%+v", got)
	}
	got = say(t, "explain", "V-2", "--socket", socket)
	want := said{exitUsage, "", "stigwatch: cannot find rule \"V-2\": the nearest is V-1\nusage: stigwatch explain RULE [flags]\ntry: stigwatch explain --help\n"}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(said{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestCommandLine(t *testing.T) {
	cases := []struct {
		args string
		code int
		want string // in the answer, or in what is said when it went wrong
	}{
		{"", exitDone, "Examples:"},
		{"--help", exitDone, "Examples:"},
		{"help check", exitDone, "stigwatch check --root ./image"},
		{"version --json", exitDone, `"schema": "stigwatch/v1"`},
		{"completion bash", exitDone, "bash completion"},
		{"__complete explain V-25098", exitDone, "V-250989"},
		{"chek", exitUsage, `unknown command "chek": did you mean "check"?`},
		{"help chek", exitUsage, `unknown command "chek"`},
		{"--nosuch", exitUsage, "usage: stigwatch COMMAND [flags]"},
		{"check --nosuch", exitUsage, "try: stigwatch check --help"},
		{"status x", exitUsage, "takes no argument"},
		{"explain", exitUsage, "takes one rule"},
		{"explain V-1 V-2", exitUsage, "takes one rule"},
	}
	for _, c := range cases {
		got := say(t, strings.Fields(c.args)...)
		text := got.out
		if c.code != exitDone {
			text = got.errOut
			if got.out != "" {
				t.Errorf("%q: the answer is %q", c.args, got.out)
			}
		}
		if got.code != c.code || !strings.Contains(text, c.want) {
			t.Errorf("%q: code %d, %q does not have %q", c.args, got.code, text, c.want)
		}
	}
}

func TestExitCodes(t *testing.T) {
	cases := map[string]struct {
		err  error
		code int
	}{
		"nothing open": {verdictOf(api.Summary{Pass: 3, NotApplicable: 1}), 0},
		"not checked":  {verdictOf(api.Summary{NotChecked: 1}), 4},
		"in error":     {verdictOf(api.Summary{Error: 1}), 4},
		"open":         {verdictOf(api.Summary{Fail: 1, NotChecked: 9}), 3},
		"rule open":    {verdictOn("fail"), 3},
		"rule passes":  {verdictOn("pass"), 0},
		"rule unknown": {verdictOn("notchecked"), 4},
		"a failure":    {errors.New("cannot"), 1},
		"no such rule": {fmt.Errorf("x: %w", &api.UnknownRule{ID: "V-1"}), 2},
	}
	for name, c := range cases {
		e := &env{stderr: io.Discard, running: true}
		if got := e.exit(newRoot(e), c.err); got != c.code {
			t.Errorf("%s: %d, want %d", name, got, c.code)
		}
	}
}

func TestEveryMistakeIsOnALineOfItsOwn(t *testing.T) {
	var b bytes.Buffer
	e := &env{stderr: &b, running: true}
	e.exit(newRoot(e), errors.New("a.yaml:1: x: bad\nb.yaml:2: y: \x1b worse"))
	want := "stigwatch: a.yaml:1: x: bad\nstigwatch: b.yaml:2: y: \\x1b worse\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// terminal opens a pseudo-terminal of some width, pty(7).
func terminal(t *testing.T, width uint16) *os.File {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { tty.Close() })
	if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: width}); err != nil {
		t.Fatal(err)
	}
	return tty
}

func TestScreenKnowsTerminals(t *testing.T) {
	cases := map[string]struct {
		width         uint16
		noColor, term string
		want          screen
	}{
		"colour":      {132, "", "xterm", screen{terminal: true, width: 132, colour: true}},
		"NO_COLOR":    {132, "1", "xterm", screen{terminal: true, width: 132}},
		"dumb":        {132, "", "dumb", screen{terminal: true, width: 132}},
		"no size set": {0, "", "xterm", screen{terminal: true, width: usualWidth, colour: true}},
	}
	for name, c := range cases {
		t.Setenv("NO_COLOR", c.noColor)
		t.Setenv("TERM", c.term)
		got := newScreen(terminal(t, c.width))
		if got.terminal != c.want.terminal || got.width != c.want.width || got.colour != c.want.colour {
			t.Errorf("%s: terminal %v, width %d, colour %v", name, got.terminal, got.width, got.colour)
		}
	}
	if s := newScreen(io.Discard); s.terminal || s.width != 0 || s.colour {
		t.Error("a pipe is taken for a terminal")
	}
}
