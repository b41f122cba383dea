package units

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/units/rig"
)

const rsyslog = "rsyslog.service"

func busOf(t *testing.T, socket string) *Bus {
	t.Helper()
	b := New(Options{Socket: socket, Timeout: 20 * time.Second}) // on a busy machine
	t.Cleanup(b.Close)
	return b
}

func TestEachUnitIsAnsweredInOrder(t *testing.T) {
	s := rig.New(t)
	s.Put(rsyslog, "active", "running", 0)
	s.Put("chronyd.service", "inactive", "dead", 17)
	got := busOf(t, s.Socket).Ask(t.Context(), []string{"chronyd.service", "iptables.service", rsyslog})
	want := []Answer{
		{Unit: "chronyd.service", State: State{Load: "loaded", Active: "inactive", Sub: "dead", Job: 17}},
		{Unit: "iptables.service", State: State{Load: NotFound, Active: "inactive", Sub: "dead"}},
		{Unit: rsyslog, State: State{Load: "loaded", Active: "active", Sub: "running"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestOnlyUnitsThatWereAskedForAreToldOf(t *testing.T) {
	s := rig.New(t)
	b := busOf(t, s.Socket)
	b.Ask(t.Context(), []string{rsyslog})
	if !s.Subscribed() {
		t.Error("systemd was not told that somebody listens")
	}
	for range 5 {
		s.Put("other.service", "inactive", "dead", 0)
	}
	b.Ask(t.Context(), []string{rsyslog}) // the bus keeps the order: what was told has come by now
	if len(b.changed) > 0 {
		t.Error("another unit was told of")
	}
	for range 5 {
		s.Put(rsyslog, "failed", "failed", 0)
	}
	b.Ask(t.Context(), []string{rsyslog})
	<-b.Changed()
	if len(b.changed) > 0 {
		t.Error("one note was not enough")
	}
	if len(b.watched) != 1 {
		t.Errorf("watched: %v", b.watched)
	}
}

func TestNonsenseIsNoState(t *testing.T) {
	s := rig.New(t)
	b := busOf(t, s.Socket)
	good := map[string]any{"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "Job": uint32(0)}
	for what, c := range map[string]struct {
		key   string
		value any
	}{
		"a number for a word":  {"ActiveState", 7},
		"an empty word":        {"LoadState", ""},
		"a word with a line":   {"SubState", "dead\nActiveState=active"},
		"a word without end":   {"ActiveState", strings.Repeat("a", 33)},
		"capitals":             {"ActiveState", "Active"},
		"a job that is a word": {"Job", "none"},
		"a job of words":       {"Job", struct{ A, B string }{"1", "2"}},
		"a job of three":       {"Job", struct{ A, B, C uint32 }{1, 2, 3}},
		"nothing":              {"ActiveState", nil},
	} {
		t.Run(what, func(t *testing.T) {
			bad := map[string]any{}
			for k, v := range good {
				if k != c.key {
					bad[k] = v
				} else if c.value != nil {
					bad[k] = c.value
				}
			}
			s.Set(rsyslog, bad)
			a := b.Ask(t.Context(), []string{rsyslog})[0]
			if a.Err == nil || a.State != (State{}) || !strings.Contains(a.Err.Error(), c.key) {
				t.Errorf("%+v", a)
			}
		})
	}
	s.Set(rsyslog, good)
	if a := b.Ask(t.Context(), []string{rsyslog})[0]; a.Err != nil {
		t.Errorf("after nonsense a good answer is no good: %v", a.Err)
	}
}

func TestNamesThatAreNoneAreNotAsked(t *testing.T) {
	s := rig.New(t)
	for _, name := range []string{"", "rsyslog", ".service", "rsyslog.", "../a.service", "a b.service", strings.Repeat("a", 255) + ".service"} {
		if a := busOf(t, s.Socket).Ask(t.Context(), []string{name})[0]; a.Err == nil || !strings.Contains(a.Err.Error(), "is no name of a unit") {
			t.Errorf("%q: %v", name, a.Err)
		}
	}
	if n := len(s.Asked); n != 0 {
		t.Errorf("systemd was asked %d times", n)
	}
}

func TestASystemdThatHangsCostsTheTimeLimitOnce(t *testing.T) {
	s := rig.New(t)
	s.Put(rsyslog, "active", "running", 0)
	b := busOf(t, s.Socket)
	b.o.Timeout = 300 * time.Millisecond
	s.Hang(true)
	t.Cleanup(func() { s.Hang(false) })
	start := time.Now()
	for _, a := range b.Ask(t.Context(), []string{"chronyd.service", rsyslog, "iptables.service"}) {
		if a.Err == nil || !strings.Contains(a.Err.Error(), "no answer in time") {
			t.Errorf("%s: %v", a.Unit, a.Err)
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	s.Hang(false)
	b.o.Timeout = 20 * time.Second
	if a := b.Ask(t.Context(), []string{rsyslog})[0]; a.Err != nil {
		t.Errorf("once it answers again: %v", a.Err)
	}
}

func TestWithoutABusThereIsAReason(t *testing.T) {
	a := busOf(t, filepath.Join(t.TempDir(), "none")).Ask(t.Context(), []string{rsyslog})[0]
	if !errors.Is(a.Err, errNoBus) || a.Unit != rsyslog {
		t.Errorf("%v", a.Err)
	}
}

func TestABusWithoutSystemdIsAReason(t *testing.T) {
	if a := busOf(t, rig.Bus(t)).Ask(t.Context(), []string{rsyslog})[0]; a.Err == nil || !strings.Contains(a.Err.Error(), "org.freedesktop.systemd1") {
		t.Errorf("%v", a.Err)
	}
}

// Whatever sits at the socket, Ask ends in time with an error.
func TestWhatIsNoBusIsAReason(t *testing.T) {
	for what, serve := range map[string]func(net.Conn){
		"silence":  func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		"the end":  func(c net.Conn) {},
		"nonsense": func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 200 OK\r\n\r\n")); _, _ = io.Copy(io.Discard, c) },
		"a bus that greets and goes": func(c net.Conn) {
			_, _ = c.Write([]byte("REJECTED EXTERNAL\r\nOK 00\r\n"))
			_, _ = io.ReadFull(c, make([]byte, 40))
		},
		"a bus that greets and raves": func(c net.Conn) {
			_, _ = c.Write([]byte("REJECTED EXTERNAL\r\nOK 00\r\n" + strings.Repeat("l\x02\x00\x01\xff\xff\xff\xff", 500)))
			_, _ = io.Copy(io.Discard, c)
		},
	} {
		t.Run(what, func(t *testing.T) {
			b := busOf(t, socketOf(t, serve))
			b.o.Timeout = 300 * time.Millisecond
			if a := b.Ask(t.Context(), []string{rsyslog})[0]; a.Err == nil {
				t.Errorf("%+v", a)
			}
		})
	}
}

func socketOf(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { serve(c); _ = c.Close() }()
		}
	}()
	return socket
}

func TestABrokenConnectionIsMadeAnewAndTellsAgain(t *testing.T) {
	s := rig.New(t)
	s.Put(rsyslog, "active", "running", 0)
	b := busOf(t, s.Socket)
	b.Ask(t.Context(), []string{rsyslog})
	_ = b.conn.Close()
	if a := b.Ask(t.Context(), []string{rsyslog})[0]; a.Err != nil {
		t.Fatal(a.Err)
	}
	if len(b.changed) > 0 {
		t.Error("that the connection broke was told as a change")
	}
	s.Put(rsyslog, "inactive", "dead", 0)
	<-b.Changed()
}

func TestWhoGoesAwayIsNotKept(t *testing.T) {
	s := rig.New(t)
	s.Hang(true)
	t.Cleanup(func() { s.Hang(false) })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if a := busOf(t, s.Socket).Ask(ctx, []string{rsyslog})[0]; !errors.Is(a.Err, context.Canceled) {
		t.Errorf("%v", a.Err)
	}
}
