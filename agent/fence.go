package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"stigwatch/agent/api"
	"stigwatch/agent/config"
	"stigwatch/agent/confine"
)

// fence lets the process write only where its configuration has it write. It comes
// before anything of the appliance is judged, and is the last that is confined.
func (a *Agent) fence() {
	s := a.o.Confined
	if s == nil {
		return
	}
	cfg := a.parts.Config
	for _, dir := range []string{cfg.StateDir, cfg.RuntimeDir} {
		_ = os.MkdirAll(dir, 0o750) // who uses it says what is wrong with it
	}
	if asksWhose(cfg) {
		s.Unfenced("it would hide from CAP_SYS_PTRACE whose program changed a file: see who.sources")
	} else {
		folders := writes(cfg)
		for _, dir := range spare {
			if info, err := os.Stat(dir); err == nil && info.IsDir() {
				folders = append(folders, dir)
			}
		}
		s.Fence(confine.Fence{Writes: folders})
	}
	a.o.Log.Info("the process is confined", "by", s.String(), "writes", s.Writes, "without", s.Missing)
}

// asksWhose tells whether the kernel is asked who changed a file, and tells this
// process which program that was: what is behind a fence of Landlock may not look at
// processes outside, whatever capability it has.
func asksWhose(cfg *config.Config) bool {
	return slices.Contains(cfg.Who.Sources, "fanotify") && confine.Has(unix.CAP_SYS_PTRACE)
}

// spare are folders behind every fence where they are there, so that a reload can add a
// sink that writes there: the package's own for files, and where what is too large for
// the systemd journal's socket is handed over, sd_journal_send(3).
var spare = [...]string{"/var/log/stigwatch", "/dev/shm"}

// writes are the folders that the agent writes to.
func writes(cfg *config.Config) []string {
	out := []string{cfg.StateDir, cfg.RuntimeDir, filepath.Dir(cfg.Socket)}
	for i := range cfg.Sinks {
		if s := &cfg.Sinks[i]; s.Type == "file" {
			out = append(out, filepath.Dir(s.Path))
		}
	}
	return out
}

// confined refuses a configuration that the process would have to be another one for.
func (a *Agent) confined(next *config.Config) error {
	s := a.o.Confined
	if s == nil || s.Landlock == 0 {
		return nil
	}
	if out := s.Outside(writes(next)); len(out) > 0 {
		return fmt.Errorf("cannot write to %s without a restart, this process has fenced itself in (Landlock): systemctl restart stigwatch", strings.Join(out, ", "))
	}
	if asksWhose(next) {
		return fmt.Errorf("cannot ask fanotify without a restart, this process has fenced itself in (Landlock): systemctl restart stigwatch")
	}
	return nil
}

// confinement is what status says of it.
func confinement(s *confine.State) *api.Confinement {
	if s == nil {
		return nil
	}
	out := &api.Confinement{
		Summary: s.String(), Landlock: s.Landlock, NoNewPrivs: s.NoNewPrivs, Undumpable: s.Undumpable, Seccomp: s.Seccomp,
		Writes: slices.Clone(s.Writes), Missing: slices.Clone(s.Missing),
	}
	if out.Writes == nil {
		out.Writes = []string{}
	}
	if out.Missing == nil {
		out.Missing = []string{}
	}
	return out
}
