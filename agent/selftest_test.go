package agent

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/appliance"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/config"
	"stigwatch/agent/finding"
)

// lenient makes the tests wait less for what will not come.
func lenient(a *Agent) { a.tests.canaryTime, a.tests.sinkTime = 3*time.Second, 3*time.Second }

func (d *daemon) selfTest() *api.SelfTest {
	d.t.Helper()
	r, err := api.Dial(d.file("run/stigwatch.sock")).SelfTest(context.Background())
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *daemon) conditionsOf(code string) (texts []string) {
	d.t.Helper()
	for _, c := range d.status().Agent.Conditions {
		if c.Code == code {
			texts = append(texts, c.Message)
		}
	}
	return texts
}

// drain reads a receiver and keeps what came.
func drain(t *testing.T, r io.Reader) {
	t.Helper()
	go func() { _, _ = io.Copy(io.Discard, r) }()
}

// receivers are a unix, a TCP and an HTTP one, and the configuration of their sinks.
func receivers(t *testing.T, dir string) (conf string) {
	t.Helper()
	u, err := net.ListenPacket("unixgram", filepath.Join(dir, "log.sock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { u.Close() })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			drain(t, conn)
		}
	}()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	t.Cleanup(web.Close)
	secret := filepath.Join(dir, "hook.secret")
	rig.Put(t, secret, "whsec_"+strings.Repeat("QUJD", 11)+"\n")
	if err := os.Chmod(secret, 0o600); err != nil {
		t.Fatal(err)
	}
	return "\nsinks:\n  - {name: here, type: syslog, address: \"unix://" + filepath.Join(dir, "log.sock") + "\"}\n" +
		"  - {name: siem, type: syslog, address: \"tcp://" + l.Addr().String() + "\"}\n" +
		"  - {name: hook, type: webhook, address: \"" + web.URL + "\", secret_file: " + secret + "}\n"
}

func TestSelfTestFollowsTheCanaryToEverySink(t *testing.T) {
	dir := rig.New(t, "compliant")
	add(t, filepath.Join(dir, "stigwatch/stigwatch.yaml"), receivers(t, dir))
	d := start(t, dir)
	for range 3 {
		r := d.selfTest()
		if !r.OK || len(r.Steps) != 4 || len(r.Sinks) != 3 {
			t.Fatalf("%+v", r)
		}
		for i, name := range []string{"written", "event", "read", "verdict"} {
			if s := r.Steps[i]; s.Name != name || !s.OK || s.Error != "" {
				t.Errorf("%+v", s)
			}
		}
		verdict, _ := r.Verdict()
		for i, how := range []string{"written", "confirmed by the receiver's TCP", "acknowledged"} {
			if s := r.Sinks[i]; !s.OK || s.How != how || s.Micros < verdict || s.Skipped {
				t.Errorf("%+v", s)
			}
		}
		m := d.wantNews(finding.SelfTest, "")
		if m.Rule != "" || m.Severity != "" || !strings.Contains(m.Text, "nothing has changed") {
			t.Errorf("%+v", m)
		}
	}
	if s := d.status().Agent.SelfTest; s == nil || !s.OK {
		t.Errorf("status says %+v", s)
	}
	if len(d.alerts) > 0 {
		t.Errorf("it made news: %+v", <-d.alerts)
	}
}

