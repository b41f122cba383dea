package enforcer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"stigwatch/agent/enforce"
	"stigwatch/agent/plan"
	"stigwatch/agent/units"
)

// serviceTime is how long one service may take to take its files up.
const serviceTime = 30 * time.Second

// services have the units of changed files take them up: over D-Bus, or by the
// command that the configuration has for a unit.
type services struct {
	bus     *units.Bus
	command map[string][]string
	on      bool          // false: the root is not the machine's, so its services are not to be touched
	limit   time.Duration // for one service

	mu   sync.Mutex      // guards what follows
	ran  []string        // units that took files up the last time
	told []string        // what to say of it
	down map[string]bool // units that went down then: with the old files they are brought up
}

func newServices(socket string, command map[string][]string, on bool, limit time.Duration) *services {
	limit = cmp.Or(limit, serviceTime)
	return &services{bus: units.New(units.Options{Socket: socket, Timeout: limit}), command: command, on: on, limit: limit, down: map[string]bool{}}
}

func (s *services) close() { s.bus.Close() }

// begin forgets what there was to say of the job before.
func (s *services) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ran, s.told = nil, nil
}

// take has each unit take its files up. A unit that does not run has nothing to
// take up.
func (s *services) take(ctx context.Context, names []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ran, s.told = nil, nil
	if !s.on {
		for _, name := range names {
			s.told = append(s.told, name+" was not asked to take the files up: the root is not this machine's")
		}
		return nil
	}
	var failed []error
	for _, name := range names {
		ran, err := s.one(ctx, name)
		switch {
		case err != nil:
			failed = append(failed, err)
		case ran:
			s.ran = append(s.ran, name)
		default:
			s.told = append(s.told, name+" does not run, so nothing took the files up")
		}
	}
	return errors.Join(failed...)
}

func (s *services) one(ctx context.Context, name string) (ran bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	if c := s.command[name]; len(c) > 0 {
		return true, runCommand(ctx, c)
	}
	fell := s.down[name]
	delete(s.down, name)
	ran, err = s.bus.Take(ctx, name, plan.HowOf(name))
	if err == nil && !ran && fell {
		ran, err = true, s.bus.Revive(ctx, name)
	}
	if errors.Is(err, units.ErrDown) {
		s.down[name] = true
	}
	return ran, err
}

// runCommand runs a command of the configuration: no shell, no environment. When its
// time is over, all that it started in its process group ends with it; what it leaves
// running when it ends well is the service that it was to start.
func runCommand(ctx context.Context, argv []string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, "/", time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var said enforce.Capped
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if err == nil || errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	text := strings.Join(strings.Fields(said.String()), " ")
	return fmt.Errorf("cannot run %q: %w: %s", strings.Join(argv, " "), err, strings.ToValidUTF8(text[:min(len(text), 400)], ""))
}

// healthy asks again whether what took files up still runs.
func (s *services) healthy(ctx context.Context, _ []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ask []string
	for _, name := range s.ran {
		if s.command[name] == nil {
			ask = append(ask, name)
		}
	}
	if len(ask) == 0 {
		return nil
	}
	for _, a := range s.bus.Ask(ctx, ask) {
		switch {
		case a.Err != nil:
			return a.Err
		case a.State.Active != "active":
			s.down[a.Unit] = true
			return fmt.Errorf("%s is %s (%s) now", a.Unit, a.State.Active, a.State.Sub)
		}
	}
	return nil
}

// remarks are what there is to say of the last time.
func (s *services) remarks() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.told
}
