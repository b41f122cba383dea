package agent

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/enforcer"
)

// enforcerFor runs the enforcer of an appliance at its socket, until the test ends.
func enforcerFor(t testing.TB, dir string, eo enforcer.Options) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- enforcer.Run(ctx, optionsIn(dir), eo, nil, 0, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// until reads messages up to one that fits, and gives it.
func until(t testing.TB, told <-chan alert.Message, fits func(m alert.Message) bool) alert.Message {
	t.Helper()
	var seen bytes.Buffer
	deadline := time.After(30 * time.Second)
	for {
		select {
		case m := <-told:
			seen.WriteString(m.Text + "\n")
			if fits(m) {
				return m
			}
		case <-deadline:
			t.Fatalf("nothing fits in\n%s", seen.String())
		}
	}
}

func code(want string) func(alert.Message) bool {
	return func(m alert.Message) bool { return m.Code == want }
}

// daemonIn runs the agent of an appliance until the test ends, and gives what it
// tells.
func daemonIn(t testing.TB, dir string) (*Agent, <-chan alert.Message) {
	t.Helper()
	told := make(chan alert.Message, 10_000)
	o := Options{Options: optionsIn(dir)}
	ready := make(chan struct{})
	o.Ready = func() { close(ready) }
	o.OnAlert = func(m alert.Message) { told <- m }
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	<-ready
	return a, told
}

// atRest waits until the loop has done all that it was given.
func atRest(t testing.TB, a *Agent) {
	t.Helper()
	if _, err := inLoop(context.Background(), a, func(*loop) (struct{}, error) { return struct{}{}, nil }); err != nil {
		t.Fatal(err)
	}
}

func TestEnforceModePutsADriftRight(t *testing.T) {
	dir := rig.New(t, "compliant")
	rig.Configure(t, dir, "\nenforce:\n  rules: {V-250999: enforce}\n")
	good := rig.Read(t, dir, "/etc/chrony.conf")
	enforcerFor(t, dir, enforcer.Options{})
	a, told := daemonIn(t, dir)
	until(t, told, code("enforce-mode"))
	rig.Edit(t, filepath.Join(dir, "root/etc/chrony.conf"), "server 192.0.2.123 iburst\n", "")
	until(t, told, func(m alert.Message) bool { return m.Rule == "V-250999" && m.Event == "opened" })
	var m alert.Message
	for resolved := false; !resolved || m.Code == ""; { // the watch tells of the two files in any order
		next := until(t, told, func(m alert.Message) bool { return m.Code == "applied" || m.Event == "resolved" })
		if resolved = resolved || next.Rule == "V-250999"; next.Code != "" {
			m = next
		}
	}
	if !strings.Contains(m.Text, "/etc/chrony.conf by itself, for V-250999") {
		t.Error(m.Text)
	}
	now := rig.Read(t, dir, "/etc/chrony.conf")
	if !strings.Contains(now, "server 192.0.2.123 iburst\n") || len(now) != len(good) {
		t.Errorf("%s", now)
	}
	atRest(t, a) // a report follows what is told
	e := a.Report().Agent.Enforcement
	if len(e.Rules) != 1 || e.Rules[0].Plan == "" || e.Rules[0].Mode != "enforce" || len(e.Plans) != 1 {
		t.Errorf("%+v", e)
	}
	for _, r := range a.Report().Results {
		if r.Rule == "V-250999" && !strings.Contains(r.Remark, "written by stigwatch, not yet seen in use: chrony.servers") {
			t.Errorf("%s: %s", r.Result, r.Remark)
		}
	}
}

func TestWhatAPersonTookBackIsNotWrittenAgain(t *testing.T) {
	dir := rig.New(t, "compliant")
	rig.Configure(t, dir, "\nenforce:\n  rules: {V-250999: enforce, V-251000: enforce}\n")
	enforcerFor(t, dir, enforcer.Options{})
	a, told := daemonIn(t, dir)
	chrony := filepath.Join(dir, "root/etc/chrony.conf")
	rig.Edit(t, chrony, "server 192.0.2.123 iburst\n", "")
	bad := rig.Read(t, dir, "/etc/chrony.conf")
	until(t, told, code("applied"))
	h, err := enforcer.TakeHand(t.Context(), optionsIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := h.Undo(t.Context(), a.Report().Agent.Enforcement.Plans[0].ID); err != nil {
		t.Fatal(err)
	}
	until(t, told, code("enforce-stopped"))
	rig.Edit(t, filepath.Join(dir, "root/etc/snmp/snmpd.conf"), "rouser watch priv", "rouser watch noauth")
	until(t, told, func(m alert.Message) bool { return m.Code == "applied" && strings.Contains(m.Text, "V-251000") })
	if got := rig.Read(t, dir, "/etc/chrony.conf"); got != bad {
		t.Errorf("it was written again:\n%s", got)
	}
	got, err := h.Apply(t.Context(), &api.ApplyRequest{Rules: []string{"V-250999"}})
	if err != nil || len(got.Applied) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	until(t, told, func(m alert.Message) bool { return m.Code == "applied" && strings.Contains(m.Text, "V-250999") })
	rig.Edit(t, chrony, "server 192.0.2.123 iburst\n", "")
	until(t, told, func(m alert.Message) bool {
		return m.Code == "applied" && strings.Contains(m.Text, "by itself, for V-250999")
	})
}
