package enforcer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/socket"
)

// clerk counts what gets to it. An apply takes as long as it says.
type clerk struct {
	takes time.Duration

	mu         sync.Mutex // guards what follows
	begun, all int
	canceled   bool
}

func (d *clerk) Apply(ctx context.Context, _ socket.Peer, q *api.ApplyRequest) (*api.Applied, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	d.count(&d.begun)
	select {
	case <-ctx.Done():
		d.canceled = true
	case <-time.After(d.takes):
	}
	d.count(&d.all)
	if q.Reason == "long" {
		return &api.Applied{Failed: strings.Repeat("x", 4<<20)}, nil
	}
	return &api.Applied{Schema: api.Schema}, nil
}

func (d *clerk) Undo(_ context.Context, _ socket.Peer, id string) (*api.Applied, error) {
	return nil, &api.Refused{Code: http.StatusNotFound, Reason: "unknown-job", Text: id}
}

func (d *clerk) Confirm(context.Context, socket.Peer, string) (*api.Applied, error) {
	return nil, errors.New("the disk is full")
}

func (d *clerk) Jobs(context.Context, socket.Peer) (*api.Jobs, error) {
	d.count(&d.begun)
	return &api.Jobs{}, nil
}

func (d *clerk) count(n *int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	*n++
}

// pipes is a listener whose connections time can stand still for.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{} }

// served is a server that runs, in a bubble of synctest.
type served struct {
	*pipes
	*clerk
	s      *server
	stop   context.CancelFunc
	result chan error
	began  time.Time
}

func serve(t *testing.T, o serverOptions, d *clerk) *served {
	o.Desk = d
	ctx, cancel := context.WithCancel(context.Background())
	v := &served{pipes: &pipes{conns: make(chan net.Conn), done: make(chan struct{})}, clerk: d, s: newServer(o), stop: cancel, result: make(chan error, 1), began: time.Now()}
	v.s.who = func(context.Context) socket.Peer { return socket.Peer{Known: true} }
	go func() { v.result <- v.s.run(ctx, v.pipes) }()
	t.Cleanup(cancel)
	return v
}

// dial connects and writes, and leaves the rest to the caller.
func (v *served) dial(t *testing.T, text string) net.Conn {
	t.Helper()
	mine, theirs := net.Pipe()
	t.Cleanup(func() { mine.Close() })
	v.conns <- theirs
	if _, err := io.WriteString(mine, text); err != nil {
		t.Fatal(err)
	}
	return mine
}

func request(body string, length int) string {
	return fmt.Sprintf("POST /v1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", length, body)
}

func whole(body string) string { return request(body, len(body)) }

// answer reads one.
func answer(t *testing.T, c io.Reader) (int, api.Problem) {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var p api.Problem
	if err := json.NewDecoder(res.Body).Decode(&p); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, p
}

func (v *served) ends(t *testing.T, after time.Duration) {
	t.Helper()
	if err := <-v.result; err != nil {
		t.Error(err)
	}
	if took := time.Since(v.began); took != after {
		t.Errorf("it ended after %s, want %s", took, after)
	}
}

func TestMalformedRequestsAreRefusedByName(t *testing.T) {
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for _, c := range []struct {
		name, body, reason string
		code               int
	}{
		{"nothing", "", "malformed", 400},
		{"no JSON", "apply please", "malformed", 400},
		{"null", "null", "malformed", 400},
		{"a list", `[{"rules": []}]`, "malformed", 400},
		{"a text", `"{}"`, "malformed", 400},
		{"cut off", `{"rules": ["V-1"`, "malformed", 400},
		{"wrong type", `{"rules": "V-1"}`, "malformed", 400},
		{"wrong type of a digest", `{"was": {"/etc/issue": 1}}`, "malformed", 400},
		{"half a second", `{"confirm_seconds": 0.5}`, "malformed", 400},
		{"a number too large", `{"confirm_seconds": 99999999999999999999}`, "malformed", 400},
		{"deep", `{"rules": ` + deep + `}`, "malformed", 400},
		{"unknown key", `{"rules": [], "value": "yes"}`, "unknown-key", 400},
		{"bytes", `{"files": {"/etc/passwd": "root::0:0"}}`, "unknown-key", 400},
		{"two documents", `{} {}`, "trailing", 400},
		{"something behind", `{}x`, "trailing", 400},
		{"oversized", `{"reason": "` + strings.Repeat("x", maxRequest) + `"}`, "oversized", 413},
		{"control characters", `{"reason": "a\u001b[2J"}`, "reason", 400},
		{"a line end", `{"reason": "a\nb"}`, "reason", 400},
		{"text that runs backwards", `{"reason": "a\u202eb"}`, "reason", 400},
		{"a long reason", `{"reason": "` + strings.Repeat("x", 501) + `"}`, "reason", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := serve(t, serverOptions{}, &clerk{})
				conn := v.dial(t, request("", len(c.body)))
				go func() { _, _ = io.WriteString(conn, c.body) }() // it may be refused before it is read whole
				code, p := answer(t, conn)
				if code != c.code || p.Reason != c.reason || p.Error == "" {
					t.Errorf("%d %+v", code, p)
				}
				if v.begun != 0 {
					t.Error("it got to the desk")
				}
				conn.Close()
				v.stop()
				<-v.result
			})
		})
	}
}

