package agent

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
	"stigwatch/agent/selfwatch"
)

// machine is a little machine with an installed agent, around a little appliance.
type machine struct {
	t   *testing.T
	dir string // of the appliance, its configuration, and the agent's state
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t, rig.New(t, "compliant")}
	for name, text := range map[string]string{
		"/usr/bin/stigwatch":                        "the binary, first version",
		"/usr/lib/systemd/system/stigwatch.service": "[Service]\nUser=stigwatch\n",
		"/etc/passwd":                               "root:x:0:0:root:/root:/bin/bash\nstigwatch:x:990:991::/var/lib/stigwatch:/usr/sbin/nologin\nalice:x:1000:1000::/home/alice:/bin/bash\n",
		"/etc/group":                                "root:x:0:\nstigwatch:x:991:\nalice:x:1000:\n",
	} {
		m.put(name, text)
	}
	if err := os.Symlink("usr/lib", m.at("/lib")); err != nil {
		t.Fatal(err)
	}
	link := m.at("/etc/systemd/system/multi-user.target.wants/stigwatch.service")
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/usr/lib/systemd/system/stigwatch.service", link); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *machine) at(name string) string { return filepath.Join(m.dir, name) }

func (m *machine) put(name, text string) {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(m.at(name)), 0o755); err != nil {
		m.t.Fatal(err)
	}
	rig.Put(m.t, m.at(name), text)
}

// start runs an agent of a version, and waits until it has looked at itself.
func (m *machine) start(version string) *daemon {
	m.t.Helper()
	d := startWith(m.t, m.dir, func(a *Agent) {
		o := selfwatch.Here(version)
		o.Root, o.Binary, o.Running = m.dir, "/usr/bin/stigwatch", "/run/running"
		a.itself = &o
	})
	d.awaitLook()
	return d
}

// running takes what stands at the binary's place for the one that runs.
func (m *machine) running() {
	m.t.Helper()
	if err := os.MkdirAll(m.at("/run"), 0o755); err != nil {
		m.t.Fatal(err)
	}
	_ = os.Remove(m.at("/run/running"))
	if err := os.Link(m.at("/usr/bin/stigwatch"), m.at("/run/running")); err != nil {
		m.t.Fatal(err)
	}
}

// awaitLook waits until a look is done and no other is due.
func (d *daemon) awaitLook() {
	d.t.Helper()
	done := make(chan bool, 1)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		d.agent.requests <- func(l *loop) { done <- l.itself.looked && !l.itself.busy }
		if <-done {
			return
		}
	}
	d.t.Fatal("it does not look at itself")
}

// condition gives the conditions with a code.
func (d *daemon) conditions(code string) []api.Condition {
	d.t.Helper()
	return slices.DeleteFunc(d.status().Agent.Conditions, func(c api.Condition) bool { return c.Code != code })
}

