// Package cli owns the command line: flags, exit codes and what people read. It
// is the only place that knows any of them.
//
// The answer goes to stdout and everything else to stderr. Whatever came from
// the appliance's files is made safe before it is shown: a hostile banner must
// not drive the terminal of the person who looks into it.
package cli

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"stigwatch/agent"
	"stigwatch/agent/appliance"
	"stigwatch/agent/config"
)

// env is what a command has to work with.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	flags          flags
	running        bool // a command's own work has begun: what fails now is not its usage
}

// flags are the global ones. Empty means: as the configuration has it.
type flags struct {
	config, root, stateDir, runtimeDir, socket string
}

// Run runs one command line and gives the process's exit code.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	e := &env{stdin: stdin, stdout: stdout, stderr: stderr, now: time.Now}
	root := newRoot(e)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	return e.exit(cmd, err)
}

func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "stigwatch COMMAND",
		Short: "Watch a Sentry appliance and judge it against its two DISA STIGs.",
		Example: `  stigwatch check                  judge the appliance once, no agent needed
  stigwatch check --root ./image   the same, for a copied tree
  stigwatch status                 what the running agent says
  stigwatch explain V-250989       why, and what would make it pass`,
		Args:             cobra.ArbitraryArgs,
		SilenceErrors:    true,
		SilenceUsage:     true,
		PersistentPreRun: func(*cobra.Command, []string) { e.running = true },
		RunE:             helpOrUnknown,

		SuggestionsMinimumDistance: 2,
	}
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { _ = writeHelp(cmd.OutOrStdout(), cmd) })
	root.SetUsageFunc(func(cmd *cobra.Command) error { return writeHelp(cmd.ErrOrStderr(), cmd) })
	root.SetHelpCommand(newHelpCommand())
	root.CompletionOptions.DisableDefaultCmd = true
	addFlags(root, &e.flags)
	root.AddCommand(
		newRunCommand(e),
		newDemoCommand(e),
		newStatusCommand(e),
		newSelfTestCommand(e),
		newReloadCommand(e),
		newCheckCommand(e),
		newExplainCommand(e),
		newHistoryCommand(e),
		newAttestCommand(e),
		newWaiveCommand(e),
		newMaintenanceCommand(e),
		newPlanCommand(e),
		newApplyCommand(e),
		newConfirmCommand(e),
		newUndoCommand(e),
		newEnforcerCommand(e),
		newSiteCommand(e),
		newMapCommand(e),
		newStigCommand(e),
		newJournalCommand(e),
		newDoctorCommand(e),
		newServiceCommand(e),
		newCompletionCommand(e),
		newVersionCommand(e),
	)
	return root
}

func addFlags(root *cobra.Command, f *flags) {
	p := root.PersistentFlags()
	p.SortFlags = false
	p.StringVar(&f.config, "config", "", "configuration `FILE` (default "+config.DefaultPath+")")
	p.StringVar(&f.root, "root", "", "`DIR` where the appliance's tree is")
	p.StringVar(&f.stateDir, "state-dir", "", "`DIR` of the agent's journal")
	p.StringVar(&f.runtimeDir, "runtime-dir", "", "`DIR` of the agent's socket")
	p.StringVar(&f.socket, "socket", "", "`PATH` of the agent's socket")
}

// helpOrUnknown is what stigwatch does without a command: help is the answer to
// no argument at all.
func helpOrUnknown(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	return unknownCommand(cmd, args[0])
}

// options say where the configuration is, as the flags and the environment have it.
func (e *env) options(level slog.Level) appliance.Options {
	return appliance.Options{
		ConfigPath: e.flags.config,
		Over: config.Overrides{
			Root:       e.flags.root,
			StateDir:   e.flags.stateDir,
			RuntimeDir: e.flags.runtimeDir,
			Socket:     e.flags.socket,
		},
		Log: slog.New(slog.NewTextHandler(newPatient(e.stderr), &slog.HandlerOptions{Level: level})),
	}
}

// agentOptions are the daemon's.
func (e *env) agentOptions(level slog.Level) agent.Options {
	return agent.Options{Options: e.options(level), Stdout: e.stdout, Version: version()}
}
