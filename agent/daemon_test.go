package agent

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/appliance"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/errand"
	"stigwatch/agent/finding"
)

// patience is how long a test waits for what must come; nothing waits that long
// when all is well.
const patience = 20 * time.Second

// daemon is a real agent on a little appliance and a real socket.
type daemon struct {
	t      testing.TB
	dir    string
	agent  *Agent
	alerts chan alert.Message
	news   chan alert.Message // of the agent's own life: starts, stops, heartbeats, self-tests
	reload chan struct{}
	ready  chan struct{} // one token for each Ready
	ended  chan error
	stop   context.CancelFunc
}

func optionsIn(dir string) appliance.Options {
	path, over := rig.Config(dir)
	return appliance.Options{ConfigPath: path, Over: over}
}

// check judges the appliance in dir anew and gives its results by rule.
func check(t testing.TB, dir string) map[string]api.Result {
	t.Helper()
	r, err := errand.Check(context.Background(), optionsIn(dir), nil)
	return rig.Results(t, r, err)
}

func start(t testing.TB, dir string) *daemon {
	t.Helper()
	return startWith(t, dir, func(*Agent) {})
}

// startWith lets the agent be changed before it runs.
func startWith(t testing.TB, dir string, change func(*Agent)) *daemon {
	t.Helper()
	d := &daemon{
		t: t, dir: dir, alerts: make(chan alert.Message, 100_000), news: make(chan alert.Message, 100_000), reload: make(chan struct{}, 1),
		ready: make(chan struct{}, 100), ended: make(chan error, 1),
	}
	o := Options{Options: optionsIn(dir)}
	o.Reload = d.reload
	o.OnAlert = func(m alert.Message) {
		if !counts(&m) || m.Code == alert.CodeStarted || m.Code == alert.CodeStopped {
			d.news <- m
			return
		}
		d.alerts <- m
	}
	o.Ready = func() { d.ready <- struct{}{} }
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	a.itself = nil // most tests change the configuration, and are not about that
	change(a)
	d.agent = a
	ctx, cancel := context.WithCancel(context.Background())
	d.stop = cancel
	go func() { d.ended <- a.Run(ctx) }()
	t.Cleanup(d.end)
	d.awaitReady()
	return d
}

func (d *daemon) awaitReady() {
	d.t.Helper()
	select {
	case <-d.ready:
	case err := <-d.ended:
		d.t.Fatalf("the agent ended: %v", err)
	case <-time.After(patience):
		d.t.Fatal("the agent is not ready")
	}
}

// end stops the agent once.
func (d *daemon) end() {
	d.stop()
	select {
	case err, open := <-d.ended:
		if open && err != nil {
			d.t.Errorf("Run: %v", err)
		}
	case <-time.After(patience):
		d.t.Fatal("the agent does not stop")
	}
	d.ended = make(chan error)
	close(d.ended)
}

func (d *daemon) file(name string) string { return filepath.Join(d.dir, name) }

// want waits for an alert and gives it; others before it are an error.
func (d *daemon) want(event finding.Event, rule string) alert.Message {
	d.t.Helper()
	m := d.next()
	if m.Event != event || m.Rule != rule {
		d.t.Fatalf("alert %s %s (%s), want %s %s", m.Event, m.Rule, m.Text, event, rule)
	}
	return m
}

// next waits for the next alert.
func (d *daemon) next() alert.Message {
	d.t.Helper()
	select {
	case m := <-d.alerts:
		return m
	case <-time.After(patience):
		d.t.Fatal("no alert came")
	}
	return alert.Message{}
}

func (d *daemon) status() *api.Report {
	d.t.Helper()
	r, err := api.Dial(d.file("run/stigwatch.sock")).Status(context.Background())
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *daemon) result(rule string) string {
	d.t.Helper()
	for _, r := range d.status().Results {
		if r.Rule == rule {
			return r.Result
		}
	}
	d.t.Fatalf("no result of %s", rule)
	return ""
}

func TestChangeBecomesAlertAndStatus(t *testing.T) {
	d := start(t, rig.New(t, "compliant"))
	if got := d.result("V-250989"); got != "pass" {
		t.Fatal(got)
	}
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	m := d.want(finding.Opened, "V-250989")
	if m.File != "/mi/config-system/startup_config/identityconfig.xml" || m.Line == 0 || m.Actual != "8" || m.Expected != ">= 15" {
		t.Errorf("%+v", m)
	}
	rig.Edit(t, d.file(rig.Identity), ">8<", ">9<")
	d.want(finding.Changed, "V-250989")
	rig.Edit(t, d.file(rig.Identity), ">9<", ">15<")
	d.want(finding.Resolved, "V-250989")
	if err := os.Remove(d.file(rig.Identity)); err != nil {
		t.Fatal(err)
	}
	if m := d.next(); m.Event != finding.Lost {
		t.Errorf("%+v", m)
	}
}

func TestACompliantApplianceHasNoConditionAndNoAlert(t *testing.T) {
	d := start(t, rig.New(t, "compliant"))
	if c := d.status().Agent.Conditions; len(c) != 0 {
		t.Errorf("%+v", c)
	}
	select {
	case m := <-d.alerts:
		t.Errorf("%+v", m)
	default:
	}
}

func TestFirstPassAlertsEachOpenFindingOnce(t *testing.T) {
	d := start(t, rig.New(t, "factory"))
	fails := d.status().Summary.Fail
	seen := map[string]int{}
	for range fails {
		m := d.next()
		seen[m.Rule]++
		if m.Event != finding.Opened || seen[m.Rule] > 1 {
			t.Errorf("%+v", m)
		}
	}
	if len(d.alerts) > 0 {
		t.Errorf("%d alerts more", len(d.alerts))
	}
}

