package agent

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
)

// collector is a TCP receiver that keeps what it got.
type collector struct {
	addr string
	mu   sync.Mutex // guards text
	text []byte
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{addr: l.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { _, _ = io.Copy(c, conn) })
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() }) // the agent has closed its connections by then
	return c
}

func (c *collector) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = append(c.text, b...)
	return len(b), nil
}

// got is one message as a receiver has it.
type got struct {
	seq uint64
	id  string
}

var inFrame = regexp.MustCompile(`\bid="([0-9a-f]+)".*?\bseq="(\d+)"`)

func (c *collector) got() (out []got) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range inFrame.FindAllSubmatch(c.text, -1) {
		seq, _ := strconv.ParseUint(string(m[2]), 10, 64)
		out = append(out, got{seq, string(m[1])})
	}
	return out
}

// reconfigure writes another configuration of sinks, one a line, and has it loaded.
func (d *daemon) reconfigure(base string, sinks ...string) {
	d.t.Helper()
	rig.Put(d.t, d.file("stigwatch/stigwatch.yaml"), base+sinksOf(sinks))
	d.reload <- struct{}{}
	d.awaitReady()
}

func sinksOf(sinks []string) string {
	text := "\nsinks:\n"
	for _, s := range sinks {
		text += "  - {" + s + "}\n"
	}
	return text
}

// sinking is a little appliance with these sinks, and its configuration without
// them.
func sinking(t *testing.T, sinks func(dir string) []string) (dir, base string) {
	t.Helper()
	dir = rig.New(t, "compliant")
	path := filepath.Join(dir, "stigwatch/stigwatch.yaml")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	add(t, path, sinksOf(sinks(dir)))
	return dir, string(b)
}

// stream changes one setting again and again until stop is closed, and gives what
// was told of that. Each change leaves a token, where there is room.
func (d *daemon) stream(stop <-chan struct{}, each chan<- struct{}) (told []got) {
	text := []string{">15<", ">8<"}
	for i := 0; ; i++ {
		select {
		case <-stop:
			return told
		default:
		}
		rig.Edit(d.t, d.file(rig.Identity), text[i%2], text[1-i%2])
		m := d.next()
		told = append(told, got{m.Seq, m.ID})
		select {
		case each <- struct{}{}:
		default:
		}
	}
}

// inOrder leaves out what came again; a number that comes for the first time after
// a higher one, or with two ids, is an error.
func inOrder(t *testing.T, name string, list []got) (first []got, again int) {
	t.Helper()
	ids := map[uint64]string{}
	for _, g := range list {
		id, known := ids[g.seq]
		switch {
		case known && id != g.id:
			t.Errorf("%s: number %d has ids %s and %s", name, g.seq, id, g.id)
		case known:
			again++
			continue
		case len(first) > 0 && g.seq < first[len(first)-1].seq:
			t.Errorf("%s: %d came after %d", name, g.seq, first[len(first)-1].seq)
		}
		ids[g.seq] = g.id
		first = append(first, g)
	}
	return first, again
}

func gotFrom(messages []alert.Message) (out []got) {
	for _, m := range messages {
		if m.Rule != "" {
			out = append(out, got{m.Seq, m.ID})
		}
	}
	return out
}

// until does something and waits until a receiver has more than before.
func (d *daemon) until(each <-chan struct{}, has func() int, do func()) {
	d.t.Helper()
	was := has()
	do()
	for deadline := time.After(patience); has() == was; {
		select {
		case <-each:
		case <-deadline:
			d.t.Fatal("nothing comes any more")
		}
	}
}

