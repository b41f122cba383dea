package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"stigwatch/agent/api"
	"stigwatch/agent/service"
)

func newServiceCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "service COMMAND",
		Short: "Install and steer the service where no package is used",
		Long: `Install the agent as a service of this machine, and start and stop it, where neither
the RPM nor the DEB is used. With systemd the unit is the packages' own; System V and
others get what the library kardianos/service writes, which runs the agent as root and
without the unit's guards: prefer systemd. The enforcer comes with its package only.`,
		Example: `  stigwatch service install && stigwatch service start
  stigwatch service install --config /etc/stigwatch/other.yaml
  stigwatch service status`,
		RunE: helpOrUnknownBelow,
	}
	cmd.AddCommand(
		newServiceInstallCommand(e),
		newServiceUninstallCommand(e),
		newServiceVerb("start", "Start the service", (*service.Control).Start),
		newServiceVerb("stop", "Stop the service; what waits for a sink is kept", (*service.Control).Stop),
		newServiceVerb("restart", "Stop the service and start it", (*service.Control).Restart),
		newServiceStatusCommand(e),
	)
	return cmd
}

func newServiceInstallCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "install",
		Short: "Have the service manager start the agent at each boot",
		Long: `Have the service manager start the agent at each boot; "service start" starts it now.
Writes /etc/systemd/system/stigwatch.service, which is the packages' unit with the path of
this binary and with --config, and makes /etc/stigwatch and /var/lib/stigwatch where they
are not there. Refuses when a package's unit is there, when others than root could change
the binary or the configuration, and when there is no user "stigwatch": it makes none, and
says the command that does.`,
		Example: `  install -m 0755 stigwatch /usr/local/bin/ && /usr/local/bin/stigwatch service install
  stigwatch service install --config /etc/stigwatch/other.yaml`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return e.installService() },
	}
}

func (e *env) installService() error {
	o, err := e.serviceOptions()
	if err != nil {
		return err
	}
	c, err := service.NewControl(o)
	if err != nil {
		return err
	}
	made, err := c.Install()
	if err != nil {
		return err
	}
	for _, path := range made {
		fmt.Fprintln(e.stdout, "made "+safe(path))
	}
	if !c.Systemd() {
		fmt.Fprintf(e.stderr, "stigwatch: this is %s and not systemd: the agent runs as root, without the unit's guards\n", safe(c.Manager()))
	}
	_, err = fmt.Fprintln(e.stdout, "it starts at the next boot; now: stigwatch service start")
	return err
}

// serviceOptions are what a unit can say: where this binary is, and the configuration.
func (e *env) serviceOptions() (service.Options, error) {
	f := e.flags
	if f.root+f.stateDir+f.runtimeDir+f.socket != "" {
		return service.Options{}, usageError{errors.New("the service takes no flag but --config: write the others' values into the configuration")}
	}
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		return service.Options{}, fmt.Errorf("cannot tell where this binary is: %w", err)
	}
	o := service.Options{Binary: self}
	if f.config != "" {
		if o.Config, err = filepath.Abs(f.config); err != nil {
			return o, fmt.Errorf("cannot tell where the configuration is: %w", err)
		}
	}
	return o, nil
}

func newServiceUninstallCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "uninstall",
		Short: "Stop the service and have the manager forget it; what was recorded stays",
		Long: `Stop the service and have the manager forget it. Configuration, journal and user stay:
the journal is a record that somebody may still ask for.`,
		Example: "  stigwatch service uninstall",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := service.NewControl(service.Options{})
			if err != nil {
				return err
			}
			removed, left, err := c.Uninstall()
			if err != nil {
				return err
			}
			fmt.Fprintln(e.stdout, "removed "+safe(removed))
			for _, path := range left {
				fmt.Fprintln(e.stdout, "left "+safe(path))
			}
			_, err = fmt.Fprintln(e.stdout, "left /etc/stigwatch, /var/lib/stigwatch and the user stigwatch: remove them when nobody needs the record any more")
			return err
		},
	}
}

func newServiceVerb(name, short string, do func(*service.Control) error) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Example: "  stigwatch service " + name, Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := service.NewControl(service.Options{})
			if err != nil {
				return err
			}
			return do(c)
		},
	}
}

// serviceState is what `service status --json` prints.
type serviceState struct {
	Schema  string `json:"schema"`
	Service string `json:"service"`
	Manager string `json:"manager"`
	State   string `json:"state"` // running, starting, stopped, failed, not-installed
}

func newServiceStatusCommand(e *env) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell whether the service runs, in the service manager's eyes",
		Long: `Tell whether the service runs, in the service manager's eyes, in one word. Exits as the
LSB has it: 0 when it runs, 3 when it does not (stopped, failed, or starting again and
again), 4 when it is not installed; 1 when nobody can tell. What the agent itself says:
stigwatch status.`,
		Example: `  stigwatch service status
  stigwatch service status --json | jq -r .state`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.serviceStatus(cmd.Context(), asJSON) },
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func (e *env) serviceStatus(ctx context.Context, asJSON bool) error {
	c, err := service.NewControl(service.Options{})
	if err != nil {
		return err
	}
	state, err := c.State(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		err = api.Encode(e.stdout, serviceState{api.Schema, service.Name, c.Manager(), string(state)}, true)
	} else {
		_, err = fmt.Fprintf(e.stdout, "%s: %s\n", service.Name, state)
	}
	if err != nil {
		return err
	}
	return serviceVerdict(state)
}

// serviceVerdict gives the LSB's exit codes for status, which say the same as ours: 3
// that it is not as it should be, 4 that there is nothing to judge.
func serviceVerdict(s service.State) error {
	switch s {
	case service.Running:
		return nil
	case service.NotInstalled:
		return verdict(exitNotChecked)
	}
	return verdict(exitOpen)
}
