package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"stigwatch/agent/alert"
	"stigwatch/agent/journal"
)

// deed is what somebody did in the machine, as the one who did it noted it.
type deed struct {
	phase, what, by string
	pid             int
	terminal        string
}

// programs are the executables behind the deeds, and what they call themselves
// where that is another name: a script has that of its file.
var programs = map[string]string{
	"sed": "/usr/bin/sed", "cd": "/usr/bin/sed", "mv": "/usr/bin/mv", "perl": "/usr/bin/perl", "undo": "/usr/bin/cp",
	"remove": "/usr/bin/rm", "dpkg": "/usr/bin/dpkg", "echo": "/usr/bin/dash (echo)",
}

// who is what is to be told of a deed.
func (d deed) who() alert.Who {
	w := alert.Who{Source: "audit", User: "root", PID: d.pid, Command: programs[d.what], Terminal: d.terminal}
	if d.by != "by_nobody" {
		w.Login = "admin"
	}
	if d.by == "by_ssh" {
		w.Remote = "127.0.0.1"
	}
	if d.phase == "packages" {
		w.Package = "rig-ntp 1.2-3"
	}
	return w
}

func readDeeds(t *testing.T, path string) map[string][]deed {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]deed{}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line) // phase, deed, actor, process, terminal or "not a tty"
		d := deed{phase: f[0], what: f[1], by: f[2]}
		if d.pid, err = strconv.Atoi(f[3]); err != nil {
			t.Fatal(err)
		}
		d.terminal, _ = strings.CutPrefix(f[4], "/dev/")
		if d.terminal == "not" {
			d.terminal = ""
		}
		out[d.phase] = append(out[d.phase], d)
	}
	return out
}

// blamed is what alerts and the journal said of the deeds of a phase, in order.
type blamedFor struct {
	alert alert.Who
	later []alert.Who // in the journal, of the same alert
}

func readPhase(t *testing.T, dir string) []blamedFor {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "alerts"))
	if err != nil {
		t.Fatal(err)
	}
	later := whoEntries(t, filepath.Join(dir, "state"))
	var out []blamedFor
	for line := range strings.Lines(string(b)) {
		var m alert.Message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		if m.Rule != "V-250989" && m.Rule != "V-250999" || m.Previous == "" {
			continue
		}
		said := blamedFor{later: later[m.Seq]}
		if m.Who != nil {
			said.alert = *m.Who
		}
		out = append(out, said)
	}
	return out
}

// whoEntries are those of a journal, by the number of the alert.
func whoEntries(t *testing.T, dir string) map[uint64][]alert.Who {
	t.Helper()
	out := map[uint64][]alert.Who{}
	err := journal.ReadFile(dir, 0, func(journal.Extent) error { return nil }, func(s journal.Sealed) error {
		e, err := s.Entry()
		if err != nil || e.Kind != journal.Who {
			return err
		}
		var body struct {
			Alert uint64    `json:"alert"`
			Who   alert.Who `json:"who"`
		}
		err = json.Unmarshal(e.Body, &body)
		out[body.Alert] = append(out[body.Alert], body.Who)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWhoChangedAFileByARealAuditd(t *testing.T) {
	m := newMachine(t, "audit")
	m.boot("", "").await(t.Context())
	out := m.out()
	if n, _ := os.ReadFile(filepath.Join(out, "rules")); strings.TrimSpace(string(n)) != "18" {
		t.Errorf("auditd took %q of our rules", n)
	}
	deeds := readDeeds(t, filepath.Join(out, "deeds"))
	if len(deeds) != 6 {
		t.Fatalf("there are %d phases", len(deeds))
	}
	for phase, did := range deeds {
		t.Run(phase, func(t *testing.T) {
			said := readPhase(t, filepath.Join(out, phase))
			if len(said) != len(did) {
				t.Fatalf("%d alerts of %d deeds", len(said), len(did))
			}
			for i, d := range did {
				d.judge(t, said[i])
			}
		})
	}
	sayTheSame(t, out)
}

// judge holds what was said of a deed against what it was.
func (d deed) judge(t *testing.T, said blamedFor) {
	t.Helper()
	want, nobody := d.who(), alert.Who{}
	name := d.what + " " + d.by
	var last alert.Who
	if len(said.later) > 0 {
		last = said.later[len(said.later)-1]
	}
	switch d.phase {
	case "none":
		if said.alert != nobody || last != nobody {
			t.Errorf("%s: audit had no rules, and it is told %+v %+v", name, said.alert, last)
		}
	case "audit", "packages":
		if diff := gocmp.Diff(want, said.alert); diff != "" {
			t.Errorf("%s: alert: %s", name, diff)
		}
	case "later", "both":
		if diff := gocmp.Diff(want, last); diff != "" {
			t.Errorf("%s: journal: %s", name, diff)
		}
	}
	if d.phase == "fanotify" || d.phase == "both" {
		d.heard(t, name, said.alert)
	}
}

// heard holds what fanotify said against the deed. The process is known for certain;
// of the rest there is what could be asked before it was gone, and nothing wrong:
// of one that is ending the kernel still knows what it calls itself, without the
// program.
func (d deed) heard(t *testing.T, name string, got alert.Who) {
	t.Helper()
	want := d.who()
	want.Source, want.Remote = "fanotify", got.Remote // audit's, when it knows by then
	calls := filepath.Base(want.Command)
	if d.what == "echo" { // a script
		calls = "echo"
	}
	if got.Command == "" || got.Command == calls {
		t.Logf("%s: the process was ending: %+v", name, got)
		want.Command = got.Command
	}
	for _, f := range []struct{ want, got *string }{{&want.Login, &got.Login}, {&want.User, &got.User}, {&want.Terminal, &got.Terminal}} {
		if *f.got == "" {
			*f.want = ""
		}
	}
	if got.Remote != "" && got.Remote != d.who().Remote {
		t.Errorf("%s: from %s", name, got.Remote)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s: fanotify: %s", name, diff)
	}
}

// sayTheSame holds the lines that rsyslog got, in CEF, against the sink that is a
// file: the same alerts with the same names.
func sayTheSame(t *testing.T, out string) {
	t.Helper()
	syslog, err := os.ReadFile(filepath.Join(out, "syslog"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, phase := range []string{"audit", "packages"} {
		b, err := os.ReadFile(filepath.Join(out, phase, "alerts"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			var m alert.Message
			if json.Unmarshal([]byte(line), &m) != nil || m.Who == nil {
				continue
			}
			n++
			mine := ""
			for line := range strings.Lines(string(syslog)) {
				if strings.Contains(line, m.ID) && strings.Contains(line, fmt.Sprintf("=%d ", m.Who.PID)) {
					mine = line
				}
			}
			if mine == "" || !strings.Contains(mine, m.Who.Command) || m.Who.Login != "" && !strings.Contains(mine, "suser="+m.Who.Login) {
				t.Errorf("rsyslog has no line with %+v of alert %d: %q", *m.Who, m.Seq, mine)
			}
		}
	}
	if n == 0 {
		t.Error("no alert named anybody")
	}
}