func TestChangeWhileDownIsToldAtStart(t *testing.T) {
	dir := rig.New(t, "compliant")
	start(t, dir).end()
	rig.Edit(t, filepath.Join(dir, rig.Identity), ">15<", ">8<")
	d := start(t, dir)
	m := d.want(finding.Opened, "V-250989")
	d.end()
	d = start(t, dir)
	rig.Edit(t, d.file(rig.Identity), ">8<", ">15<")
	if next := d.want(finding.Resolved, "V-250989"); next.Seq <= m.Seq {
		t.Errorf("sequence number %d after %d", next.Seq, m.Seq)
	}
}

func TestReloadKeepsOldConfigurationOnError(t *testing.T) {
	d := start(t, rig.New(t, "compliant"))
	site := d.file("stigwatch/site.yaml")
	rig.Edit(t, site, "max_ssh_sessions: 5", "max_ssh_sessions: 50\nno_such_key: 1")
	d.reload <- struct{}{}
	d.awaitReady()
	r := d.status()
	if !strings.Contains(r.Agent.Config.Error, "max_ssh_sessions") || !strings.Contains(r.Agent.Config.Error, "no_such_key") {
		t.Errorf("status says %q", r.Agent.Config.Error)
	}
	if got := d.result("V-250982"); got != "pass" {
		t.Errorf("V-250982 is %s", got)
	}
	rig.Edit(t, site, "max_ssh_sessions: 50\nno_such_key: 1", "max_ssh_sessions: 3")
	d.reload <- struct{}{}
	d.awaitReady()
	if e := d.status().Agent.Config.Error; e != "" {
		t.Errorf("status still says %q", e)
	}
	if got := d.result("V-250982"); got != "fail" {
		t.Errorf("V-250982 is %s under the new site profile", got)
	}
}

func TestConfigurationDigestCoversTheMappings(t *testing.T) {
	d := start(t, rig.New(t, "compliant"))
	before := d.status().Agent.Config.Digest
	rig.Put(t, d.file("stigwatch/mapping.d/30-more.yaml"), "facts: []\n")
	d.reload <- struct{}{}
	d.awaitReady()
	if after := d.status().Agent.Config; after.Digest == before {
		t.Errorf("the same digest with another mapping: %+v", after)
	}
}

func TestIncludedFolderMayAppearLater(t *testing.T) {
	d := start(t, rig.New(t, "compliant"))
	folder := d.file("root/etc/rsyslog.d")
	if err := os.Rename(folder, folder+".away"); err != nil {
		t.Fatal(err)
	}
	for range 10 { // the ten rules of syslog are one predicate
		if m := d.next(); m.Event != finding.Opened {
			t.Errorf("%+v", m)
		}
	}
	if err := os.Rename(folder+".away", folder); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if m := d.next(); m.Event != finding.Resolved {
			t.Errorf("%+v", m)
		}
	}
}

// A writer that truncates and then writes must never be judged in between.
func TestRewritesInPlaceGiveNoFalseVerdict(t *testing.T) {
	d := start(t, rig.New(t, "compliant"))
	file := d.file(rig.Identity)
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		text := strings.Replace(string(good), ">32<", fmt.Sprintf(">%d<", 32+i%9), 1)
		if err := inPieces(file, text, 1+i%5); err != nil {
			t.Fatal(err)
		}
	}
	rig.Put(t, file, strings.Replace(string(good), ">15<", ">8<", 1))
	d.want(finding.Opened, "V-250989") // and nothing before it
}

// inPieces writes a file anew in place, in so many writes.
func inPieces(file, text string, pieces int) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	size := len(text)/pieces + 1
	for len(text) > 0 {
		n := min(size, len(text))
		if _, err := f.WriteString(text[:n]); err != nil {
			return err
		}
		text = text[n:]
	}
	return f.Close()
}

func TestAfterAStormTheVerdictsAreThoseOfAFreshCheck(t *testing.T) {
	d := start(t, rig.New(t, "compliant"))
	file := d.file(rig.Identity)
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3000 {
		rig.Put(t, file, strings.Replace(string(good), ">15<", fmt.Sprintf(">%d<", 8+i%9), 1))
	}
	rig.Edit(t, file, "<special>true</special>", "<special>false</special>")
	deadline := time.After(patience)
	for open := false; !open; {
		select {
		case m := <-d.alerts:
			open = m.Rule == "V-250993" && m.Event == finding.Opened
		case <-deadline:
			t.Fatal("the last change was never told")
		}
	}
	fresh := check(t, d.dir)
	for _, r := range d.status().Results {
		if r.Result != fresh[r.Rule].Result || r.Reason != fresh[r.Rule].Reason {
			t.Errorf("%s: the agent says %s (%s), a fresh check %s (%s)", r.Rule, r.Result, r.Reason, fresh[r.Rule].Result, fresh[r.Rule].Reason)
		}
	}
}

func TestEvidenceFolderMayComeLater(t *testing.T) {
	dir := rig.New(t, "compliant")
	evidence := filepath.Join(dir, "stigwatch/evidence")
	if err := os.Rename(evidence, evidence+".away"); err != nil {
		t.Fatal(err)
	}
	rig.Edit(t, filepath.Join(evidence+".away", "show-fips.txt"), "enabled", "disabled")
	d := start(t, dir)
	if err := os.Rename(evidence+".away", evidence); err != nil {
		t.Fatal(err)
	}
	d.want(finding.Opened, "V-250995")
}
