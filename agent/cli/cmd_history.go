package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
	"stigwatch/agent/history"
)

func newHistoryCommand(e *env) *cobra.Command {
	asJSON, plans, since, until := false, false, "", ""
	cmd := &cobra.Command{
		Use:   "history [RULE]",
		Short: "Tell what changed, and how long each rule was out of compliance",
		Long: `Tell what changed, oldest first, and how long each rule was out of compliance: in all,
at most at a time, and by month. Asks the running agent, and reads the journal itself when
none answers. While the agent was down a rule counts as it was found before. With --plans
it lists the plans that were applied and taken back, the newest first, with their ids.`,
		Example: `  stigwatch history --since 24h
  stigwatch history V-250989
  stigwatch history --plans
  stigwatch history --since 2026-10-01 --json | jq '.exposure[] | {rule, total_seconds}'`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRules,
		RunE: func(cmd *cobra.Command, args []string) error {
			if plans {
				return e.showPlans(cmd.Context(), asJSON)
			}
			from, err := e.moment(since, time.Time{})
			if err != nil {
				return err
			}
			to, err := e.moment(until, e.now())
			if err != nil {
				return err
			}
			rule := ""
			if len(args) == 1 {
				if rule, err = findRule(args[0]); err != nil {
					return err
				}
			}
			f, err := e.fold(cmd.Context(), history.New(from, to, rule))
			if err != nil {
				return err
			}
			h := f.History()
			if asJSON {
				return api.Encode(e.stdout, h, true)
			}
			s := newScreen(e.stdout)
			e.writeHistory(s, h)
			return s.flush()
		},
	}
	addJSON(cmd, &asJSON)
	cmd.Flags().BoolVar(&plans, "plans", false, "list the plans that were applied and taken back")
	cmd.Flags().StringVar(&since, "since", "", "only from `TIME` on: 24h, 7d, 2026-11-01 or 2026-11-01T12:00:00Z")
	cmd.Flags().StringVar(&until, "until", "", "only until `TIME`, likewise")
	return cmd
}

func (e *env) fold(ctx context.Context, f *history.Fold) (*history.Fold, error) {
	return f, e.entries(ctx, f.Add)
}

// moment reads a time: how long ago, a day, or an instant, in UTC.
func (e *env) moment(text string, otherwise time.Time) (time.Time, error) {
	if text == "" {
		return otherwise, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly, "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	word, days := strings.CutSuffix(text, "d")
	if days {
		word += "h"
	}
	d, err := time.ParseDuration(word)
	if err != nil || d < 0 {
		return otherwise, usageError{fmt.Errorf("%q is no time: write 24h, 7d, 2026-11-01 or 2026-11-01T12:00:00Z", text)}
	}
	if days {
		d *= 24
	}
	return e.now().Add(-d), nil
}

func (e *env) writeHistory(s *screen, h *api.History) {
	if len(h.Changes) == 0 {
		s.WriteString("nothing changed in that time\n")
	}
	t := table{head: []string{"WHEN", "WHAT", "RULE", "TEXT"}}
	for _, c := range h.Changes {
		text := c.Text
		if text == "" {
			text = c.Title
		}
		r := row{cells: []cell{{c.At.Format("2006-01-02 15:04:05Z"), plain}, {safe(c.What), eventStyle(c.What)}, {safe(c.Rule), plain}, {safe(text), plain}}}
		for _, i := range c.Evidence {
			if i.Expected != "" && len(r.notes) < maxNotes {
				r.notes = append(r.notes, safe(fmt.Sprintf("%s:%d  %s = %v", i.File, i.Line, i.Fact, i.Actual)))
			}
		}
		for _, d := range c.Diff {
			r.notes = append(r.notes, abridged(unified(d))...)
		}
		t.rows = append(t.rows, r)
	}
	t.write(s)
	x := table{head: []string{"RULE", "NOW", "OUT OF COMPLIANCE", "TIMES", "LONGEST", "BY MONTH"}}
	for _, one := range h.Exposure {
		now := one.Result
		if one.NowSeconds > 0 {
			now += " for " + span(time.Duration(one.NowSeconds)*time.Second)
		}
		var months []string
		for _, m := range one.Months {
			months = append(months, m.Month+" "+span(time.Duration(m.Seconds)*time.Second))
		}
		x.rows = append(x.rows, row{cells: []cell{
			{safe(one.Rule), plain}, {safe(now), plain}, {span(time.Duration(one.TotalSeconds) * time.Second), plain}, {fmt.Sprint(one.Times), plain},
			{span(time.Duration(one.LongestSeconds) * time.Second), plain}, {strings.Join(months, ", "), plain},
		}})
	}
	if len(x.rows) > 0 {
		s.WriteString("\n")
		x.write(s)
	}
}

func eventStyle(what string) style {
	switch finding.Event(what) {
	case finding.Opened, finding.Changed:
		return red
	case finding.Lost:
		return yellow
	case finding.Resolved, finding.Regained:
		return green
	}
	return plain
}

// abridged leaves out what is too much of a diff for a list; explain and --json have
// more.
func abridged(lines []string) []string {
	if len(lines) <= 4*maxNotes {
		return lines
	}
	return append(lines[:4*maxNotes], "(there is more)")
}
