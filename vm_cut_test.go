package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/journal"
)

// cuts is how often the power goes.
const cuts = 5

// life is one of a machine, from its start to the cut.
type life struct {
	n       int
	heard   []received // when it had settled
	flips   int        // before the cut
	lost    int        // blocks of the disk
	left    []received // what the receiver had at the cut
	started time.Time
	boot    time.Duration
}

// say waits until the machine says something.
func (r *running) say(pattern string) []string {
	r.m.b.Helper()
	form := regexp.MustCompile(pattern)
	for end := time.Now().Add(longestBoot); ; time.Sleep(20 * time.Millisecond) {
		if found := form.FindStringSubmatch(r.console.String()); found != nil {
			return found
		}
		select {
		case <-r.ended:
			r.m.b.Fatalf("the machine ended and did not say %q:\n%s", pattern, r.console)
		default:
		}
		if time.Now().After(end) {
			r.m.b.Fatalf("the machine did not say %q:\n%s", pattern, r.console)
		}
	}
}

// live boots a machine, lets it change files and cuts its power at a moment of
// its own.
func (m *machine) live(n int, disk *forgetful, in *stream) (life, journal.Key) {
	m.b.Helper()
	_, port, err := net.SplitHostPort(in.address)
	if err != nil {
		m.b.Fatal(err)
	}
	last := "no"
	if n == cuts {
		last = "yes"
	}
	l := life{n: n, started: time.Now()}
	r := m.boot(disk.address, fmt.Sprintf("rig.life=%d rig.port=%s rig.last=%s", n, port, last), "-nic", "user,model=virtio-net-pci")
	var key journal.Key
	if n == 0 {
		if key, err = journal.ParseKey(r.say(`(?m)^([0-9a-f]{64})\r*$`)[1]); err != nil {
			m.b.Fatal(err)
		}
	}
	r.say("rig: settled")
	l.boot, l.heard = time.Since(l.started), in.all()
	if n == cuts {
		r.await(m.b.Context())
		return l, key
	}
	r.say(fmt.Sprintf(`rig: flip %d\b`, 3+rand.N(20)))
	pause(m.b.Context(), rand.N(100*time.Millisecond)) // not always after the same step
	r.cut()
	l.flips, l.left = strings.Count(r.console.String(), "rig: flip "), in.all()
	if l.lost, err = disk.cut(); err != nil {
		m.b.Fatal(err)
	}
	return l, key
}

func TestNothingThatWasRecordedIsLostWhenThePowerIsCut(t *testing.T) {
	m := newMachine(t, "cut")
	in := listenStream(t, "tcp", time.Second, nil)
	in.calm.Store(true)
	disk := newForgetful(t, m.disk, m.path("disk.sock"))
	var lives []life
	var key journal.Key
	for n := range cuts + 1 {
		l, k := m.live(n, disk, in)
		if n == 0 {
			key = k
		}
		lives = append(lives, l)
		t.Logf("life %d: settled %v after power-on; %d changes, cut with %d blocks of the disk's cache lost, %d messages received", n, l.boot.Round(100*time.Millisecond), l.flips, l.lost, len(l.left))
	}
	out := m.out()
	final := readReport(t, out+"/end/check.json")
	m.run("debugfs", "-R", fmt.Sprintf("rdump /state %q", m.dir), m.disk)
	told := readJournal(t, m.path("state"), key)
	checkInbox(t, &in.inbox, told, final)
	checkJournal(t, told, []*inbox{&in.inbox})
	whole := entriesOf(t, m.path("state"))
	for n, l := range lives {
		dir := fmt.Sprintf("%s/life-%d", out, n)
		l.settled(t, dir)
		if n > 0 {
			l.found(t, dir, key, told, whole, lives[n-1])
		}
	}
	if n := told.life; n != cuts+1 {
		t.Errorf("the journal has %d starts, and there were %d", n, cuts+1)
	}
}

