package status_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/api"
	"stigwatch/agent/status"
)

// desk takes down what it is asked.
type desk struct {
	mu     sync.Mutex // guards all below
	uids   []uint32
	opened []api.WindowRequest
	closed []string
}

func (d *desk) Open(_ context.Context, uid uint32, q *api.WindowRequest) (*api.Window, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := q.Check(); err != nil {
		return nil, &api.Refused{Code: http.StatusBadRequest, Text: err.Error()}
	}
	d.uids, d.opened = append(d.uids, uid), append(d.opened, *q)
	return &api.Window{ID: "W1", Ticket: q.Ticket, Rules: q.Rules}, nil
}

func (d *desk) Close(_ context.Context, uid uint32, id string) (*api.WindowEnd, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.uids, d.closed = append(d.uids, uid), append(d.closed, id)
	if id != "W1" {
		return nil, errors.New("no such window")
	}
	return &api.WindowEnd{How: "closed", Changed: []api.WindowRule{}, Opened: []string{}}, nil
}

func withDesk(t *testing.T) (socket string, d *desk) {
	t.Helper()
	socket, d = tempSocket(t), &desk{}
	start(t, status.Options{Socket: socket, Snapshot: publish(1).Load, Maintenance: d})
	return socket, d
}

// post sends a body as it is.
func post(t *testing.T, socket, path, body string) (code int, answer string) {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	defer c.CloseIdleConnections()
	res, err := c.Post("http://stigwatch"+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestAWindowIsOpenedAndClosedForThePeer(t *testing.T) {
	socket, d := withDesk(t)
	c := dial(t, socket)
	q := api.WindowRequest{Ticket: "CHG1", Seconds: 60, Rules: []string{"V-1"}, Reason: "r"}
	w, err := c.OpenWindow(t.Context(), &q)
	if err != nil || w.ID != "W1" {
		t.Fatal(w, err)
	}
	if _, err := c.CloseWindow(t.Context(), "W1"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CloseWindow(t.Context(), "../W 2?x"); err == nil {
		t.Error("a window that is not there was closed")
	}
	own := uint32(os.Getuid())
	want := &desk{uids: []uint32{own, own, own}, opened: []api.WindowRequest{q}, closed: []string{"W1", "../W 2?x"}}
	if diff := cmp.Diff(want, d, cmp.AllowUnexported(desk{}), cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "mu" }, cmp.Ignore())); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestHostileRequestsOpenNoWindow(t *testing.T) {
	socket, d := withDesk(t)
	good := `{"ticket":"CHG1","seconds":60,"rules":[],"reason":""}`
	cases := map[string]struct {
		body string
		code int
	}{
		"nothing":            {"", 400},
		"no JSON":            {"open sesame", 400},
		"cut short":          {good[:20], 400},
		"two documents":      {good + good, 400},
		"another kind":       {`[1]`, 400},
		"null":               {`null`, 400},
		"unknown key":        {`{"ticket":"CHG1","seconds":60,"until":"2099"}`, 400},
		"no ticket":          {`{"ticket":" ","seconds":60}`, 400},
		"no time":            {`{"ticket":"CHG1","seconds":0}`, 400},
		"time runs back":     {`{"ticket":"CHG1","seconds":-1}`, 400},
		"too long":           {`{"ticket":"CHG1","seconds":86401}`, 400},
		"overflow":           {`{"ticket":"CHG1","seconds":9223372036854775807}`, 400},
		"beyond a number":    {`{"ticket":"CHG1","seconds":1e400}`, 400},
		"control characters": {`{"ticket":"a\u001b[2Jb","seconds":60}`, 400},
		"hidden characters":  {`{"ticket":"a\u202eb","seconds":60}`, 400},
		"line in the reason": {`{"ticket":"CHG1","seconds":60,"reason":"a\nb"}`, 400},
		"long ticket":        {`{"ticket":"` + strings.Repeat("x", 65) + `","seconds":60}`, 400},
		"long reason":        {`{"ticket":"CHG1","seconds":60,"reason":"` + strings.Repeat("x", 501) + `"}`, 400},
		"many rules":         {`{"ticket":"CHG1","seconds":60,"rules":["V"` + strings.Repeat(`,"V"`, 200) + `]}`, 400},
		"deep":               {strings.Repeat("[", 30_000), 400},
		"large":              {`{"ticket":"` + strings.Repeat("x", 70_000) + `"}`, 413},
	}
	for name, c := range cases {
		if code, answer := post(t, socket, "/v1/maintenance", c.body); code != c.code || !strings.Contains(answer, `"error"`) {
			t.Errorf("%s: %d %s", name, code, answer)
		}
	}
	if code, _ := post(t, socket, "/v1/maintenance", good); code != 200 || len(d.opened) != 1 {
		t.Errorf("%d, %d windows", code, len(d.opened))
	}
}

func TestNoWindowBeforeTheFirstPass(t *testing.T) {
	socket := tempSocket(t)
	start(t, status.Options{Socket: socket, Maintenance: &desk{}})
	if code, _ := post(t, socket, "/v1/maintenance", `{"ticket":"CHG1","seconds":60}`); code != http.StatusServiceUnavailable {
		t.Error(code)
	}
}

// Another user, whom the socket's mode lets connect, may read and not write.
func TestOtherUsersOpenNoWindow(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not there")
	}
	socket, d := withDesk(t)
	for path, mode := range map[string]os.FileMode{socket: 0o666, filepath.Dir(socket): 0o755, filepath.Dir(filepath.Dir(socket)): 0o755} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(args ...string) string {
		args = append([]string{"--reuid=65534", "--regid=65534", "--clear-groups", curl, "-s", "-w", "%{http_code}", "--unix-socket", socket}, args...)
		out, err := exec.Command("setpriv", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	if got := ask("http://x/v1/health"); !strings.HasSuffix(got, strconv.Itoa(200)) {
		t.Fatal(got)
	}
	for _, path := range []string{"/v1/maintenance", "/v1/maintenance/W1/close"} {
		if got := ask("-d", `{"ticket":"CHG1","seconds":60}`, "http://x"+path); !strings.HasSuffix(got, "403") || !strings.Contains(got, "only root and the agent's own user may do this") {
			t.Errorf("%s: %s", path, got)
		}
	}
	if len(d.opened)+len(d.closed) > 0 {
		t.Error("it reached the agent")
	}
}