func TestSelfTestNamesTheReceiverThatIsAway(t *testing.T) {
	dir := rig.New(t, "compliant")
	socket := filepath.Join(dir, "log.sock")
	add(t, filepath.Join(dir, "stigwatch/stigwatch.yaml"),
		"\nsinks:\n  - {name: away, type: syslog, address: \"unix://"+socket+"\"}\n  - {name: kept, type: file, path: "+dir+"/kept.json}\n")
	d := startWith(t, dir, lenient)
	r := d.selfTest()
	if r.OK || r.Sinks[0].OK || !r.Sinks[1].OK || !strings.Contains(r.Sinks[0].Error, "log.sock") {
		t.Fatalf("%+v", r)
	}
	if m := d.want(finding.Agent, ""); m.Code != "selftest-failed" || !strings.Contains(m.Text, "sink away: ") {
		t.Errorf("%+v", m)
	}
	if got := d.conditionsOf("selftest-failed"); len(got) != 1 {
		t.Errorf("%q", got)
	}
	u, err := net.ListenPacket("unixgram", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	deadline := time.Now().Add(patience) // the outlet may still be waiting to try again
	for r = d.selfTest(); !r.OK && time.Now().Before(deadline); r = d.selfTest() {
	}
	if !r.OK || len(d.conditionsOf("selftest-failed")) != 0 {
		t.Errorf("%+v, %q", r, d.conditionsOf("selftest-failed"))
	}
}

func TestSelfTestNoticesABlindWatch(t *testing.T) {
	d := startWith(t, rig.New(t, "compliant"), lenient)
	if _, err := d.agent.watcher.Set(nil, nil); err != nil {
		t.Fatal(err)
	}
	r := d.selfTest()
	if r.OK || len(r.Steps) != 2 || r.Steps[1].Name != "event" || !strings.Contains(r.Steps[1].Error, "does not see changes") || len(r.Sinks) != 0 {
		t.Errorf("%+v", r)
	}
	if m := d.want(finding.Agent, ""); m.Code != "selftest-failed" {
		t.Errorf("%+v", m)
	}
}

func TestSelfTestNoticesACanaryThatIsNotItsOwn(t *testing.T) {
	d := startWith(t, rig.New(t, "compliant"), lenient)
	c := &canary{nonce: "not what is there", seen: make(chan sighting, 8)}
	d.agent.tests.canary.Store(c)
	rig.Put(t, d.agent.tests.file, "something else")
	select {
	case s := <-c.seen:
		if s.wrong == nil || s.answers != nil {
			t.Errorf("%+v", s)
		}
	case <-time.After(patience):
		t.Fatal("the loop did not see it")
	}
}

func TestSelfTestSaysThatItCannotWriteItsCanary(t *testing.T) {
	d := startWith(t, rig.New(t, "compliant"), lenient)
	if err := os.Mkdir(d.agent.tests.file, 0o700); err != nil {
		t.Fatal(err)
	}
	r := d.selfTest()
	if r.OK || len(r.Steps) != 1 || !strings.Contains(r.Steps[0].Error, "cannot write the canary") {
		t.Errorf("%+v", r)
	}
	if err := os.Remove(d.agent.tests.file); err != nil {
		t.Fatal(err)
	}
	if r := d.selfTest(); !r.OK {
		t.Errorf("%+v", r)
	}
	late := time.After(patience) // who asked has the answer before the loop has taken note of it
	for got := d.conditionsOf("selftest-failed"); len(got) != 0; got = d.conditionsOf("selftest-failed") {
		select {
		case <-late:
			t.Fatalf("%q", got)
		default:
		}
	}
}

// A link in the canary's place leads nowhere.
func TestTheCanaryFollowsNoLink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	rig.Put(t, target, "precious")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	err := writeCanary(link, "nonce")
	if b, _ := os.ReadFile(target); err == nil || !bytes.Equal(b, []byte("precious")) {
		t.Errorf("%v, %q", err, b)
	}
}

func TestPeopleAreSparedWhatNobodyAskedFor(t *testing.T) {
	a := &Agent{tests: newSelfTests()}
	a.ways.Store(&[]way{{cfg: alert.Config{Name: "mail", Type: "smtp"}}, {cfg: alert.Config{Name: "siem", Type: "syslog"}}})
	for spare, want := range map[bool][2]bool{true: {true, false}, false: {false, false}} {
		tr := newTrial(a, spare)
		if got := [2]bool{tr.skips(0), tr.skips(1)}; got != want {
			t.Errorf("spared %v: %v", spare, got)
		}
	}
}

func TestOneSelfTestAtATime(t *testing.T) {
	d := start(t, rig.New(t, "compliant"))
	results := make(chan *api.SelfTest, 4)
	for range 4 {
		go func() {
			r, _ := api.Dial(d.file("run/stigwatch.sock")).SelfTest(context.Background())
			results <- r
		}()
	}
	for range 4 {
		if r := <-results; r == nil || !r.OK {
			t.Errorf("%+v", r)
		}
	}
}

func TestTheAgentTestsItselfAtItsInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &Agent{tests: newSelfTests()}
		a.tests.file = filepath.Join(t.TempDir(), canaryName)
		a.live.Store(&appliance.Parts{Config: &config.Config{SelfTest: time.Hour}})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- a.selfTesting(ctx) }()
		begin := time.Now()
		var at []time.Duration
		for range 3 {
			<-a.tests.done
			at = append(at, time.Since(begin).Round(time.Minute))
		}
		if d := cmp.Diff([]time.Duration{time.Minute, 61 * time.Minute, 121 * time.Minute}, at); d != "" {
			t.Error(d)
		}
		a.live.Store(&appliance.Parts{Config: &config.Config{SelfTest: 10 * time.Minute}})
		a.tests.retime()
		<-a.tests.done
		if got := time.Since(begin).Round(time.Minute); got != 131*time.Minute {
			t.Errorf("the next one at %s", got)
		}
		a.live.Store(&appliance.Parts{Config: &config.Config{}})
		a.tests.retime()
		select {
		case <-a.tests.done:
			t.Error("it tests itself though that is off")
		case <-time.After(48 * time.Hour):
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
