package main

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// BenchmarkJournal: what the journal costs on the way of one alert. One daemon
// has it, one has only memory, and they take turns: the other one is stopped.
func BenchmarkJournal(b *testing.B) {
	r := newRig(b)
	with, _ := r.agent()
	defer r.kill(with)
	without, _ := r.agent("--state-dir", "/dev/null/none", "--runtime-dir", r.path("run2"))
	defer r.kill(without)
	write := writers()["rename"]
	var took [2][]time.Duration
	for turn := range 2 * benchChanges / turnOf {
		agents := [2]*exec.Cmd{with, without}
		_ = agents[(turn+1)%2].Process.Signal(syscall.SIGSTOP)
		_ = agents[turn%2].Process.Signal(syscall.SIGCONT)
		took[turn%2] = append(took[turn%2], r.measure(write, turnOf, benchApart)...)
	}
	_ = with.Process.Signal(syscall.SIGCONT)
	fmt.Printf("journal on disk  %4d changes, %v apart, %s\n", len(took[0]), benchApart, spreadOf(took[0]))
	fmt.Printf("memory only      %4d changes, %v apart, %s\n", len(took[1]), benchApart, spreadOf(took[1]))
}

// BenchmarkSustained: changes of several files as fast as they can be written,
// from file to receiver, with the journal on disk.
func BenchmarkSustained(b *testing.B) {
	s := &soak{benchRig: newProgram(b)}
	s.unix = listenUnix(b, s.path("alerts.sock"))
	s.sinks("{name: unix, type: syslog, address: \"unix://" + s.path("alerts.sock") + "\"}")
	cmd, _ := s.agent()
	defer s.kill(cmd)
	files := s.files()
	cpu, _ := usage(cmd.Process.Pid)
	began := time.Now()
	for time.Since(began) < 10*time.Second {
		s.write(files[rand.N(len(files))])
	}
	wrote := time.Since(began)
	count, quiet := 0, time.Now()
	s.await("silence", func() bool {
		if n := len(s.unix.all()); n != count {
			count, quiet = n, time.Now()
		}
		return time.Since(quiet) > 2*time.Second
	})
	after, _ := usage(cmd.Process.Pid)
	c := &complaints{t: b, what: "sustained"}
	lastState(c, s.unix.all(), s.check())
	fmt.Printf("sustained        %d writes in %v, %d alerts: %.0f a second, the last %v after the last write, %d ms CPU, %d wrong at the end\n",
		s.writes, wrote.Round(time.Millisecond), count, float64(count)/wrote.Seconds(), max(0, quiet.Sub(began)-wrote).Round(time.Millisecond), after-cpu, c.n)
}
