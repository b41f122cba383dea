package agent

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/alert"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
)

func TestEachSinkGetsHeartbeatsAtItsOwnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		h := &heartbeats{}
		h.retime([]alert.Config{
			{Name: "never"}, {Name: "two", Heartbeat: "2m"}, {Name: "three", Heartbeat: "3m"},
		}, begin)
		defer h.stop()
		var got []string
		for range 6 {
			<-h.tick()
			got = append(got, time.Since(begin).String()+" "+strings.Join(h.due(time.Now()), "+"))
		}
		want := []string{"0s two+three", "2m0s two", "3m0s three", "4m0s two", "6m0s two+three", "8m0s two"}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

// A suspended machine makes up for nothing, and keeps the beat.
func TestMissedHeartbeatsAreNotMadeUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		h := &heartbeats{}
		h.retime([]alert.Config{{Name: "a", Heartbeat: "1m"}}, begin)
		defer h.stop()
		<-h.tick()
		h.due(time.Now())
		time.Sleep(10*time.Minute + 30*time.Second)
		<-h.tick()
		h.due(time.Now())
		<-h.tick()
		if got := time.Since(begin); got != 11*time.Minute {
			t.Errorf("the next one after %s", got)
		}
	})
}

func TestNoSinkNoHeartbeat(t *testing.T) {
	h := &heartbeats{}
	if h.retime([]alert.Config{{Name: "a"}}, time.Now()); h.tick() != nil {
		t.Error("a timer runs")
	}
}

// withSinks gives an appliance whose alerts go to files, by name, with what is
// said of each.
func withSinks(t *testing.T, name string, sinks map[string]string) string {
	t.Helper()
	dir := rig.New(t, name)
	conf := "\nsinks:\n"
	for sink, more := range sinks {
		conf += "  - {name: " + sink + ", type: file, path: " + filepath.Join(dir, sink+".json") + more + "}\n"
	}
	add(t, filepath.Join(dir, "stigwatch/stigwatch.yaml"), conf)
	return dir
}

// received reads what a sink wrote.
func received(t *testing.T, dir, sink string) []alert.Message {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, sink+".json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []alert.Message
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var m alert.Message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

func (d *daemon) wantNews(event finding.Event, code string) alert.Message {
	d.t.Helper()
	select {
	case m := <-d.news:
		if m.Event != event || m.Code != code {
			d.t.Fatalf("news %s %s (%s), want %s %s", m.Event, m.Code, m.Text, event, code)
		}
		return m
	case <-time.After(patience):
		d.t.Fatalf("no news of %s %s", event, code)
	}
	return alert.Message{}
}

func TestHeartbeatGoesOnlyWhereItIsWantedAndInOrder(t *testing.T) {
	dir := withSinks(t, "drifted", map[string]string{"beating": ", heartbeat: 1s", "quiet": ""})
	d := start(t, dir)
	first := d.wantNews(finding.Heartbeat, "")
	second := d.wantNews(finding.Heartbeat, "")
	d.end()
	for name, want := range map[string]uint64{"fail": 16, "openHigh": first.Counters["openHigh"], "alerts": 16, "lost": 0, "error": 0} {
		if got, there := first.Counters[name]; !there || got != want {
			t.Errorf("%s is %d (there: %v), want %d", name, got, there, want)
		}
	}
	if !strings.HasPrefix(first.Text, "stigwatch alive: 16 open (") || first.Host == "" || first.Rule != "" {
		t.Errorf("%+v", first)
	}
	if n, hash, ok := strings.Cut(second.Head, ":"); !ok || n == "0" || len(hash) != 64 || !strings.Contains(second.Text, n+":"+hash[:12]+"…") {
		t.Errorf("head %q in %q", second.Head, second.Text)
	}
	beating, quiet := received(t, dir, "beating"), received(t, dir, "quiet")
	if !slices.IsSortedFunc(beating, func(a, b alert.Message) int { return int(a.Seq) - int(b.Seq) }) {
		t.Error("out of order")
	}
	if beating[16].Event != finding.Heartbeat || beating[16].Seq != first.Seq || beating[17].Seq != second.Seq {
		t.Errorf("%+v", beating[15:])
	}
	beats := func(m alert.Message) bool { return m.Event == finding.Heartbeat }
	if slices.ContainsFunc(quiet, beats) || len(quiet) != 17 {
		t.Errorf("%d messages, a heartbeat among them: %v", len(quiet), slices.ContainsFunc(quiet, beats))
	}
}

// What waited for a sink that was away while the agent was started anew still
// comes in order.
func TestHeartbeatsOutliveARestart(t *testing.T) {
	dir := withSinks(t, "compliant", map[string]string{"a": ", heartbeat: 1h"})
	if err := os.Mkdir(filepath.Join(dir, "a.json"), 0o755); err != nil {
		t.Fatal(err)
	}
	d := start(t, dir)
	one := d.wantNews(finding.Heartbeat, "")
	d.end()
	stop := d.wantNews(finding.Agent, alert.CodeStopped)
	if err := os.Remove(filepath.Join(dir, "a.json")); err != nil {
		t.Fatal(err)
	}
	d = start(t, dir)
	again := d.wantNews(finding.Agent, alert.CodeStarted)
	two := d.wantNews(finding.Heartbeat, "")
	d.end()
	last := d.wantNews(finding.Agent, alert.CodeStopped)
	var got []string
	for _, m := range received(t, dir, "a") {
		got = append(got, m.ID)
	}
	if d := cmp.Diff([]string{one.ID, stop.ID, again.ID, two.ID, last.ID}, got); d != "" {
		t.Error(d)
	}
}
