package cli

import (
	"log/slog"

	"github.com/spf13/cobra"

	"stigwatch/agent/api"
	"stigwatch/agent/errand"
)

func newCheckCommand(e *env) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "check [RULE...]",
		Short: "Judge the appliance once, without an agent",
		Long: `Judge the appliance once, without an agent. Exits 0 when nothing is open, 3 when
a rule fails, 4 when none fails but some are not checked or in error.`,
		Example: `  stigwatch check
  stigwatch check V-250989 V-250990
  stigwatch check --root ./image --json`,
		ValidArgsFunction: completeRules,
		RunE: func(cmd *cobra.Command, rules []string) error {
			r, err := errand.Check(cmd.Context(), e.options(slog.LevelWarn), rules)
			if err != nil {
				return err
			}
			return e.showReport(r, asJSON)
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func addJSON(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print JSON instead of a table")
}

// showReport prints a report and gives its verdict.
func (e *env) showReport(r *api.Report, asJSON bool) error {
	if asJSON {
		if err := api.Encode(e.stdout, r, true); err != nil {
			return err
		}
		return verdictOf(r.Summary)
	}
	s := newScreen(e.stdout)
	e.writeReport(s, r)
	if err := s.flush(); err != nil {
		return err
	}
	return verdictOf(r.Summary)
}