// settled holds what the daemon judges after its start against a fresh check.
func (l *life) settled(t *testing.T, dir string) {
	t.Helper()
	status, fresh := readReport(t, dir+"/status.json"), readReport(t, dir+"/check.json")
	is := map[string]string{}
	for _, r := range fresh.Results {
		is[r.Rule] = r.Result
	}
	if len(is) != 58 || len(status.Results) != 58 {
		t.Fatalf("life %d: %d and %d results", l.n, len(is), len(status.Results))
	}
	for _, r := range status.Results {
		if r.Result != is[r.Rule] {
			t.Errorf("life %d: %s is %s, and %s by a fresh check", l.n, r.Rule, r.Result, is[r.Rule])
		}
	}
	for _, c := range status.Agent.Conditions {
		if strings.HasPrefix(c.Code, "journal-") && c.Code != "journal-key" {
			t.Errorf("life %d: %s: %s", l.n, c.Code, c.Message)
		}
	}
}

// found holds the journal that a cut left against what the receiver knew of it,
// and against the last one.
func (l *life) found(t *testing.T, dir string, key journal.Key, told *story, whole map[uint64]journal.Sealed, before life) {
	t.Helper()
	if said, err := os.ReadFile(dir + "/verify"); err != nil || !strings.Contains(string(said), "entries hold") {
		t.Errorf("life %d: journal verify: %s %v", l.n, said, err)
	}
	left := readJournal(t, dir+"/found", key)
	last := uint64(0)
	for n, e := range entriesOf(t, dir+"/found") {
		last = max(last, n)
		if whole[n].Hash != e.Hash {
			t.Errorf("life %d: entry %d is another one in the end", l.n, n)
		}
	}
	recorded := map[uint64]bool{}
	for _, a := range told.alerts {
		recorded[a.seq] = true
	}
	unrecorded, heads := map[string]received{}, 0
	for _, m := range before.left {
		if n, hash, ok := strings.Cut(m.head, ":"); ok { // which says what is on disk
			heads++
			if e := whole[number(t, n)]; e.Hash.String() != hash || number(t, n) > last {
				t.Errorf("life %d: a heartbeat told that entry %s is on disk, and it is gone or another one", l.n, m.head)
			}
		}
	}
	for _, m := range l.heard { // with what was on its way when the power went
		if m.rule != "" && !recorded[m.seq] {
			unrecorded[m.rule] = m
		}
	}
	t.Logf("life %d: the cut left %d alerts in the journal; the receiver had alerts about %d rules that were never recorded, and %d heads", l.n, len(left.alerts), len(unrecorded), heads)
	l.believed(t, dir, unrecorded)
}

// believed holds what the receiver takes each rule for when the daemon has
// settled again against what is. It may be wrong only where the journal had not
// got what was told, nor the kernel the note of it.
func (l *life) believed(t *testing.T, dir string, unrecorded map[string]received) {
	t.Helper()
	last, wrong := map[string]received{}, 0
	for _, m := range l.heard {
		if m.seq >= last[m.rule].seq {
			last[m.rule] = m
		}
	}
	for _, r := range readReport(t, dir+"/check.json").Results {
		m, known := last[r.Rule]
		if known && m.result == r.Result || !known && r.Result != "fail" {
			continue
		}
		wrong++
		if u, lost := unrecorded[r.Rule]; !lost || u.seq != m.seq {
			t.Errorf("life %d: the receiver takes %s for %q by %d, and it is %s", l.n, r.Rule, m.result, m.seq, r.Result)
		}
	}
	if wrong > 0 {
		t.Logf("life %d: of %d rules the receiver had heard what the cut undid, and nobody knows any more", l.n, wrong)
	}
}

func readReport(t *testing.T, path string) *api.Report {
	t.Helper()
	rep := &api.Report{}
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, rep)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return rep
}

// entriesOf gives the entries of a journal by their numbers.
func entriesOf(t *testing.T, dir string) map[uint64]journal.Sealed {
	t.Helper()
	out := map[uint64]journal.Sealed{}
	err := journal.ReadFile(dir, 0, func(journal.Extent) error { return nil }, func(s journal.Sealed) error {
		e, err := s.Entry()
		out[e.N] = s
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func number(t *testing.T, text string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
