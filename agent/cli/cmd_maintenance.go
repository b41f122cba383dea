package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stigwatch/agent/api"
)

func newMaintenanceCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "maintenance",
		Short: "Announce maintenance: its alerts are for information",
		Long: `Announce maintenance to the running agent. While a window is open, the alerts of its
rules are for information and name the ticket; results stay what they are, and all is
recorded as always. A window ends when it is closed or its time is over, by the wall
clock, across restarts. Opening and end are alerts of their own; what the maintenance
left otherwise than it was told before is then told at its full rank.`,
		Example: `  stigwatch maintenance open --ticket CHG1 --for 45m
  stigwatch maintenance list
  stigwatch maintenance close`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(newMaintenanceOpenCommand(e), newMaintenanceCloseCommand(e), newMaintenanceListCommand(e))
	return cmd
}

func newMaintenanceOpenCommand(e *env) *cobra.Command {
	q, length, asJSON := api.WindowRequest{Rules: []string{}}, time.Duration(0), false
	cmd := &cobra.Command{
		Use:   "open",
		Short: "Open a window, for some rules or all",
		Long: `Open a window, for some rules or all, for 24 hours at most. Only root and the agent's
own user may; up to 16 windows may be open at once.`,
		Example: `  stigwatch maintenance open --ticket CHG1 --for 45m
  stigwatch maintenance open --ticket CHG2 --for 2h --rules V-250989,V-250993 --reason "New password policy"`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			given := ""
			if cmd.Flags().Changed("for") {
				given = "given"
			}
			if err := needs(map[string]string{"ticket": q.Ticket, "for": given}); err != nil {
				return err
			}
			if cmd.Flags().Changed("rules") && len(q.Rules) == 0 {
				return usageError{errors.New("--rules names no rule; without it the window is for all")}
			}
			return e.openWindow(cmd.Context(), &q, length, asJSON)
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Ticket, "ticket", "", "`ID` of the change")
	f.DurationVar(&length, "for", 0, "`TIME` that it is open, such as 45m or 2h")
	f.StringSliceVar(&q.Rules, "rules", nil, "`RULES` that it is for, separated by commas (default: all)")
	f.StringVar(&q.Reason, "reason", "", "`TEXT`: what is done")
	addJSON(cmd, &asJSON)
	_ = cmd.RegisterFlagCompletionFunc("rules", completeRules)
	return cmd
}

func newMaintenanceCloseCommand(e *env) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "close [ID]",
		Short: "Close a window, and say what changed in it",
		Long: `Close a window, and say what changed in it. Without an ID it is the one that is open.
Only root and the agent's own user may.`,
		Example: `  stigwatch maintenance close
  stigwatch maintenance close W1031`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("%q takes one window at most, got %d", cmd.CommandPath(), len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.closeWindow(cmd.Context(), strings.Join(args, ""), asJSON)
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func newMaintenanceListCommand(e *env) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use: "list", Short: "List the windows that are open", Args: noArgs,
		Example: "  stigwatch maintenance list --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			open, _, err := e.openWindows(cmd.Context())
			switch {
			case err != nil:
				return err
			case asJSON:
				return api.Encode(e.stdout, open, true)
			case len(open) == 0:
				fmt.Fprintln(e.stdout, "no window is open; \"stigwatch maintenance open\" opens one")
				return nil
			}
			s := newScreen(e.stdout)
			e.windowTable(open).write(s)
			return s.flush()
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func (e *env) openWindow(ctx context.Context, q *api.WindowRequest, length time.Duration, asJSON bool) error {
	if length < time.Second || length > api.MaxWindow {
		return usageError{fmt.Errorf("--for is %s, must be 1s to %dh", length, api.MaxWindow/time.Hour)}
	}
	q.Seconds = int64((length + time.Second - 1) / time.Second)
	if err := q.Check(); err != nil {
		return usageError{err}
	}
	_, c, err := e.openWindows(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	w, err := c.OpenWindow(ctx, q)
	switch {
	case err != nil:
		return windowError(err)
	case asJSON:
		return api.Encode(e.stdout, w, true)
	}
	fmt.Fprintf(e.stdout, "%s is open for %s until %s (%s), for %s\n", safe(w.ID), safe(w.Ticket), w.Until, span(w.Until.Sub(w.Opened.Time)), rulesOf(w))
	return nil
}

func (e *env) closeWindow(ctx context.Context, id string, asJSON bool) error {
	open, c, err := e.openWindows(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if id == "" {
		if id, err = onlyWindow(open); err != nil {
			return err
		}
	}
	end, err := c.CloseWindow(ctx, id)
	switch {
	case err != nil:
		return windowError(err)
	case asJSON:
		return api.Encode(e.stdout, end, true)
	}
	fmt.Fprintln(e.stdout, safe(end.Text))
	return nil
}

// openWindows gives what is open, and the client that it asked.
func (e *env) openWindows(ctx context.Context) ([]api.Window, *api.Client, error) {
	c, err := e.dial()
	if err != nil {
		return nil, nil, err
	}
	r, err := readyStatus(ctx, c, startTime)
	if err != nil {
		c.Close()
		return nil, nil, windowError(err)
	}
	open := []api.Window{}
	if r.Agent != nil {
		open = append(open, r.Agent.Maintenance...)
	}
	return open, c, nil
}

// onlyWindow is the one that is meant without an id.
func onlyWindow(open []api.Window) (string, error) {
	switch len(open) {
	case 0:
		return "", usageError{errors.New("no window is open")}
	case 1:
		return open[0].ID, nil
	}
	names := make([]string, len(open))
	for i := range open {
		names[i] = open[i].ID + " (" + open[i].Ticket + ")"
	}
	return "", usageError{fmt.Errorf("%d windows are open, name the one to close: %s", len(open), strings.Join(names, ", "))}
}

// windowError tells wrong input, which only the agent could see, from the rest.
func windowError(err error) error {
	if away := (*api.Unreachable)(nil); errors.As(err, &away) {
		return fmt.Errorf("%s; only a running agent keeps windows: start it with \"systemctl start stigwatch\" or \"stigwatch run\"", away.Error())
	}
	refused := (*api.Refused)(nil)
	if errors.As(err, &refused) && (refused.Code == http.StatusBadRequest || refused.Code == http.StatusNotFound) {
		return usageError{err}
	}
	return err
}

func (e *env) windowTable(open []api.Window) *table {
	t := &table{head: []string{"ID", "TICKET", "ENDS IN", "CHANGES", "BY", "RULES"}}
	for i := range open {
		w := &open[i]
		r := row{cells: []cell{
			{safe(w.ID), plain}, {safe(w.Ticket), yellow}, {e.left(w), plain}, {fmt.Sprint(w.Changes), plain}, {safe(w.By), plain}, {rulesOf(w), plain},
		}}
		if w.Reason != "" {
			r.notes = []string{safe(w.Reason)}
		}
		t.rows = append(t.rows, r)
	}
	return t
}

// left is how long a window is open still.
func (e *env) left(w *api.Window) string { return span(max(w.Until.Sub(e.now()), 0)) }

func rulesOf(w *api.Window) string {
	if len(w.Rules) == 0 {
		return "all rules"
	}
	return safe(strings.Join(w.Rules, ", "))
}
