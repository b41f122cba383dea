package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"stigwatch/agent"
	"stigwatch/agent/confine"
	"stigwatch/agent/service"
)

func newRunCommand(e *env) *cobra.Command {
	user := ""
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the agent: watch, judge, alert",
		Long: `Run the agent in the foreground until SIGTERM or SIGINT. SIGHUP loads the
configuration anew; when that fails, the one before it stays live.

Before it reads anything it gives up what it never needs: new privileges, core dumps,
what it inherited, and, where the kernel has Landlock, writing outside of its folders;
"stigwatch status" says what is in force. With --user a process of root becomes NAME
first, for good, and keeps only the right to read everything: for systemd before 229,
whose units cannot do that.`,
		Example: `  stigwatch run
  stigwatch run --root ./tree --state-dir ./state --runtime-dir ./run
  stigwatch run --user stigwatch`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("user") {
				if err := become(user); err != nil {
					return err
				}
			}
			return e.runAgent(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&user, "user", "", "become the user `NAME`, and keep CAP_DAC_READ_SEARCH alone")
	return cmd
}

// become says what to do when there is no such user.
func become(name string) error {
	err := confine.Become(name)
	if errors.Is(err, confine.ErrNoUser) {
		if name == service.Name {
			return fmt.Errorf("%w: %s", err, service.MakeUser)
		}
		return fmt.Errorf("%w: name the one that the service is to run as, such as %s", err, service.Name)
	}
	return err
}

// tightAgent are the bits of permission that nothing has that the agent makes: its
// group may read, others may not.
const tightAgent = 0o027

func (e *env) runAgent(ctx context.Context) error {
	confined := confine.Process(tightAgent)
	o := e.agentOptions(slog.LevelInfo)
	o.Confined = confined
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
