package status_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/api"
	"stigwatch/agent/status"
)

func report(revision uint64) *api.Report {
	return &api.Report{
		Schema:  api.Schema,
		Host:    "sentry1",
		Results: []api.Result{},
		Agent: &api.Agent{
			Revision:   revision,
			Sinks:      []api.Sink{},
			Conditions: []api.Condition{{Code: "overflow", Message: "queue overflow"}},
		},
	}
}

// board is where a test publishes its reports.
type board struct{ atomic.Pointer[api.Report] }

func publish(revision uint64) *board {
	b := &board{}
	b.Store(report(revision))
	return b
}

// tempSocket is short enough whatever the test's name.
func tempSocket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "run", "s.sock")
}

// start runs a server until the test ends, or stop is called; stop gives what
// Run gave.
func start(t *testing.T, o status.Options) (stop func() error) {
	t.Helper()
	s := status.New(o)
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return stop
}

func dial(t *testing.T, socket string) *api.Client {
	t.Helper()
	c := api.Dial(socket)
	t.Cleanup(c.Close)
	return c
}

func TestStatusGivesThePublishedReport(t *testing.T) {
	socket := tempSocket(t)
	start(t, status.Options{Socket: socket, Snapshot: publish(1).Load})
	got, err := dial(t, socket).Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(report(1), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	info, err := os.Stat(socket)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o660 {
		t.Errorf("the socket has mode %v", info.Mode())
	}
}

func TestNotReadyUntilTheFirstPass(t *testing.T) {
	socket := tempSocket(t)
	b := &board{}
	start(t, status.Options{Socket: socket, Snapshot: b.Load})
	c := dial(t, socket)
	calls := map[string]func() error{
		"status": func() error { _, err := c.Status(t.Context()); return err },
		"health": func() error { _, err := c.Health(t.Context()); return err },
		"watch":  func() error { _, err := c.Watch(t.Context(), 0); return err },
	}
	for name, call := range calls {
		var refused *api.Refused
		if err := call(); !errors.As(err, &refused) || refused.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.Store(report(1))
	h, err := c.Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := &api.Health{Schema: api.Schema, Ready: true, Conditions: report(1).Agent.Conditions}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestManyClientsAtOnce(t *testing.T) {
	socket := tempSocket(t)
	start(t, status.Options{Socket: socket, Snapshot: publish(1).Load})
	var wg sync.WaitGroup
	for range 200 { // more than the connections that are let in
		wg.Go(func() {
			c := api.Dial(socket)
			defer c.Close()
			if _, err := c.Status(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestWatchAnswersWhenTheRevisionChanges(t *testing.T) {
	socket := tempSocket(t)
	b := publish(7)
	waits := make(chan struct{}, 1)
	snapshot := func() *api.Report {
		select {
		case waits <- struct{}{}:
		default:
		}
		return b.Load()
	}
	start(t, status.Options{Socket: socket, Snapshot: snapshot, Timeout: 50 * time.Millisecond, Wait: time.Minute, Poll: time.Millisecond})
	c := dial(t, socket)
	got := make(chan *api.Report, 1)
	go func() {
		r, err := c.Watch(t.Context(), 7)
		if err != nil {
			t.Error(err)
		}
		got <- r
	}()
	for range 100 { // the wait is on, and longer than a request's own timeout
		<-waits
	}
	b.Store(report(8))
	if r := <-got; r.Agent.Revision != 8 {
		t.Errorf("revision %d", r.Agent.Revision)
	}
	b.Store(report(2)) // another process
	if r, err := c.Watch(t.Context(), 8); err != nil || r.Agent.Revision != 2 {
		t.Errorf("after a restart: %v, %v", r, err)
	}
}

func TestWatchEndsItsWait(t *testing.T) {
	socket := tempSocket(t)
	stop := start(t, status.Options{Socket: socket, Snapshot: publish(7).Load, Wait: 5 * time.Millisecond, Poll: time.Millisecond})
	c := dial(t, socket)
	if r, err := c.Watch(t.Context(), 7); err != nil || r.Agent.Revision != 7 {
		t.Errorf("%v, %v", r, err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestStopEndsWaitsAndRemovesTheSocket(t *testing.T) {
	socket := tempSocket(t)
	polled := make(chan struct{}, 100)
	snapshot := func() *api.Report {
		select {
		case polled <- struct{}{}:
		default:
		}
		return report(7)
	}
	stop := start(t, status.Options{Socket: socket, Snapshot: snapshot, Poll: time.Millisecond})
	answered := make(chan error, 1)
	go func() {
		_, err := dial(t, socket).Watch(context.Background(), 7)
		answered <- err
	}()
	for range 3 {
		<-polled
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if err := <-answered; err != nil {
		t.Errorf("the waiting client got %v", err)
	}
	if _, err := os.Lstat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	socket := tempSocket(t)
	leaveStale(t, socket)
	start(t, status.Options{Socket: socket, Snapshot: publish(1).Load})
	if _, err := dial(t, socket).Status(t.Context()); err != nil {
		t.Error(err)
	}
}

func leaveStale(t *testing.T, socket string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
}

func TestLivingSocketStays(t *testing.T) {
	socket := tempSocket(t)
	start(t, status.Options{Socket: socket, Snapshot: publish(1).Load})
	err := status.New(status.Options{Socket: socket}).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "another stigwatch is running") {
		t.Errorf("the second one: %v", err)
	}
	if _, err := dial(t, socket).Status(t.Context()); err != nil {
		t.Errorf("the first one: %v", err)
	}
}

func TestSocketOfAnotherIsNotRemoved(t *testing.T) {
	socket := tempSocket(t)
	stop := start(t, status.Options{Socket: socket})
	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	start(t, status.Options{Socket: socket, Snapshot: publish(1).Load})
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := dial(t, socket).Status(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestListenRefuses(t *testing.T) {
	file := tempSocket(t)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ socket, want string }{
		"a plain file":   {file, "is not a socket"},
		"too long":       {"/tmp/" + strings.Repeat("x", 103), "the path has 108 bytes"},
		"below a file":   {filepath.Join(file, "s.sock"), "cannot make the socket's folder"},
		"nothing at all": {"", "cannot listen"},
	}
	for name, c := range cases {
		err := status.New(status.Options{Socket: c.socket}).Listen()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "precious" {
		t.Errorf("the plain file: %q, %v", b, err)
	}
}

func TestClientOfNobody(t *testing.T) {
	stale := tempSocket(t)
	leaveStale(t, stale)
	for _, socket := range []string{tempSocket(t), stale, strings.Repeat("x", 200)} {
		_, err := dial(t, socket).Status(t.Context())
		var away *api.Unreachable
		if !errors.As(err, &away) || !strings.HasPrefix(err.Error(), "cannot reach the agent at ") {
			t.Errorf("%q: %v", socket, err)
		}
	}
}

func TestExplain(t *testing.T) {
	socket := tempSocket(t)
	explain := func(_ context.Context, rule string, _ bool) (*api.Explanation, error) {
		switch rule {
		case "V-1":
			return &api.Explanation{Schema: api.Schema, SRG: "SRG-1"}, nil
		case "V-9":
			return nil, errors.New("cannot read the tree")
		}
		return nil, &api.UnknownRule{ID: rule, Nearest: "V-1"}
	}
	start(t, status.Options{Socket: socket, Snapshot: publish(1).Load, Explain: explain})
	c := dial(t, socket)
	if e, err := c.Explain(t.Context(), "V-1", false); err != nil || e.SRG != "SRG-1" {
		t.Errorf("V-1: %v, %v", e, err)
	}
	for rule, code := range map[string]int{"V-9": 500, "V-2": 404, "a/../b": 404} {
		_, err := c.Explain(t.Context(), rule, false)
		var refused *api.Refused
		if !errors.As(err, &refused) || refused.Code != code {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

// ask sends raw bytes and gives the status line back.
func ask(t *testing.T, socket, request string) string {
	t.Helper()
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go io.WriteString(c, request) // it may be cut off in the middle
	line, _ := bufio.NewReader(c).ReadString('\n')
	return strings.TrimSpace(line)
}

func TestRequestsAreRefused(t *testing.T) {
	socket := tempSocket(t)
	start(t, status.Options{Socket: socket, Snapshot: publish(1).Load})
	large := strings.Repeat("x", 80<<10)
	cases := map[string]struct{ request, want string }{
		"unknown path":   {"GET /v2/status HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 Not Found"},
		"wrong method":   {"DELETE /v1/status HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 Not Found"},
		"bad revision":   {"GET /v1/status?after=-1 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 Bad Request"},
		"not HTTP":       {"hello\r\n\r\n", "HTTP/1.1 400 Bad Request"},
		"large header":   {"GET /v1/status HTTP/1.1\r\nHost: x\r\nA: " + large + "\r\n\r\n", "HTTP/1.1 431 Request Header Fields Too Large"},
		"large body":     {"GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 81920\r\n\r\n" + large, "HTTP/1.1 413 Request Entity Too Large"},
		"no explanation": {"GET /v1/explain/V-1 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 501 Not Implemented"},
	}
	for name, c := range cases {
		if got := ask(t, socket, c.request); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestSlowClientIsCutOff(t *testing.T) {
	socket := tempSocket(t)
	start(t, status.Options{Socket: socket, Snapshot: publish(1).Load, Timeout: 20 * time.Millisecond})
	for _, part := range []string{"", "GET /v1/sta", "GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab"} {
		c, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, part); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(c); err != nil && !strings.Contains(err.Error(), "reset") { // ends only when the server hangs up
			t.Errorf("after %q: %v", part, err)
		}
	}
	if _, err := dial(t, socket).Status(t.Context()); err != nil {
		t.Error(err)
	}
}
