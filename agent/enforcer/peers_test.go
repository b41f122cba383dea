package enforcer

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/socket"
)

// askVar tells the test binary to ask an enforcer as another user, and how.
const askVar = "STIGWATCH_TEST_ASK_AS"

// askedAs is one request of another user.
type askedAs struct {
	UID, GID            int
	Groups              []int
	Socket              string
	Method, Route, Body string
}

// TestAsAnotherUser is no test by itself: it is the process that asks.
func TestAsAnotherUser(t *testing.T) {
	text := os.Getenv(askVar)
	if text == "" {
		t.Skip("it is started by the tests that need another user")
	}
	var a askedAs
	mustDo(t, json.Unmarshal([]byte(text), &a))
	mustDo(t, syscall.Setgroups(a.Groups))
	mustDo(t, syscall.Setgid(a.GID))
	mustDo(t, syscall.Setuid(a.UID))
	c, err := net.Dial("unix", a.Socket)
	if err != nil {
		fmt.Printf("ANSWER 0 %v\n", err)
		return
	}
	c.Close()
	got := askAt(t, a.Socket, a.Method, a.Route, a.Body)
	fmt.Printf("ANSWER %d %s\n", got.code, got.problem.Reason)
}

// ask asks in a process of another user, and gives the code and the reason; code 0:
// it could not connect.
func (a askedAs) ask(t *testing.T) (int, string) {
	t.Helper()
	text, err := json.Marshal(a)
	mustDo(t, err)
	cmd := exec.Command(os.Args[0], "-test.run=^TestAsAnotherUser$", "-test.count=1")
	cmd.Env = append(os.Environ(), askVar+"="+string(text))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, line, found := strings.Cut(string(out), "ANSWER ")
	if !found {
		t.Fatalf("%s", out)
	}
	line, _, _ = strings.Cut(line, "\n")
	code, reason, _ := strings.Cut(line, " ")
	n, err := strconv.Atoi(code)
	mustDo(t, err)
	return n, reason
}

func TestStrangersAreKeptOutAndTheGroupIsAskedWhoItIs(t *testing.T) {
	needRoot(t)
	group, err := user.LookupGroup("nogroup")
	if err != nil {
		t.Fatal(err) // every Debian has it
	}
	gid, err := strconv.Atoi(group.Gid)
	mustDo(t, err)
	dir := clockDrifted(t)
	place, err := os.MkdirTemp("", "enforcer") // where another user can get to
	mustDo(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(place) })
	mustDo(t, os.Chmod(place, 0o755))
	name := filepath.Join(place, "s")
	rig.Edit(t, filepath.Join(dir, "stigwatch/stigwatch.yaml"), "agent_user: nobody\n", "agent_user: nobody\n  socket: "+name+"\n")
	l, err := takeSocket(name, "nogroup")
	mustDo(t, err)
	serveAt(t, dir, l)
	before := rig.Tree(t, filepath.Join(dir, "root"))
	one, apply := asBody(t, auto(clockRule)), "/v1/apply"
	for _, c := range []struct {
		name   string
		a      askedAs
		code   int
		reason string
	}{
		{"a stranger", askedAs{UID: foreignUID, GID: foreignUID, Method: "POST", Route: apply, Body: one}, 0, "permission denied"},
		{"in the group", askedAs{UID: foreignUID, GID: gid, Method: "POST", Route: apply, Body: one}, 403, "foreign-uid"},
		{"in the group besides", askedAs{UID: foreignUID, GID: foreignUID, Groups: []int{gid}, Method: "GET", Route: "/v1/jobs"}, 403, "foreign-uid"},
		{"undo, in the group", askedAs{UID: foreignUID, GID: gid, Method: "POST", Route: "/v1/jobs/x/undo"}, 403, "foreign-uid"},
		{"confirm, in the group", askedAs{UID: foreignUID, GID: gid, Method: "POST", Route: "/v1/jobs/x/confirm"}, 403, "foreign-uid"},
		{"the agent undoes", askedAs{UID: agentUID, GID: gid, Method: "POST", Route: "/v1/jobs/x/undo"}, 403, "agent-only-enforces"},
		{"the agent confirms", askedAs{UID: agentUID, GID: gid, Method: "POST", Route: "/v1/jobs/x/confirm"}, 403, "agent-only-enforces"},
		{"the agent by hand", askedAs{UID: agentUID, GID: gid, Method: "POST", Route: apply, Body: asBody(t, plain(clockRule))}, 403, "agent-only-enforces"},
		{"the agent asks what was done", askedAs{UID: agentUID, GID: gid, Method: "GET", Route: "/v1/jobs"}, 200, ""},
	} {
		c.a.Socket = name
		if code, reason := c.a.ask(t); code != c.code || !strings.HasSuffix(reason, c.reason) {
			t.Errorf("%s: %d %s", c.name, code, reason)
		}
	}
	sameTree(t, before, filepath.Join(dir, "root"))
	if code, reason := (askedAs{UID: agentUID, GID: gid, Socket: name, Method: "POST", Route: apply, Body: one}).ask(t); code != 200 {
		t.Errorf("the agent enforces: %d %s", code, reason)
	}
	if !strings.Contains(rig.Read(t, dir, clockFile), "server 192.0.2.123") {
		t.Error("it was not put right")
	}
}