// own gives the journal's entries about what the agent consists of.
func (d *daemon) own() []itselfBody {
	d.t.Helper()
	var out []itselfBody
	done := make(chan bool)
	d.agent.requests <- func(*loop) { close(done) } // what was told is put by then
	<-done
	if err := d.agent.store.journal.Flush(); err != nil {
		d.t.Fatal(err)
	}
	err := d.agent.store.journal.Walk(0, func(journal.Extent) error { return nil }, func(s journal.Sealed) error {
		e, err := s.Entry()
		if err != nil || e.Kind != journal.Self {
			return err
		}
		var b itselfBody
		out = append(out, b)
		return json.Unmarshal(e.Body, &out[len(out)-1])
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// wantOwn waits for an alert about the agent itself.
func (d *daemon) wantOwn(file, words string) alert.Message {
	d.t.Helper()
	m := d.want(finding.Agent, "")
	if m.Code != codeItself || m.File != file || !strings.Contains(m.Text, words) {
		d.t.Fatalf("%+v\nwant one about %s that says %q", m, file, words)
	}
	for _, b := range d.own() {
		if b.File == file && strings.Contains(b.Text, words) {
			return m
		}
	}
	d.t.Fatalf("the journal has %+v", d.own())
	return m
}

func TestEachChangeOfItselfIsToldAndRecorded(t *testing.T) {
	m := newMachine(t)
	m.running()
	d := m.start("1")
	for _, c := range []struct {
		what       string
		change     func()
		file, says string
		severity   finding.Severity
	}{
		{"a drop-in comes", func() {
			m.put("/etc/systemd/system/stigwatch.service.d/x.conf", "[Service]\nEnvironment=TOKEN=abc\nNoNewPrivileges=no\n")
		},
			"/etc/systemd/system/stigwatch.service.d/x.conf", "a drop-in of its own unit was put there", finding.Medium},
		{"a drop-in changes", func() { m.put("/etc/systemd/system/stigwatch.service.d/x.conf", "[Service]\nUser=root\n") },
			"/etc/systemd/system/stigwatch.service.d/x.conf", "it sets User=root; no more Environment=…, NoNewPrivileges=no", finding.Medium},
		{"the unit changes", func() { m.put("/usr/lib/systemd/system/stigwatch.service", "[Service]\nUser=root\n") },
			"/usr/lib/systemd/system/stigwatch.service", "its own unit was changed", finding.Medium},
		{"another unit is put before it", func() { m.put("/etc/systemd/system/stigwatch.service", "[Service]\n") },
			"/etc/systemd/system/stigwatch.service", "its own unit was put there", finding.Medium},
		{"the enforcer comes", func() { m.put("/usr/lib/systemd/system/stigwatch-enforcer.socket", "[Socket]\n") },
			"/usr/lib/systemd/system/stigwatch-enforcer.socket", "the enforcer's unit was put there", finding.Medium},
		{"it is disabled", func() { _ = os.Remove(m.at("/etc/systemd/system/multi-user.target.wants/stigwatch.service")) },
			"/etc/systemd/system/multi-user.target.wants/stigwatch.service", "it is not started at boot any more", finding.Medium},
		{"somebody joins the group", func() { m.put("/etc/group", "root:x:0:\nstigwatch:x:991:alice\nalice:x:1000:\n") },
			"/etc/group", "somebody was added to the group stigwatch, who may ask it now: alice", finding.Medium},
		{"the user gets a shell", func() {
			rig.Edit(t, m.at("/etc/passwd"), "/usr/sbin/nologin", "/bin/bash")
		}, "/etc/passwd", "the user stigwatch was changed: shell /usr/sbin/nologin → shell /bin/bash", finding.Medium},
		{"the binary may be written by all", func() { _ = os.Chmod(m.at("/usr/bin/stigwatch"), 0o777) },
			"/usr/bin/stigwatch", "(0644 ", finding.Medium},
		{"the binary is replaced", func() { m.put("/usr/bin/stigwatch", "the binary, another") },
			"/usr/bin/stigwatch", "it goes on as the old one until restarted", finding.Medium},
		{"the configuration changes", func() {
			rig.Edit(t, d.file("stigwatch/site.yaml"), "max_ssh_sessions: 5", "max_ssh_sessions: 6")
		}, d.file("stigwatch/site.yaml"), "that is not loaded: stigwatch reload", ""},
	} {
		c.change()
		got := d.wantOwn(c.file, c.says)
		if got.Severity != c.severity {
			t.Errorf("%s: severity %q", c.what, got.Severity)
		}
		if strings.Contains(got.Text, "abc") {
			t.Errorf("%s: a secret is told: %s", c.what, got.Text)
		}
	}
	d.awaitLook()
	if len(d.alerts) > 0 {
		t.Errorf("there is one more: %+v", <-d.alerts)
	}
	if c := d.conditions(codeReplaced); len(c) != 1 || c[0].File != "/usr/bin/stigwatch" {
		t.Errorf("%+v", c)
	}
}

func TestConfigurationThatIsNotLoadedStandsUntilItIs(t *testing.T) {
	m := newMachine(t)
	m.running()
	d := m.start("1")
	site, more := d.file("stigwatch/site.yaml"), d.file("stigwatch/mapping.d/90-more.yaml")
	rig.Edit(t, site, "max_ssh_sessions: 5", "max_ssh_sessions: 50")
	d.wantOwn(site, "not loaded")
	rig.Put(t, more, "facts: []\n")
	d.wantOwn(more, "not loaded")
	d.awaitLook()
	if c := d.conditions(codeNotLoaded); len(c) != 2 || c[0].File != more || c[1].File != site {
		t.Errorf("%+v", c)
	}
	d.reload <- struct{}{} // 50 is refused
	d.awaitReady()
	d.want(finding.Agent, "")
	d.awaitLook()
	if c := d.conditions(codeNotLoaded); len(c) != 2 {
		t.Errorf("after a refused reload: %+v", c)
	}
	rig.Edit(t, site, "max_ssh_sessions: 50", "max_ssh_sessions: 5 # again")
	d.wantOwn(site, "not loaded")
	d.reload <- struct{}{}
	d.awaitReady()
	for _, when := range []string{"at once", "after the next look"} {
		if c := d.conditions(codeNotLoaded); len(c) != 0 {
			t.Errorf("%s after the reload: %+v", when, c)
		}
		d.awaitLook()
	}
	if err := os.Remove(more); err != nil {
		t.Fatal(err)
	}
	d.wantOwn(more, "its configuration was removed")
	d.awaitLook()
	if c := d.conditions(codeNotLoaded); len(c) != 1 || c[0].File != more {
		t.Errorf("%+v", c)
	}
	rig.Put(t, more, "facts: []\n") // it is again what was loaded
	if m := d.wantOwn(more, "put there"); strings.Contains(m.Text, "not loaded") {
		t.Errorf("%+v", m)
	}
	d.awaitLook()
	if c := d.conditions(codeNotLoaded); len(c) != 0 {
		t.Errorf("%+v", c)
	}
}

func TestWhatChangedOfItselfWhileItWasDownIsToldOnce(t *testing.T) {
	m := newMachine(t)
	m.running()
	m.start("1").end()
	m.put("/etc/systemd/system/stigwatch.service.d/x.conf", "[Service]\nMemoryMax=1M\n")
	m.put("/etc/group", "stigwatch:x:991:alice\n")
	m.put("/usr/bin/stigwatch", "the binary, another")
	m.running()
	d := m.start("1")
	d.wantOwn("/usr/bin/stigwatch", "while it was down: its own binary was replaced")
	d.wantOwn("/etc/systemd/system/stigwatch.service.d/x.conf", "it sets MemoryMax=1M")
	d.wantOwn("/etc/group", "alice")
	if c := d.conditions(codeReplaced); len(c) != 0 {
		t.Errorf("%+v", c)
	}
	d.end()
	d = m.start("1")
	if len(d.alerts) > 0 {
		t.Errorf("it is told again: %+v", <-d.alerts)
	}
}

func TestAnotherVersionIsToldInOneAlert(t *testing.T) {
	m := newMachine(t)
	m.running()
	m.start("1.0").end()
	m.put("/usr/bin/stigwatch", "the binary, another")
	m.put("/usr/lib/systemd/system/stigwatch.service", "[Service]\nUser=stigwatch\nUMask=0027\n")
	m.put("/etc/group", "stigwatch:x:991:alice\n")
	m.running()
	d := m.start("1.1")
	got := d.wantOwn("/usr/bin/stigwatch", "with version 1.1, after 1.0: its own binary was replaced")
	if !strings.Contains(got.Text, "its own unit was changed") || got.Severity != "" {
		t.Errorf("%+v", got)
	}
	d.wantOwn("/etc/group", "alice") // no package does that
	d.end()
	d = m.start("1.2") // nothing came with it, or it was told already
	if len(d.alerts) > 0 {
		t.Errorf("there is one more: %+v", <-d.alerts)
	}
}

func TestAChangeOfItselfSaysWhoMadeIt(t *testing.T) {
	m := newMachine(t)
	m.running()
	rig.Configure(t, m.dir, "\nwho: {sources: [fanotify]}\n")
	d := m.start("1")
	if len(d.agent.blame.finder.Sources()) == 0 {
		t.Skip("fanotify needs CAP_SYS_ADMIN")
	}
	m.put("/etc/group", "stigwatch:x:991:alice\n")
	got := d.wantOwn("/etc/group", "; by ")
	if got.Who == nil || got.Who.PID != os.Getpid() {
		t.Errorf("%+v", got.Who)
	}
}

func TestTheFirstLookTellsNothing(t *testing.T) {
	m := newMachine(t)
	m.running()
	d := m.start("1")
	if len(d.alerts)+len(d.status().Agent.Conditions) > 0 {
		t.Errorf("%d alerts, %+v", len(d.alerts), d.status().Agent.Conditions)
	}
}

func TestManyChangesOfItselfAreFewAlerts(t *testing.T) {
	m := newMachine(t)
	m.running()
	m.start("1").end()
	for i := range 30 {
		m.put("/etc/systemd/system/stigwatch.service.d/"+string(rune('a'+i%26))+string(rune('a'+i/26))+".conf", "[Service]\n")
	}
	d := m.start("1")
	if n := len(d.alerts); n != maxOwn+1 {
		t.Errorf("%d alerts", n)
	}
	if n := len(d.own()); n != 31 {
		t.Errorf("%d entries", n)
	}
}
