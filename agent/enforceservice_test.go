package agent

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"stigwatch/agent/api"
	"stigwatch/agent/enforce"
	"stigwatch/agent/enforcer"
	bus "stigwatch/agent/units/rig"
)

// script writes a program and gives its path.
func script(t *testing.T, text string) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "program")
	if err == nil {
		_, err = f.WriteString("#!/bin/sh\n" + text + "\n")
	}
	if err == nil {
		err = f.Chmod(0o755)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// takenBack applies, and holds that to be taken back for a reason, to be told once,
// and in clean text.
func (h *house) takenBack(step, why string) api.Job {
	h.t.Helper()
	h.spoil()
	got, err := h.apply()
	if err != nil || got.Failed == "" || len(got.Applied) != 1 {
		h.t.Fatalf("%+v, %v", got, err)
	}
	j := got.Applied[0]
	if j.State != api.JobRestored || !strings.HasPrefix(j.Why, step+": ") || !strings.Contains(j.Why, why) {
		h.t.Errorf("%s: %s", j.State, j.Why)
	}
	h.new = map[string]string{issueFile: "-", chronyFile: "-"}
	h.whole(step)
	h.nothingBeside(step)
	m := h.until(about("apply-taken-back", j.ID))
	if strings.ContainsFunc(m.Text, unicode.IsControl) || !strings.Contains(m.Text, step+": ") {
		h.t.Errorf("told is %q", m.Text)
	}
	h.toldOnce()
	return j
}

func TestAProgramThatDoesNotAcceptAFileHasAllTakenBack(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no answer within": "sleep 100",
		"exit status 1":    "exit 1",
		"signal: killed":   "kill -9 $$",
		"exit status 3":    `printf '\033[31mbad\007\000\377\r\n'; printf '\033]0;x\007' >&2; yes garbage | head -c 100000; exit 3`,
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			p := enforce.Program{Name: "chronyd", File: script(t, text), Args: []string{enforce.Candidate}, Main: chronyFile}
			h := newHouse(t, "", enforcer.Options{Programs: []enforce.Program{p}, CheckTimeout: patience / 20})
			h.takenBack("check", name)
		})
	}
}

// A unit that goes down on the new file is brought up with the old one.
func TestAUnitThatFailsHasAllTakenBackAndRunsAgain(t *testing.T) {
	t.Parallel()
	s := bus.New(t)
	s.Put("chronyd.service", "active", "running", 0)
	h := newHouse(t, "", enforcer.Options{Bus: s.Socket, Services: true})
	s.WhenTaken(func(method, unit string) {
		active, sub := "active", "running"
		if now, _ := os.ReadFile(h.file("root" + chronyFile)); string(now) != h.old[chronyFile] {
			active, sub = "failed", "failed"
		}
		s.Put(unit, active, sub, 0)
	})
	h.takenBack("reload", "cannot restart chronyd.service: it went down: it is failed")
	if want := []string{"TryRestartUnit chronyd.service", "RestartUnit chronyd.service"}; !slices.Equal(s.Taken(), want) {
		t.Errorf("%q", s.Taken())
	}
	s.WhenTaken(nil)
	h.applied()
	if last := s.Taken()[len(s.Taken())-1]; last != "TryRestartUnit chronyd.service" {
		t.Errorf("%q", s.Taken())
	}
}

// The administrator had stopped it: it is not for the enforcer to start it.
func TestAUnitThatDoesNotRunIsNotStarted(t *testing.T) {
	t.Parallel()
	s := bus.New(t)
	s.Put("chronyd.service", "inactive", "dead", 0)
	h := newHouse(t, "", enforcer.Options{Bus: s.Socket, Services: true})
	h.spoil()
	h.applied()
	if len(s.Taken()) != 0 {
		t.Errorf("%q", s.Taken())
	}
}

func TestACommandThatFailsHasAllTakenBackAndIsRunAgain(t *testing.T) {
	t.Parallel()
	count := t.TempDir() + "/count"
	for why, command := range map[string]string{
		"exit status 1":             script(t, "echo x >>"+count+"; exit 1"),
		"no such file or directory": "/nowhere/at/all",
		"signal: killed":            script(t, "sleep 100"),
	} {
		h := newHouse(t, fmt.Sprintf("  reload: {chronyd.service: [%s]}\n", command), enforcer.Options{Services: true, ServiceTimeout: patience / 20})
		h.takenBack("reload", why)
	}
	if b, _ := os.ReadFile(count); string(b) != "x\nx\n" {
		t.Errorf("the command ran so often: %q", b)
	}
}
