package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"stigwatch/agent/api"
	"stigwatch/agent/history"
)

const (
	watchPause = 200 * time.Millisecond // keeps a storm of changes from flooding the terminal
	startTime  = 5 * time.Second        // that a first pass may take
	startPause = 50 * time.Millisecond  // between two questions whether it is done
)

func newStatusCommand(e *env) *cobra.Command {
	asJSON, watch, at := false, false, ""
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Ask the running agent what is open, and how it is itself",
		Long: `Ask the running agent what is open, since when, and how it is itself. Exits 0 when
nothing is open, 3 when a rule fails, 4 when none fails but some are not checked
or in error, 1 when no agent answers.`,
		Example: `  stigwatch status
  stigwatch status --watch
  stigwatch status --at 2026-11-01T12:00:00Z
  stigwatch status --json | jq .summary`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if at != "" {
				return e.statusAt(cmd.Context(), at, asJSON)
			}
			c, err := e.dial()
			if err != nil {
				return err
			}
			defer c.Close()
			if watch {
				return e.watchStatus(cmd.Context(), c, asJSON)
			}
			r, err := readyStatus(cmd.Context(), c, startTime)
			if err != nil {
				return err
			}
			return e.showReport(r, asJSON)
		},
	}
	addJSON(cmd, &asJSON)
	cmd.Flags().StringVar(&at, "at", "", "how everything stood at `TIME`, by the journal: 24h (ago), 2026-11-01 or 2026-11-01T12:00:00Z")
	cmd.Flags().BoolVar(&watch, "watch", false, "show it again whenever it changes; with --json, one line each time")
	cmd.MarkFlagsMutuallyExclusive("at", "watch")
	return cmd
}

// statusAt tells how everything stood at a time.
func (e *env) statusAt(ctx context.Context, text string, asJSON bool) error {
	at, err := e.moment(text, time.Time{})
	if err != nil {
		return err
	}
	f, err := e.fold(ctx, history.New(at, at, ""))
	if err != nil {
		return err
	}
	r := f.Report()
	if r == nil {
		return fmt.Errorf("the journal does not reach back to %s", at.UTC().Format(time.RFC3339))
	}
	return e.showReport(r, asJSON)
}

// readyStatus gives an agent that has only just started the time for its first
// pass.
func readyStatus(ctx context.Context, c *api.Client, patience time.Duration) (*api.Report, error) {
	enough := time.After(patience)
	for {
		r, err := c.Status(ctx)
		var refused *api.Refused
		if !errors.As(err, &refused) || refused.Code != http.StatusServiceUnavailable {
			return r, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-enough:
			return nil, err
		case <-time.After(startPause):
		}
	}
}

// watchStatus shows each new report until the agent goes away or the command is
// told to end, and gives the verdict on the last one.
func (e *env) watchStatus(ctx context.Context, c *api.Client, asJSON bool) error {
	r, err := readyStatus(ctx, c, startTime)
	if err != nil {
		return err
	}
	s := newScreen(e.stdout)
	for {
		if err := e.showNext(s, r, asJSON); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return verdictOf(r.Summary)
		case <-time.After(watchPause):
		}
		next, err := c.Watch(ctx, revision(r))
		if ctx.Err() != nil {
			return verdictOf(r.Summary)
		}
		if err != nil {
			return err
		}
		r = next
	}
}

// showNext replaces what a terminal shows; elsewhere reports follow each other.
func (e *env) showNext(s *screen, r *api.Report, asJSON bool) error {
	if asJSON {
		return api.Encode(e.stdout, r, false)
	}
	s.clear()
	e.writeReport(s, r)
	if !s.terminal {
		s.WriteString("\n")
	}
	return s.flush()
}

func revision(r *api.Report) uint64 {
	if r.Agent == nil {
		return 0
	}
	return r.Agent.Revision
}
