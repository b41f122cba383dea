package enforcer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/api"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/errand"
	"stigwatch/agent/host"
	"stigwatch/agent/socket"
	"stigwatch/agent/waive"
)

// The agent's user in these tests, and one who is nobody at all.
const (
	agentUID   = 65534
	foreignUID = 4242
)

const (
	clockRule = "V-250999" // in the mode enforce here, and failing
	textRule  = "V-250987" // in the mode alert
	clockFile = "/etc/chrony.conf"
)

var (
	theAgent = socket.Peer{Known: true, UID: agentUID}
	stranger = socket.Peer{Known: true, UID: foreignUID}
)

// posing is an enforcer that is asked by somebody else than who is at its socket.
type posing struct {
	*enforcer
	who socket.Peer
}

func (p posing) Apply(ctx context.Context, _ socket.Peer, q *api.ApplyRequest) (*api.Applied, error) {
	return p.enforcer.Apply(ctx, p.who, q)
}

func (p posing) Undo(ctx context.Context, _ socket.Peer, id string) (*api.Applied, error) {
	return p.enforcer.Undo(ctx, p.who, id)
}

func (p posing) Confirm(ctx context.Context, _ socket.Peer, id string) (*api.Applied, error) {
	return p.enforcer.Confirm(ctx, p.who, id)
}

func (p posing) Jobs(ctx context.Context, _ socket.Peer) (*api.Jobs, error) {
	return p.enforcer.Jobs(ctx, p.who)
}

// clockDrifted is an appliance whose clock follows a server too few.
func clockDrifted(t testing.TB) string {
	t.Helper()
	dir := rig.New(t, "compliant")
	rig.Configure(t, dir, "\nenforce:\n  agent_user: nobody\n  rules: {"+clockRule+": enforce}\n")
	rig.Edit(t, filepath.Join(dir, "root", clockFile), "server 192.0.2.123 iburst\n", "")
	return dir
}

// cameBack is what came of a request over a socket.
type cameBack struct {
	code    int
	problem api.Problem
	applied api.Applied
}

// ask sends a request to an enforcer over a socket of its own, as somebody.
func ask(t testing.TB, e *enforcer, who socket.Peer, method, route, body string) cameBack {
	t.Helper()
	name := filepath.Join(t.TempDir(), "s")
	l, err := takeSocket(name, group)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- newServer(serverOptions{Desk: posing{e, who}}).Run(ctx, l) }()
	out := askAt(t, name, method, route, body)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return out
}

