package agent

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
	"stigwatch/agent/history"
	"stigwatch/agent/journal"
)

// asking is the little appliance with a block who in its configuration, and the
// file that a test writes an audit log to.
func asking(t *testing.T, block string) (dir, log string) {
	t.Helper()
	dir = rig.New(t, "compliant")
	log = filepath.Join(t.TempDir(), "audit.log")
	path := filepath.Join(dir, "stigwatch", "stigwatch.yaml")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b = fmt.Appendf(b, "\nwho: {%s, audit_log: %q}\n", block, log)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, log
}

func audited(t *testing.T, log, file string) {
	t.Helper()
	now := time.Now()
	serial := fmt.Sprintf("%d.%03d:287", now.Unix(), now.UnixMilli()%1000)
	text := fmt.Sprintf("type=USER_LOGIN msg=audit(%[1]s0): pid=1 uid=0 auid=4242 ses=3 msg='op=login id=4242 exe=\"/usr/sbin/sshd\" hostname=192.0.2.7 addr=192.0.2.7 terminal=ssh res=success'\n"+
		"type=SYSCALL msg=audit(%[1]s): arch=c000003e syscall=257 success=yes exit=3 items=1 ppid=1 pid=7 auid=4242 uid=4243 tty=pts0 ses=3 comm=\"vi\" exe=\"/usr/bin/vi\" key=\"stigwatch\"\n"+
		"type=PATH msg=audit(%[1]s): item=0 name=%[2]q nametype=NORMAL\n"+
		"type=PROCTITLE msg=audit(%[1]s): proctitle=7669002D6500736563726574\n", serial, file)
	f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

var editor = &alert.Who{
	Source: "audit", Login: "4242", User: "4243", PID: 7, Command: "/usr/bin/vi", Terminal: "pts/0", Remote: "192.0.2.7",
}

// entries gives the journal's about who changed a file.
func (d *daemon) whoEntries() []whoBody {
	d.t.Helper()
	var out []whoBody
	err := d.agent.store.journal.Walk(0, func(journal.Extent) error { return nil }, func(s journal.Sealed) error {
		e, err := s.Entry()
		if err != nil || e.Kind != journal.Who {
			return err
		}
		var b whoBody
		out = append(out, b)
		return json.Unmarshal(e.Body, &out[len(out)-1])
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

func TestAnAlertSaysWhoWroteTheFile(t *testing.T) {
	dir, _ := asking(t, "sources: [fanotify]")
	d := start(t, dir)
	if len(d.agent.blame.finder.Sources()) == 0 {
		t.Skip("fanotify needs CAP_SYS_ADMIN")
	}
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	m := d.want(finding.Opened, "V-250989")
	if m.Who == nil || m.Who.Source != "fanotify" || m.Who.PID != os.Getpid() || !strings.Contains(m.Who.Command, "agent.test") {
		t.Fatalf("%+v", m.Who)
	}
	d.awaitWho(func(b whoBody) bool { return b.Alert == m.Seq && *b.By == *m.Who })
}

// awaitWho waits until the journal has such an entry.
func (d *daemon) awaitWho(is func(whoBody) bool) whoBody {
	d.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		for _, b := range d.whoEntries() {
			if is(b) {
				return b
			}
		}
	}
	d.t.Fatalf("the journal has %+v", d.whoEntries())
	return whoBody{}
}

func TestWhatTheAuditLogSaysLaterIsRecorded(t *testing.T) {
	dir, log := asking(t, "sources: [audit]")
	if err := os.WriteFile(log, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := start(t, dir)
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	m := d.want(finding.Opened, "V-250989")
	if m.Who != nil {
		t.Errorf("the alert says %+v before it can be known", m.Who)
	}
	audited(t, log, d.file(rig.Identity))
	b := d.awaitWho(func(b whoBody) bool { return b.Alert == m.Seq })
	if *b.By != *editor || b.Rule != m.Rule || b.Text != "4242 as 4243 with /usr/bin/vi on pts/0 from 192.0.2.7 (audit)" || !strings.HasSuffix(b.File, "identityconfig.xml") {
		t.Errorf("%+v", b)
	}
}

func TestAnAlertIsHeldForTheAuditLog(t *testing.T) {
	dir, log := asking(t, "sources: [audit], wait: 1s, arguments: true")
	d := start(t, dir)
	audited(t, log, d.file(rig.Identity)) // the agent has not read it when the change comes
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	m := d.want(finding.Opened, "V-250989")
	want := *editor
	want.Command = "vi -e secret"
	if m.Who == nil || *m.Who != want {
		t.Errorf("%+v", m.Who)
	}
}

func TestNobodyIsNamedWhenNobodyIsKnown(t *testing.T) {
	for name, block := range map[string]string{"none": "sources: []", "no log": "sources: [audit], wait: 1s", "silent": "sources: [audit], wait: 10ms"} {
		t.Run(name, func(t *testing.T) {
			dir, log := asking(t, block)
			if name == "silent" {
				audited(t, log, "/another/file")
			}
			d := start(t, dir)
			rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
			if m := d.want(finding.Opened, "V-250989"); m.Who != nil {
				t.Errorf("%+v", m.Who)
			}
		})
	}
}

func TestHistoryShowsWhoItWas(t *testing.T) {
	m := &alert.Message{Seq: 7, Rule: "V-250989"}
	r := whoRecord(time.Now(), m, "/etc/x", editor)
	body, err := json.Marshal(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	f := history.New(time.Time{}, time.Now().Add(time.Hour), "V-250989")
	if err := f.Add(journal.Entry{N: 1, At: r.At, Kind: r.Kind, Body: body}); err != nil {
		t.Fatal(err)
	}
	h := f.History()
	if len(h.Changes) != 1 || h.Changes[0].What != "who" || h.Changes[0].Text != "/etc/x: 4242 as 4243 with /usr/bin/vi on pts/0 from 192.0.2.7 (audit)" {
		t.Errorf("%+v", h.Changes)
	}
}

func TestTheChangedFileIsTheOneThatTheEventNamed(t *testing.T) {
	item := func(files ...string) (out []finding.Item) {
		for _, f := range files {
			out = append(out, finding.Item{File: f})
		}
		return out
	}
	c := &finding.Change{Result: finding.Result{Evidence: item("/a", "/b")}, Was: finding.Result{Evidence: item("/gone")}}
	for _, tt := range []struct {
		paths       []string
		shown, want string
	}{
		{[]string{"/a", "/b"}, "/b", "/b"},
		{[]string{"/b", "/x"}, "/a", "/b"},
		{[]string{"/gone", "/x"}, "/a", "/gone"},
		{[]string{"/x"}, "/a", "/x"},
		{[]string{"/x", "/y"}, "/a", ""},
		{[]string{"/d", "/y"}, "/d/one.conf", "/d/one.conf"},
	} {
		if got := changedFile(tt.paths, tt.shown, c); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.paths, got, tt.want)
		}
	}
}
