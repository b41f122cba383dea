package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/spf13/cobra"

	"stigwatch/agent/api"
	"stigwatch/agent/errand"
)

func newExplainCommand(e *env) *cobra.Command {
	asJSON, trace := false, false
	cmd := &cobra.Command{
		Use:   "explain RULE",
		Short: "Tell why a rule is judged as it is, and what would make it pass",
		Long: `Tell why a rule is judged as it is: its facts with their values, where they were
read, what would make it pass and where to set that. Asks the running agent, and
looks for itself when none answers, or when --root or --config say what to look
at. Exits as check does.`,
		Example: `  stigwatch explain V-250989
  stigwatch explain V-250989 --trace
  stigwatch explain V-250989 --root ./image --json`,
		Args:              oneRule,
		ValidArgsFunction: completeRules,
		RunE: func(cmd *cobra.Command, args []string) error {
			x, err := e.explanation(cmd.Context(), args[0], trace)
			if err != nil {
				return err
			}
			if trace && len(x.Trace) == 0 {
				fmt.Fprintln(e.stderr, "there is no policy to trace: only people can answer this rule")
			}
			return e.showExplanation(x, asJSON)
		},
	}
	addJSON(cmd, &asJSON)
	cmd.Flags().BoolVar(&trace, "trace", false, "show each step of the policy's evaluation")
	return cmd
}

// explanation prefers the agent, which may read files that the caller may not.
// An agent that cannot explain, or is not there, is no reason to give up.
func (e *env) explanation(ctx context.Context, rule string, trace bool) (*api.Explanation, error) {
	if e.flags.root == "" && e.flags.config == "" {
		x, err := e.askExplanation(ctx, rule, trace)
		var away *api.Unreachable
		var refused *api.Refused
		switch {
		case errors.As(err, &away):
		case errors.As(err, &refused) && refused.Code != http.StatusNotFound:
		default:
			return x, err
		}
	}
	return errand.Explain(ctx, e.options(slog.LevelWarn), rule, trace)
}

func (e *env) askExplanation(ctx context.Context, rule string, trace bool) (*api.Explanation, error) {
	c, err := e.dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	x, err := c.Explain(ctx, rule, trace)
	if refused := (*api.Refused)(nil); errors.As(err, &refused) && refused.Code == http.StatusNotFound {
		return nil, usageError{err}
	}
	return x, err
}

func (e *env) showExplanation(x *api.Explanation, asJSON bool) error {
	if asJSON {
		if err := api.Encode(e.stdout, x, true); err != nil {
			return err
		}
		return verdictOn(x.Result.Result)
	}
	s := newScreen(e.stdout)
	writeExplanation(s, x)
	if err := s.flush(); err != nil {
		return err
	}
	return verdictOn(x.Result.Result)
}
