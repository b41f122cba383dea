package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"stigwatch/agent/api"
	"stigwatch/agent/enforcer"
)

func newUndoCommand(e *env) *cobra.Command {
	yes, asJSON := false, false
	cmd := &cobra.Command{
		Use:   "undo ID",
		Short: "Give the files of an apply the bytes that they had before it",
		Long: `Give the files of an apply the very bytes that they had before it; owner and mode, which
an apply keeps, stay as they are now. A file that somebody has edited since is left alone, and the difference is shown. "stigwatch
history --plans" lists the ids. Asks before it writes, on a terminal.`,
		Example: `  stigwatch undo 20261127T210521Z-1a2b
  stigwatch undo 20261127T210521Z-1a2b --yes --json`,
		Args: oneJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !yes && !isTerminal(e.stdin) {
				return usageError{errors.New("this asks before it writes, and the input is no terminal: say --yes")}
			}
			return e.withHand(cmd.Context(), asJSON, func(h *enforcer.Hand) (*api.Applied, error) {
				if !yes {
					if answer, _ := e.asker().ask(fmt.Sprintf("Take %s back? [y/N] ", safe(args[0]))); !isYes(answer) {
						return nil, errors.New("nothing was written")
					}
				}
				return h.Undo(cmd.Context(), args[0])
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	addJSON(cmd, &asJSON)
	return cmd
}

func newConfirmCommand(e *env) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "confirm ID",
		Short: "Keep an apply that waits for it",
		Long: `Keep an apply that waits to be confirmed. Without it the files get their old bytes back
when its time is over, across restarts. Say it from a new session: that you still get in
is what it is about.`,
		Example: "  stigwatch confirm 20261127T210521Z-1a2b",
		Args:    oneJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withHand(cmd.Context(), asJSON, func(h *enforcer.Hand) (*api.Applied, error) { return h.Confirm(cmd.Context(), args[0]) })
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func (e *env) withHand(ctx context.Context, asJSON bool, do func(*enforcer.Hand) (*api.Applied, error)) error {
	h, err := e.hand(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	a, err := do(h)
	if err != nil {
		return handError(err)
	}
	return e.showApplied(a, asJSON)
}

// oneJob is the rule of commands about one job.
func oneJob(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%q takes the id of one apply, such as 20261127T210521Z-1a2b, got %d", cmd.CommandPath(), len(args))
	}
	return nil
}
