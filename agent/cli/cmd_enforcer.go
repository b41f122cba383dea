package cli

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"stigwatch/agent/confine"
	"stigwatch/agent/enforcer"
	"stigwatch/agent/service"
	"stigwatch/agent/socket"
)

func newEnforcerCommand(e *env) *cobra.Command {
	idle := time.Duration(0)
	cmd := &cobra.Command{
		Use:   "enforcer",
		Short: "Run the writing process, which its socket starts",
		Long: `Run the process that writes: as root on the appliance, started by its socket. It ends
what an earlier one left in the middle, answers at its socket, and takes back what nobody
confirms in time. It takes no byte and no value from whoever asks, only names of rules.`,
		Example: `  stigwatch enforcer
  stigwatch enforcer --idle 5m
  stigwatch enforcer --config ./stigwatch.yaml --root ./tree --state-dir ./state --runtime-dir ./run`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if idle < 0 {
				return usageError{fmt.Errorf("--idle is %s, must not be negative", idle)}
			}
			return e.runEnforcer(cmd.Context(), idle)
		},
	}
	cmd.Flags().DurationVar(&idle, "idle", 0, "end when nobody asked for `TIME`, such as 5m (default: never)")
	return cmd
}

// tightEnforcer are the bits of permission that nothing has that the enforcer makes for
// itself: nobody else may read that.
const tightEnforcer = 0o077

func (e *env) runEnforcer(ctx context.Context, idle time.Duration) error {
	confined := confine.Process(tightEnforcer)
	o := e.options(slog.LevelInfo)
	n := service.NewNotifier(o.Log)
	passed, err := service.Socket()
	if err != nil {
		return err
	}
	var listen func() (*socket.Listener, error)
	if passed != nil {
		listen = func() (*socket.Listener, error) { return enforcer.Adopt(passed), nil }
	}
	return service.Run(ctx, "stigwatch-enforcer", func(ctx context.Context, _ <-chan struct{}) error {
		defer n.Stopping()
		err := enforcer.Run(ctx, o, enforcer.Options{Confined: confined}, listen, idle, n.Ready)
		if err == nil && ctx.Err() == nil { // nobody asked for so long
			err = service.ErrDone
		}
		return err
	})
}