func TestSinksChangeUnderAStreamOfChangesAndNothingIsLost(t *testing.T) {
	a, b := newCollector(t), newCollector(t)
	var keep, late, file string
	dir, base := sinking(t, func(dir string) []string {
		keep = "name: keep, type: file, path: " + filepath.Join(dir, "keep.json")
		late = "name: late, type: file, path: " + filepath.Join(dir, "late.json")
		file = "name: siem, type: file, path: " + filepath.Join(dir, "siem.json")
		return []string{keep, siemAt(a)}
	})
	d := start(t, dir)
	kept := d.agent.sinks()[0].outlet
	stop, each, told := make(chan struct{}), make(chan struct{}, 1), make(chan []got)
	go func() { told <- d.stream(stop, each) }()
	inFile := func() int {
		info, err := os.Stat(filepath.Join(dir, "siem.json"))
		if err != nil {
			return 0
		}
		return int(info.Size())
	}
	inA, inB := func() int { return len(a.got()) }, func() int { return len(b.got()) }
	for range 2 {
		d.until(each, inB, func() { d.reconfigure(base, keep, siemAt(b)) })
		d.reconfigure(base, siemAt(b), keep+", heartbeat: 1h", late)
		d.until(each, inB, func() { d.reconfigure(base, keep, siemAt(b)+", damp: {changes: 1000, within: 1s}", late) })
		d.until(each, inFile, func() { d.reconfigure(base, keep, file, late) })
		d.reconfigure(base, keep, file+", max_size_mb: 20", late)
		d.until(each, inA, func() { d.reconfigure(base, keep, siemAt(a), late) })
	}
	if d.agent.sinks()[0].outlet != kept {
		t.Error("a sink that did not change was opened anew")
	}
	d.reconfigure(base, keep, siemAt(a))
	close(stop)
	all := <-told
	if s := d.status().Agent.Sinks; len(s) != 2 || s[0].Name != "keep" || s[1].Name != "siem" {
		t.Errorf("status has %+v", s)
	}
	d.end()
	siem := slices.Concat(a.got(), b.got(), gotFrom(received(t, dir, "siem")))
	for name, list := range map[string][]got{"a": a.got(), "b": b.got(), "file": gotFrom(received(t, dir, "siem"))} {
		if first, _ := inOrder(t, name, list); len(first) == 0 {
			t.Errorf("%s got nothing: the test does not try what it should", name)
		}
	}
	for _, g := range all {
		if !slices.Contains(siem, g) {
			t.Errorf("siem did not get number %d with its id", g.seq)
		}
	}
	first, again := inOrder(t, "keep", gotFrom(received(t, dir, "keep")))
	if again > 0 || !slices.Equal(first, all) {
		t.Errorf("keep got %d of %d, %d again", len(first), len(all), again)
	}
}

func siemAt(c *collector) string {
	return "name: siem, type: syslog, address: \"tcp://" + c.addr + "\""
}

func TestANewSinkGetsWhatComesFromNowOnAndARemovedOneIsForgotten(t *testing.T) {
	var keep, late string
	dir, base := sinking(t, func(dir string) []string {
		keep = "name: keep, type: file, path: " + filepath.Join(dir, "keep.json")
		late = "name: late, heartbeat: 1h, type: file, path: " + filepath.Join(dir, "late.json")
		return []string{keep}
	})
	d := start(t, dir)
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	d.want(finding.Opened, "V-250989")
	d.reconfigure(base, keep, late)
	if m := d.wantNews(finding.Heartbeat, ""); !slices.Equal(m.Sinks, []string{"late"}) {
		t.Errorf("a heartbeat for %v", m.Sinks)
	}
	rig.Edit(t, d.file(rig.Identity), ">8<", ">15<")
	two := d.want(finding.Resolved, "V-250989")
	d.reconfigure(base, keep)
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	d.want(finding.Opened, "V-250989")
	d.end()
	if list := gotFrom(received(t, dir, "late")); len(list) != 1 || list[0].seq != two.Seq {
		t.Errorf("it got %v, want number %d alone", list, two.Seq)
	}
	d = start(t, dir)
	d.reconfigure(base, keep, late)
	rig.Edit(t, d.file(rig.Identity), ">8<", ">15<")
	four := d.want(finding.Resolved, "V-250989")
	d.end()
	if list := gotFrom(received(t, dir, "late")); len(list) != 2 || list[1].seq != four.Seq {
		t.Errorf("it got %v, want number %d besides", list, four.Seq)
	}
}

func TestWhatARemovedSinkDidNotSendIsRecordedAndWaitsForNobody(t *testing.T) {
	var away, keep string
	dir, base := sinking(t, func(dir string) []string {
		keep = "name: keep, type: file, path: " + filepath.Join(dir, "keep.json")
		away = "name: away, type: file, path: " + filepath.Join(dir, "no/such/folder.json")
		return []string{keep, away}
	})
	d := start(t, dir)
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	d.want(finding.Opened, "V-250989")
	d.reconfigure(base, keep)
	for d.agent.store.Waiting("away", 0) > 0 { // its last second is not over
		d.status()
	}
	d.end()
	var dropped string
	err := journal.ReadFile(dir+"/state", 0, func(journal.Extent) error { return nil }, func(s journal.Sealed) error {
		e, err := s.Entry()
		if e.Kind == journal.Dropped {
			dropped += string(e.Body)
		}
		return err
	})
	if err != nil || !strings.Contains(dropped, `"sink":"away"`) || !strings.Contains(dropped, `"alerts":1}`) {
		t.Errorf("recorded %q, %v", dropped, err)
	}
}

