package cli

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"stigwatch/agent/api"
	"stigwatch/agent/appliance"
	"stigwatch/agent/config"
	"stigwatch/agent/doctor"
	"stigwatch/agent/service"
)

func newDoctorCommand(e *env) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check whether this install is sound",
		Long: `Check whether this install is sound: user, files, units, package, the running process
and its guards, and what the agent says of itself. Says what was found and the next step.
Changes nothing and sends nothing; whether an alert would arrive, selftest tries.
Works for everybody: what this user may not see is skipped, and never ok.

Exits 0 when nothing is wrong (there may be warnings), 3 when a check failed, 4 when none
failed and some could not be done, 1 when nothing could be looked at.`,
		Example: `  sudo stigwatch doctor
  stigwatch doctor --json | jq '.checks[] | select(.state == "fail")'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.doctor(cmd.Context(), asJSON) },
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func (e *env) doctor(ctx context.Context, asJSON bool) error {
	o, err := e.doctorOptions()
	if err != nil {
		return err
	}
	r, err := doctor.Run(ctx, o)
	if err != nil {
		return err
	}
	if asJSON {
		err = api.Encode(e.stdout, r, true)
	} else {
		err = e.showDoctor(r)
	}
	switch {
	case err != nil:
		return err
	case r.Summary.Fail > 0:
		return verdict(exitOpen)
	case r.Summary.Skipped > 0:
		return verdict(exitNotChecked)
	}
	return nil
}

func (e *env) doctorOptions() (doctor.Options, error) {
	control, err := service.NewControl(service.Options{})
	if err != nil {
		return doctor.Options{}, err
	}
	where := e.options(slog.LevelError)
	o := doctor.Options{
		Version: version(),
		Service: control.State,
		Valid: func() error {
			p, err := appliance.Build(where)
			if err == nil {
				p.Close()
			}
			return err
		},
		Status: func(ctx context.Context) (*api.Report, error) {
			c, err := e.dial()
			if err != nil {
				return nil, err
			}
			defer c.Close()
			return readyStatus(ctx, c, startTime)
		},
	}
	if o.Config, _, _ = config.LoadAll(e.flags.config, where.Over); o.Config == nil {
		o.Config, o.ConfigErr = e.unreadConfig()
	}
	return o, nil
}

// unreadConfig says where things lie when the configuration cannot be read, and why it
// cannot.
func (e *env) unreadConfig() (*config.Config, error) {
	f := e.flags
	path := cmp.Or(f.config, config.DefaultPath)
	c := &config.Config{
		Path: path, StateDir: cmp.Or(f.stateDir, "/var/lib/stigwatch"), RuntimeDir: cmp.Or(f.runtimeDir, filepath.Dir(defaultSocket)),
	}
	c.Socket = cmp.Or(f.socket, filepath.Join(c.RuntimeDir, socketName))
	c.Evidence, c.Enforce.Dir = filepath.Join(c.StateDir, "evidence"), c.StateDir+"-enforcer"
	c.Enforce.Socket = filepath.Join(c.RuntimeDir+"-enforcer", "enforcer.sock")
	file, err := os.Open(path)
	if err == nil {
		err = file.Close()
	}
	return c, err
}

// doctorStyles are how the states look.
var doctorStyles = map[doctor.State]style{
	doctor.Fail: red, doctor.Skipped: purple, doctor.Warn: yellow, doctor.OK: green, doctor.NotApplicable: faint,
}

func (e *env) showDoctor(r *doctor.Report) error {
	s := newScreen(e.stdout)
	s.line(0, strong, safe(r.Host)+": "+doctorSummary(r.Summary))
	t := table{head: []string{"STATE", "CHECK", "FOUND"}}
	for _, c := range r.Checks {
		for i, item := range c.Items {
			name := ""
			if i == 0 {
				name = c.Name
			}
			row := row{cells: []cell{{stateWord(item.State), doctorStyles[item.State]}, {name, plain}, {safe(item.Found), plain}}}
			if item.Next != "" {
				row.notes = []string{"next: " + safe(item.Next)}
			}
			t.rows = append(t.rows, row)
		}
	}
	t.write(s)
	return s.flush()
}

func doctorSummary(s doctor.Summary) string {
	parts := []string{}
	for _, p := range []struct {
		n    int
		what string
	}{{s.Fail, "failed"}, {s.Skipped, "skipped"}, {s.Warn, "with a warning"}, {s.OK, "ok"}, {s.NotApplicable, "not applicable"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

func stateWord(s doctor.State) string {
	switch s {
	case doctor.Fail:
		return "FAIL"
	case doctor.NotApplicable:
		return "n/a"
	}
	return string(s)
}