func TestRoutesAndFaultsAreAnsweredByName(t *testing.T) {
	for _, c := range []struct{ line, reason string }{
		{"GET /v1/apply", "unknown-route"},
		{"POST /v1/jobs", "unknown-route"},
		{"POST /v1/jobs/../apply", ""}, // a redirect, which is not followed
		{"DELETE /v1/jobs/x", "unknown-route"},
		{"POST /v1/jobs/x/undo", "unknown-job"},
		{"POST /v1/jobs/..%2f..%2fetc/undo", "unknown-job"},
		{"POST /v1/jobs/x/confirm", ""}, // a fault of ours
	} {
		synctest.Test(t, func(t *testing.T) {
			v := serve(t, serverOptions{}, &clerk{})
			conn := v.dial(t, c.line+" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := io.ReadAll(res.Body)
			var p api.Problem
			_ = json.Unmarshal(b, &p)
			if p.Reason != c.reason || res.StatusCode == http.StatusOK || v.begun != 0 {
				t.Errorf("%s: %s %s", c.line, res.Status, b)
			}
			conn.Close()
			v.stop()
			<-v.result
		})
	}
}

func TestAPeerThatTheKernelDoesNotNameGetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := serve(t, serverOptions{}, &clerk{})
		v.s.who = socket.PeerFrom // a pipe has no credentials
		for _, text := range []string{whole("{}"), "GET /v1/jobs HTTP/1.1\r\nHost: x\r\n\r\n", "POST /v1/jobs/x/undo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"} {
			conn := v.dial(t, text)
			if code, p := answer(t, conn); code != http.StatusForbidden || p.Reason != "unknown-peer" {
				t.Errorf("%d %+v", code, p)
			}
			conn.Close()
		}
		if v.begun != 0 {
			t.Error("it got to the desk")
		}
		v.stop()
		<-v.result
	})
}

// A body that ends too soon is no request, even when what came is one by itself.
func TestHalfARequestNeverStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := serve(t, serverOptions{Idle: time.Minute}, &clerk{})
		hangs := v.dial(t, request("{}", 100))
		code, p := answer(t, hangs)
		if code != http.StatusBadRequest || p.Reason != "cut-short" || time.Since(v.began) != 5*time.Second {
			t.Errorf("after %s: %d %+v", time.Since(v.began), code, p)
		}
		hangs.Close()
		gone := v.dial(t, request("{}", 100))
		gone.Close()
		silent := v.dial(t, "POST /v1/ap") // and says no more
		go func() { _, _ = io.Copy(io.Discard, silent) }()
		v.ends(t, 65*time.Second)
		if v.begun != 0 {
			t.Error("half a request was taken")
		}
	})
}

func TestWhatIsBegunGoesOnWhenTheAskerGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := serve(t, serverOptions{Idle: time.Minute}, &clerk{takes: 2 * time.Minute})
		v.dial(t, whole("{}")).Close()
		v.ends(t, 3*time.Minute)
		if v.all != 1 || v.canceled {
			t.Errorf("%+v", v.clerk)
		}
	})
}

func TestNobodyIsAtTheDeskAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := serve(t, serverOptions{}, &clerk{takes: 4 * time.Minute})
		first := v.dial(t, whole("{}"))
		synctest.Wait()
		v.stop()
		synctest.Wait()
		late := v.dial(t, whole("{}"))
		if code, p := answer(t, late); code != http.StatusServiceUnavailable || p.Reason != api.Stopping {
			t.Errorf("%d %+v", code, p)
		}
		late.Close()
		if code, _ := answer(t, first); code != http.StatusOK {
			t.Errorf("who asked in time is answered %d", code)
		}
		first.Close()
		<-v.result
		if v.begun != 1 || v.all != 1 || v.canceled {
			t.Errorf("%+v", v.clerk)
		}
	})
}

func TestIdleWaitsForAChangeThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until := time.Now().Add(10 * time.Minute)
		v := serve(t, serverOptions{Idle: 3 * time.Minute, Busy: func() bool { return time.Now().Before(until) }}, &clerk{})
		v.ends(t, 12*time.Minute) // it looks each three minutes
	})
}

func TestIdleCountsFromTheLastRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := serve(t, serverOptions{Idle: 3 * time.Minute}, &clerk{})
		<-time.After(2 * time.Minute)
		conn := v.dial(t, whole("{}"))
		answer(t, conn)
		v.ends(t, 5*time.Minute)
	})
}

// An asker who does not read what he asked for holds nothing up.
func TestAnAskerWhoDoesNotReadKeepsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := serve(t, serverOptions{Idle: time.Minute}, &clerk{})
		v.dial(t, whole(`{"reason": "long"}`))
		v.ends(t, time.Minute+drainTime)
		if v.all != 1 {
			t.Errorf("%+v", v.clerk)
		}
	})
}