func TestASinkThatIsRemovedAndComesBackAtOnceGoesOnWhereItWas(t *testing.T) {
	a := newCollector(t)
	var away, keep string
	dir, base := sinking(t, func(dir string) []string {
		keep = "name: keep, type: file, path: " + filepath.Join(dir, "keep.json")
		away = "name: siem, type: file, path: " + filepath.Join(dir, "no/such/folder.json")
		return []string{keep, away}
	})
	d := start(t, dir)
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	one := d.want(finding.Opened, "V-250989")
	d.reconfigure(base, keep)
	d.reconfigure(base, keep, siemAt(a))
	rig.Edit(t, d.file(rig.Identity), ">8<", ">15<")
	two := d.want(finding.Resolved, "V-250989")
	d.end()
	first, _ := inOrder(t, "siem", a.got())
	if len(first) < 2 || first[0] != (got{one.Seq, one.ID}) || first[1] != (got{two.Seq, two.ID}) {
		t.Errorf("it got %v, want %d and %d", first, one.Seq, two.Seq)
	}
}

// stalled is a sink that takes nothing until it has to end, and is closed after that.
type stalled struct{ closed chan struct{} }

func (s *stalled) Send(ctx context.Context, _ []*alert.Message) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func (s *stalled) Close() error { close(s.closed); return nil }

// after takes everything, and nothing before the other one is closed.
type after struct {
	t     *testing.T
	other *stalled
	first chan uint64
}

func (s *after) Send(_ context.Context, batch []*alert.Message) (int, error) {
	select {
	case <-s.other.closed:
	default:
		s.t.Error("it sends while the one before does")
	}
	select {
	case s.first <- batch[0].Seq:
	default:
	}
	return len(batch), nil
}

func (s *after) Close() error { return nil }

func TestASinkThatComesBackWaitsForTheEndOfTheOneThatWasRemoved(t *testing.T) {
	dir, base := sinking(t, func(string) []string { return []string{"name: siem, type: stdout"} })
	old := &stalled{make(chan struct{})}
	next := &after{t, old, make(chan uint64, 1)}
	d := startWith(t, dir, func(a *Agent) {
		opened := []alert.Sink{old, next}
		a.newSink = func(alert.Options) (alert.Sink, error) {
			s := opened[0]
			opened = opened[1:]
			return s, nil
		}
	})
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	m := d.want(finding.Opened, "V-250989")
	rig.Put(t, d.file("stigwatch/stigwatch.yaml"), base)
	d.reload <- struct{}{}
	d.awaitReady()
	d.reconfigure(base, "name: siem, type: stdout")
	if seq := <-next.first; seq != m.Seq {
		t.Errorf("it got number %d first, want %d", seq, m.Seq)
	}
}

func TestAReloadWithASinkThatCannotBeOpenedChangesNothing(t *testing.T) {
	a := newCollector(t)
	dir, base := sinking(t, func(string) []string { return []string{siemAt(a)} })
	d := startWith(t, dir, func(a *Agent) {
		a.newSink = func(o alert.Options) (alert.Sink, error) {
			if o.Name == "odd" {
				return nil, errors.New("it is not there")
			}
			return alert.New(o)
		}
	})
	d.reconfigure(base, siemAt(newCollector(t)), "name: odd, type: stdout")
	r := d.status()
	if !strings.Contains(r.Agent.Config.Error, `"odd"`) || len(r.Agent.Sinks) != 1 {
		t.Errorf("status says %q of sinks %+v", r.Agent.Config.Error, r.Agent.Sinks)
	}
	refused := d.next()
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	m := d.want(finding.Opened, "V-250989")
	d.end()
	if first, _ := inOrder(t, "siem", a.got()); !slices.Equal(first[:2], []got{{refused.Seq, refused.ID}, {m.Seq, m.ID}}) {
		t.Errorf("the sink that was there got %v", first)
	}
}

func TestOnlyARestartChangesWhereTheStateIs(t *testing.T) {
	d := start(t, rig.New(t, "compliant"))
	d.agent.o.Over.RuntimeDir = t.TempDir()
	d.reload <- struct{}{}
	d.awaitReady()
	if text := d.status().Agent.Config.Error; !strings.Contains(text, "restart") {
		t.Errorf("status says %q", text)
	}
}

func TestAReloadChangesWhoIsAsked(t *testing.T) {
	dir, log := asking(t, "sources: []")
	d := start(t, dir)
	audited(t, log, d.file(rig.Identity))
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	if m := d.want(finding.Opened, "V-250989"); m.Who != nil {
		t.Errorf("%+v, and nobody was to be asked", m.Who)
	}
	rig.Edit(t, d.file("stigwatch/stigwatch.yaml"), "sources: []", "sources: [audit], wait: 1s")
	d.reload <- struct{}{}
	d.awaitReady()
	audited(t, log, d.file(rig.Identity))
	rig.Edit(t, d.file(rig.Identity), ">8<", ">15<")
	if m := d.want(finding.Resolved, "V-250989"); m.Who == nil || m.Who.Source != "audit" {
		t.Errorf("%+v", m.Who)
	}
}