// serveAt runs an enforcer at a listener until the test ends.
func serveAt(t *testing.T, dir string, l *socket.Listener) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	listen := func() (*socket.Listener, error) { return l, nil }
	go func() {
		done <- Run(ctx, optionsIn(dir), Options{}, listen, 0, func() { close(ready) })
	}()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// An asker who goes away, and a service manager that says to stop, in the middle of
// an apply: it is done whole all the same, and the ledger knows.
func TestAnApplyIsDoneWholeWhoeverGoes(t *testing.T) {
	dir := clockDrifted(t)
	reached, goOn := make(chan struct{}), make(chan struct{})
	eo := Options{Step: func(name string) error {
		if name == "swap "+clockFile {
			close(reached)
			<-goOn
		}
		return nil
	}}
	ctx, stop := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- Run(ctx, optionsIn(dir), eo, nil, 0, func() { close(ready) }) }()
	<-ready
	body := asBody(t, plain(clockRule))
	c, err := net.Dial("unix", filepath.Join(dir, "run-enforcer/enforcer.sock"))
	mustDo(t, err)
	_, err = fmt.Fprintf(c, "POST /v1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	mustDo(t, err)
	<-reached
	mustDo(t, c.Close())
	stop()
	if _, _, err := open(context.Background(), optionsIn(dir), Options{}); err == nil {
		t.Error("another enforcer was let in beside it")
	}
	close(goOn)
	mustDo(t, <-done)
	if !strings.Contains(rig.Read(t, dir, clockFile), "server 192.0.2.123") {
		t.Error("it was not put right")
	}
	e, ended, err := open(context.Background(), optionsIn(dir), Options{})
	mustDo(t, err)
	defer e.Close()
	jobs, err := e.Jobs(context.Background(), me())
	if err != nil || len(ended) != 0 || len(jobs.Jobs) != 1 || jobs.Jobs[0].State != api.JobDone {
		t.Errorf("%v %+v %+v", err, ended, jobs)
	}
}

// The process of an enforcer ends by itself when nobody asks, but not while a change
// waits to be confirmed.
func TestTheProcessStaysForAChangeThatWaits(t *testing.T) {
	dir := clockDrifted(t)
	e := enforcerIn(t, dir, Options{})
	q := plain(clockRule)
	q.ConfirmSeconds = 600
	got, err := e.Apply(context.Background(), me(), &q)
	mustDo(t, err)
	mustDo(t, e.Close())
	done := make(chan error, 1)
	ready := make(chan struct{})
	go func() {
		done <- Run(context.Background(), optionsIn(dir), Options{}, nil, time.Millisecond, func() { close(ready) })
	}()
	<-ready
	name := filepath.Join(dir, "run-enforcer/enforcer.sock")
	for range 50 { // each of them takes longer than to be idle
		if res := askAt(t, name, http.MethodGet, "/v1/jobs", ""); res.code != http.StatusOK {
			t.Fatalf("%+v", res)
		}
	}
	if res := askAt(t, name, http.MethodPost, "/v1/jobs/"+got.Applied[0].ID+"/confirm", ""); res.code != http.StatusOK {
		t.Fatalf("%+v", res)
	}
	mustDo(t, <-done) // and now it ends
}