func askAt(t testing.TB, name, method, route, body string) cameBack {
	t.Helper()
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", name) }}}
	req, err := http.NewRequest(method, "http://enforcer"+route, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := cameBack{code: res.StatusCode}
	_ = json.Unmarshal(b, &out.problem)
	_ = json.Unmarshal(b, &out.applied)
	return out
}

func asBody(t testing.TB, q api.ApplyRequest) string {
	t.Helper()
	b, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func auto(rules ...string) api.ApplyRequest { return api.ApplyRequest{Rules: rules, Auto: true} }

func plain(rules ...string) api.ApplyRequest { return api.ApplyRequest{Rules: rules} }

// forged is a request that has to be refused.
type forged struct {
	name   string
	who    socket.Peer
	q      api.ApplyRequest
	reason string
	make   func(t *testing.T, dir string) // what is so before, after the enforcer was started
}

func mustDo(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// manyFiles names a file too many.
func manyFiles() map[string]string {
	out := map[string]string{}
	for i := range api.MaxApplyFiles + 1 {
		out[fmt.Sprintf("/etc/%d", i)] = host.Digest(nil)
	}
	return out
}

func was(path, digest string) api.ApplyRequest {
	return api.ApplyRequest{Rules: []string{clockRule}, Was: map[string]string{path: digest}}
}

func now(path, digest string) api.ApplyRequest {
	return api.ApplyRequest{Rules: []string{clockRule}, Now: map[string]string{path: digest}}
}

func forgeries() []forged {
	good := host.Digest(nil)
	var many []string
	for i := range 201 {
		many = append(many, fmt.Sprintf("V-%06d", i))
	}
	return append(forgedPaths(), []forged{
		{"the kernel does not say who", socket.Peer{}, auto(clockRule), "unknown-peer", nil},
		{"uid 0 that nobody vouches for", socket.Peer{UID: 0}, plain(clockRule), "unknown-peer", nil},
		{"another user", stranger, auto(clockRule), "foreign-uid", nil},
		{"the agent for itself", theAgent, plain(clockRule), "agent-only-enforces", nil},
		{"the agent, for a time", theAgent, api.ApplyRequest{Rules: []string{clockRule}, Auto: true, ConfirmSeconds: 1}, "agent-only-enforces", nil},
		{"the agent, all rules", theAgent, auto(), "no-rules", nil},
		{"the agent, a rule in another mode", theAgent, auto(textRule), "mode", nil},
		{"the agent, one of two rules in another mode", theAgent, auto(clockRule, textRule), "mode", nil},
		{"unknown rule", me(), plain("V-999999"), "unknown-rule", nil},
		{"a path for a rule", me(), plain("../../etc/shadow"), "unknown-rule", nil},
		{"no name", me(), plain(""), "rule-name", nil},
		{"a long name", me(), plain(strings.Repeat("V", 33)), "rule-name", nil},
		{"a name with a line end", me(), plain("V-250999\n"), "rule-name", nil},
		{"twice", me(), plain(clockRule, clockRule), "rule-twice", nil},
		{"too many rules", me(), plain(many...), "too-many-rules", nil},
		{"too many files that were", me(), api.ApplyRequest{Was: manyFiles()}, "too-many-files", nil},
		{"too many files that would be", me(), api.ApplyRequest{Now: manyFiles()}, "too-many-files", nil},
		{"no digest", me(), was(clockFile, ""), "digest", nil},
		{"half a digest", me(), was(clockFile, good[:40]), "digest", nil},
		{"another digest", me(), now(clockFile, "md5:"+good[7:]), "digest", nil},
		{"capital digits", me(), now(clockFile, strings.ToUpper(good)), "digest", nil},
		{"stale digest", me(), was(clockFile, good), "stale-digest", nil},
		{"the agent's stale digest", theAgent, api.ApplyRequest{Rules: []string{clockRule}, Was: map[string]string{clockFile: good}, Auto: true}, "stale-digest", nil},
		{"bytes that the plan does not make", me(), now(clockFile, good), "stale-plan", nil},
		{"a file that the plan does not have", me(), now("/etc/passwd", good), "stale-plan", nil},
		{"to confirm in the past", me(), api.ApplyRequest{Rules: []string{clockRule}, ConfirmSeconds: -1}, "confirm", nil},
		{"to confirm in a hundred years", me(), api.ApplyRequest{Rules: []string{clockRule}, ConfirmSeconds: 100 * 366 * 86400}, "confirm", nil},
		{"to confirm at the end of time", me(), api.ApplyRequest{Rules: []string{clockRule}, ConfirmSeconds: 1<<63 - 1}, "confirm", nil},
		{"a reason that rewrites a terminal", me(), api.ApplyRequest{Rules: []string{clockRule}, Reason: "\x1b[2J"}, "reason", nil},
		{"a mistake in the configuration", me(), plain(clockRule), "configuration", func(t *testing.T, dir string) {
			rig.Configure(t, dir, "\nbogus: 1\n")
		}},
		{"a mistake in the site profile", theAgent, auto(clockRule), "configuration", func(t *testing.T, dir string) {
			rig.Edit(t, filepath.Join(dir, "stigwatch/site.yaml"), "ntp_servers: [192.0.2.123, ", `ntp_servers: ["192.0.2.123\nserver evil.example", `)
		}},
		{"another root than before", me(), plain(clockRule), "configuration", func(t *testing.T, dir string) {
			rig.Edit(t, filepath.Join(dir, "stigwatch/stigwatch.yaml"), "root: ../root", "root: ../root/etc")
		}},
		{"another agent's user than before", me(), plain(clockRule), "configuration", func(t *testing.T, dir string) {
			rig.Edit(t, filepath.Join(dir, "stigwatch/stigwatch.yaml"), "agent_user: nobody", "agent_user: daemon")
		}},
	}...)
}

func forgedPaths() []forged {
	good := host.Digest(nil)
	return []forged{
		{"traversal", me(), was("/etc/../etc/chrony.conf", good), "path", nil},
		{"out of the root", me(), now("/../../etc/shadow", good), "path", nil},
		{"relative", me(), was("etc/chrony.conf", good), "path", nil},
		{"unclean", me(), now("/etc//chrony.conf", good), "path", nil},
		{"a folder's path", me(), now("/etc/chrony.conf/", good), "path", nil},
		{"no path", me(), was("", good), "path", nil},
		{"NUL", me(), was("/etc/chrony.conf\x00", good), "path", nil},
		{"line end", me(), now("/etc/chrony.conf\n/etc/shadow", good), "path", nil},
		{"5000 bytes", me(), was("/"+strings.Repeat("a", 5000), good), "path", nil},
	}
}

// sameTree compares what is below a folder with what was.
func sameTree(t testing.TB, was map[string]string, dir string) {
	t.Helper()
	if d := cmp.Diff(was, rig.Tree(t, dir)); d != "" {
		t.Error(d)
	}
}

// refuses asks, and sees that nothing at all was written.
func refuses(t *testing.T, dir string, e *enforcer, who socket.Peer, q api.ApplyRequest, reason string) {
	t.Helper()
	before := rig.Tree(t, dir)
	got := ask(t, e, who, http.MethodPost, "/v1/apply", asBody(t, q))
	if got.problem.Reason != reason || got.code < 400 || got.problem.Error == "" {
		t.Errorf("%d %+v %+v, want %s", got.code, got.problem, got.applied, reason)
	}
	sameTree(t, before, dir)
}

func TestForgedRequestsAreRefusedByNameAndWriteNothing(t *testing.T) {
	dir := clockDrifted(t)
	e := enforcerIn(t, dir, Options{})
	for _, c := range forgeries() {
		t.Run(c.name, func(t *testing.T) {
			d, e := dir, e
			if c.make != nil {
				d = clockDrifted(t)
				e = enforcerIn(t, d, Options{})
				c.make(t, d)
			}
			refuses(t, d, e, c.who, c.q, c.reason)
		})
	}
	p, err := errand.Plan(context.Background(), optionsIn(dir), []string{clockRule})
	mustDo(t, err)
	q := auto(clockRule) // the honest one
	q.Was, q.Now = map[string]string{clockFile: p.Files[0].Was}, map[string]string{clockFile: p.Files[0].Now}
	if got := ask(t, e, theAgent, http.MethodPost, "/v1/apply", asBody(t, q)); got.code != http.StatusOK || len(got.applied.Applied) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestOnlyRootUndoesAndConfirms(t *testing.T) {
	dir := clockDrifted(t)
	e := enforcerIn(t, dir, Options{})
	q := plain(clockRule)
	q.ConfirmSeconds = 600
	done := ask(t, e, me(), http.MethodPost, "/v1/apply", asBody(t, q))
	if len(done.applied.Applied) != 1 || done.applied.Applied[0].State != api.JobWaiting {
		t.Fatalf("%+v", done)
	}
	id, before := done.applied.Applied[0].ID, rig.Tree(t, dir)
	for _, c := range []struct {
		who           socket.Peer
		method, route string
		reason        string
	}{
		{theAgent, "POST", "/v1/jobs/" + id + "/undo", "agent-only-enforces"},
		{theAgent, "POST", "/v1/jobs/" + id + "/confirm", "agent-only-enforces"},
		{stranger, "POST", "/v1/jobs/" + id + "/undo", "foreign-uid"},
		{stranger, "POST", "/v1/jobs/" + id + "/confirm", "foreign-uid"},
		{stranger, "GET", "/v1/jobs", "foreign-uid"},
		{socket.Peer{}, "GET", "/v1/jobs", "unknown-peer"},
		{socket.Peer{}, "POST", "/v1/jobs/" + id + "/confirm", "unknown-peer"},
		{me(), "POST", "/v1/jobs/..%2f" + id + "/undo", "unknown-job"},
		{me(), "POST", "/v1/jobs/%00/confirm", "unknown-job"},
	} {
		got := ask(t, e, c.who, c.method, c.route, "")
		if got.problem.Reason != c.reason || got.code < 400 {
			t.Errorf("%s %s: %+v", c.method, c.route, got)
		}
	}
	if got := ask(t, e, me(), "POST", "/v1/apply", asBody(t, plain(clockRule))); len(got.applied.Applied) != 0 {
		t.Errorf("%+v", got)
	}
	sameTree(t, before, dir)
	if got := ask(t, e, me(), "POST", "/v1/jobs/"+id+"/confirm", ""); got.code != http.StatusOK {
		t.Errorf("%+v", got)
	}
}

func TestWhatChangedSinceTheAskerSawItIsRefused(t *testing.T) {
	dir := clockDrifted(t)
	weaken := filepath.Join(dir, "root/etc/issue")
	rig.Put(t, weaken, "WELCOME\n")
	e := enforcerIn(t, dir, Options{})
	p, err := errand.Plan(context.Background(), optionsIn(dir), []string{clockRule, textRule})
	mustDo(t, err)
	was, now := map[string]string{}, map[string]string{}
	for _, f := range p.Files {
		was[f.Path], now[f.Path] = f.Was, f.Now
	}
	if len(was) != 2 {
		t.Fatalf("%+v", p.Files)
	}
	q := api.ApplyRequest{Rules: []string{clockRule, textRule}, Now: map[string]string{clockFile: now[clockFile]}}
	refuses(t, dir, e, me(), q, "stale-plan") // it says nothing of the other file
	q.Now, q.Was = now, was
	rig.Edit(t, filepath.Join(dir, "stigwatch/site.yaml"), "192.0.2.123, ", "192.0.2.124, ")
	refuses(t, dir, e, me(), q, "stale-plan")
	rig.Edit(t, filepath.Join(dir, "stigwatch/site.yaml"), "192.0.2.124, ", "192.0.2.123, ")
	rig.Edit(t, filepath.Join(dir, "root", clockFile), "server", "# a word\nserver")
	refuses(t, dir, e, me(), q, "stale-digest")
}

// What was written by itself is counted across restarts: the process ends whenever it
// is idle.
func TestTheRateHoldsAcrossRestarts(t *testing.T) {
	dir := clockDrifted(t)
	rig.Edit(t, filepath.Join(dir, "stigwatch/stigwatch.yaml"), "agent_user: nobody\n", "agent_user: nobody\n  per_hour: 2\n")
	at := time.Now()
	eo := Options{Now: func() time.Time { return at }}
	bad := rig.Read(t, dir, clockFile)
	for i := range 3 {
		e := enforcerIn(t, dir, eo)
		if i == 2 {
			refuses(t, dir, e, theAgent, auto(clockRule), "rate")
			at = at.Add(time.Hour)
		}
		got := ask(t, e, theAgent, http.MethodPost, "/v1/apply", asBody(t, auto(clockRule)))
		if got.code != http.StatusOK || len(got.applied.Applied) != 1 {
			t.Fatalf("%d: %+v", i, got)
		}
		rig.Put(t, filepath.Join(dir, "root", clockFile), bad)
		mustDo(t, e.Close())
	}
}

// A file that somebody is at is asked for again and again: what was refused is no plan.
func TestAskingInVainDoesNotUseTheRateUp(t *testing.T) {
	dir := clockDrifted(t)
	e := enforcerIn(t, dir, Options{})
	q := auto(clockRule)
	q.Was = map[string]string{clockFile: host.Digest(nil)}
	for range 20 {
		refuses(t, dir, e, theAgent, q, "stale-digest")
	}
	if got := ask(t, e, theAgent, http.MethodPost, "/v1/apply", asBody(t, auto(clockRule))); got.code != http.StatusOK || len(got.applied.Applied) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestTheAgentDoesNotPutRightWhatIsWaived(t *testing.T) {
	dir := clockDrifted(t)
	_, err := errand.Waive(context.Background(), optionsIn(dir), waive.Waiver{
		Rule: clockRule, Reason: "one server until the other is back", Ticket: "T-1", Approver: "A",
		When: time.Now().UTC().Format(time.RFC3339), Expires: time.Now().UTC().AddDate(0, 0, 10).Format(time.RFC3339),
	})
	mustDo(t, err)
	e := enforcerIn(t, dir, Options{})
	refuses(t, dir, e, theAgent, auto(clockRule), "waived")
	if got := ask(t, e, me(), http.MethodPost, "/v1/apply", asBody(t, plain(clockRule))); len(got.applied.Applied) != 1 {
		t.Errorf("root may: %+v", got)
	}
}
