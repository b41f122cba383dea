package cli

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stigwatch/agent/errand"
	"stigwatch/agent/waive"
)

func newWaiveCommand(e *env) *cobra.Command {
	w, days := waive.Waiver{}, 90
	cmd := &cobra.Command{
		Use:   "waive RULE",
		Short: "Accept an open finding for a while",
		Long: `Accept an open finding for a while. It stays open and says that it is waived; its
alerts are for information. The waiver ends when it expires, when what was found
changes, or when the rule's policy changes. It is appended to waivers.yaml and counts
after a reload of the agent.`,
		Example: `  stigwatch waive V-250989 --reason "Replaced in May" --approver "A. Nother" --ticket POAM-17 --days 60
  stigwatch waive list`,
		Args:              oneRule,
		ValidArgsFunction: completeRules,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needs(map[string]string{"reason": w.Reason, "approver": w.Approver, "ticket": w.Ticket}); err != nil {
				return err
			}
			w.Rule = args[0]
			var err error
			if w.When, w.Expires, err = e.term(days); err != nil {
				return err
			}
			path, err := errand.Waive(cmd.Context(), e.options(slog.LevelWarn), w)
			return e.written(path, err)
		},
	}
	f := cmd.Flags()
	f.StringVar(&w.Reason, "reason", "", "`TEXT`: why the risk is accepted")
	f.StringVar(&w.Approver, "approver", "", "`NAME` of who accepts it")
	f.StringVar(&w.Ticket, "ticket", "", "`ID` of the record, such as a POA&M item")
	f.IntVar(&days, "days", days, "`NUMBER` of days for which it holds, 366 at most")
	cmd.AddCommand(newWaiveListCommand(e))
	return cmd
}

func newWaiveListCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the waivers: what they cover, until when, and which are not used", Args: noArgs,
		Example: "  stigwatch waive list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			waivers, err := errand.Waivers(cmd.Context(), e.options(slog.LevelWarn), e.now())
			if err != nil {
				return err
			}
			if len(waivers) == 0 {
				fmt.Fprintln(e.stdout, "there is no waiver; \"stigwatch waive RULE\" makes one")
				return nil
			}
			s := newScreen(e.stdout)
			t := table{head: []string{"RULE", "STATE", "EXPIRES", "TICKET", "APPROVER"}}
			for _, w := range waivers {
				st, r := green, row{notes: []string{safe(w.Reason)}}
				if w.State != errand.WaiverUsed {
					st = yellow
				}
				r.cells = []cell{{safe(w.Rule), plain}, {safe(w.State), st}, {w.Expires[:len(time.DateOnly)], st}, {safe(w.Ticket), plain}, {safe(w.Approver), plain}}
				t.rows = append(t.rows, r)
			}
			t.write(s)
			return s.flush()
		},
	}
}

// needs demands flags that have no default.
func needs(flags map[string]string) error {
	var missing []string
	for name, value := range flags {
		if strings.TrimSpace(value) == "" {
			missing = append(missing, "--"+name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return usageError{fmt.Errorf("needed: %s", strings.Join(missing, ", "))}
}
