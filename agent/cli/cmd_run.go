package cli

import (
	"context"
	"log/slog"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"stigwatch/agent"
	"stigwatch/agent/service"
)

func newRunCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run the agent: watch, judge, alert",
		Long: `Run the agent in the foreground until SIGTERM or SIGINT. SIGHUP loads the
configuration anew; when that fails, the one before it stays live.`,
		Example: `  stigwatch run
  stigwatch run --root ./tree --state-dir ./state --runtime-dir ./run`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.runAgent(cmd.Context()) },
	}
}

func (e *env) runAgent(ctx context.Context) error {
	o := e.agentOptions(slog.LevelInfo)
	n := service.NewNotifier(o.Log)
	o.Ready, o.Reloading, o.Stopping, o.Alive = n.Ready, n.Reloading, n.Stopping, n.Alive
	o.Status = n.Status
	o.Watchdog = n.Watchdog()
	return service.Run(ctx, "stigwatch", func(ctx context.Context, reload <-chan struct{}) error {
		o.Reload = reload
		a, err := agent.New(o)
		if err != nil {
			return err
		}
		oneProcessor()
		return a.Run(ctx)
	})
}

// oneProcessor runs Go code on one processor at a time, unless the environment
// says otherwise. The way from event to alert is a chain: waking a second
// processor for each link costs a sixth of it, and takes it from the receiver.
func oneProcessor() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(1)
	}
}
