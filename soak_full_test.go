package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"stigwatch/agent/api"
)

// newFull is a soak whose state folder is a file system of its own, a small one.
func newFull(t *testing.T) *soak {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small file system: a full disk was not tested")
	}
	s := &soak{benchRig: newProgram(t)}
	s.unix = listenUnix(t, s.path("alerts.sock"))
	s.sinks("{name: unix, type: syslog, address: \"unix://" + s.path("alerts.sock") + "\"}")
	if err := os.Mkdir(s.path("state"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("stigwatch-soak", s.path("state"), "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("cannot mount a small file system, a full disk was not tested: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(s.path("state"), syscall.MNT_DETACH) })
	return s
}

// fill leaves no room.
func (s *soak) fill() {
	s.b.Helper()
	f, err := os.Create(s.path("state/filler"))
	if err != nil {
		s.b.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
}

// flip makes so many changes, one after the other, each when the one before it
// was told.
func (s *soak) flip(f *texts, n int) {
	s.b.Helper()
	for range n {
		before := len(s.unix.all())
		s.write(f)
		s.await("the alert of a change", func() bool { return len(s.unix.all()) > before })
	}
}

func (s *soak) faulty() bool {
	rep := s.status()
	return rep != nil && slices.ContainsFunc(rep.Agent.Conditions, func(c api.Condition) bool { return strings.HasPrefix(c.Code, "journal-") })
}

func (s *soak) healthy() bool { return s.status() != nil && !s.faulty() }

func (s *soak) heardOf(code string) bool {
	return slices.ContainsFunc(s.unix.all(), func(m received) bool { return m.rule == "" && strings.Contains(m.essence, code) })
}

// proven ends the daemon and holds what was told against the journal, which has
// to have everything, and a fresh check.
func (s *soak) proven(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	s.kill(cmd)
	told := readJournal(t, s.path("state"), s.key)
	checkInbox(t, s.unix, told, s.check())
	checkJournal(t, told, []*inbox{s.unix})
}

func TestAFullDiskStopsNoAlertAndIsToldAndEndsByItself(t *testing.T) {
	s := newFull(t)
	cmd := s.start()
	s.takeKey()
	s.await("the first pass", s.healthy)
	f := s.files()[0]
	s.flip(f, 10)
	s.fill()
	for !s.faulty() && s.writes < 2000 {
		s.flip(f, 5)
	}
	s.flip(f, 20)
	if !s.faulty() || !s.heardOf("journal-fault") {
		t.Fatalf("a full disk was not told: %+v", s.status().Agent.Conditions)
	}
	if err := os.Remove(s.path("state/filler")); err != nil {
		t.Fatal(err)
	}
	s.await("the journal's recovery", s.healthy)
	s.flip(f, 5)
	s.proven(t, cmd)
}

func TestKilledWhileTheDiskIsFullItGoesOnWhereItWas(t *testing.T) {
	s := newFull(t)
	cmd := s.start()
	s.takeKey()
	s.await("the first pass", s.healthy)
	f := s.files()[0]
	s.fill()
	for !s.faulty() && s.writes < 2000 {
		s.flip(f, 5)
	}
	for range 3 {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		cmd = s.start()
		s.await("the first pass", func() bool { return s.status() != nil })
		s.flip(f, 6)
		if !s.faulty() {
			t.Fatalf("a full disk was not told: %+v", s.status().Agent.Conditions)
		}
	}
	if err := os.Remove(s.path("state/filler")); err != nil {
		t.Fatal(err)
	}
	s.await("the journal's recovery", s.healthy)
	s.flip(f, 5)
	s.proven(t, cmd)
}
