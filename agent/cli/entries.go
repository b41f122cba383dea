package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"stigwatch/agent/api"
	"stigwatch/agent/config"
	"stigwatch/agent/journal"
)

// walk gives the journal's extent and entries: from the running agent, which
// alone may open it while it runs, else from the state folder. --state-dir says
// that the folder is meant.
func (e *env) walk(ctx context.Context, begin func(journal.Extent) error, visit func(journal.Sealed) error) error {
	if e.flags.stateDir == "" {
		err := e.walkSocket(ctx, begin, visit)
		if away := (*api.Unreachable)(nil); !errors.As(err, &away) {
			return err
		}
	}
	dir, err := e.stateDir()
	if err != nil {
		return err
	}
	err = journal.ReadFile(dir, 0, begin, visit)
	if errors.Is(err, journal.ErrHeld) {
		return fmt.Errorf("%w: ask the agent that runs there, without --state-dir, or by --socket PATH", err)
	}
	return err
}

func (e *env) walkSocket(ctx context.Context, begin func(journal.Extent) error, visit func(journal.Sealed) error) error {
	c, err := e.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	body, err := c.Journal(ctx, 0)
	if err != nil {
		return err
	}
	defer body.Close()
	d := json.NewDecoder(bufio.NewReaderSize(body, 64<<10))
	var x journal.Extent
	if err := d.Decode(&x); err != nil {
		return fmt.Errorf("cannot read the journal from the agent: %w", err)
	}
	if err := begin(x); err != nil {
		return err
	}
	for {
		var s journal.Sealed
		if err := d.Decode(&s); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("cannot read the journal from the agent: %w", err)
		}
		if err := visit(s); err != nil {
			return err
		}
	}
}

// entries walks without looking at seals.
func (e *env) entries(ctx context.Context, visit func(journal.Entry) error) error {
	return e.walk(ctx, func(journal.Extent) error { return nil }, func(s journal.Sealed) error {
		entry, err := s.Entry()
		if err != nil {
			return fmt.Errorf("cannot read the journal: %w: see stigwatch journal verify", err)
		}
		return visit(entry)
	})
}

// stateDir is the folder of the journal.
func (e *env) stateDir() (string, error) {
	cfg, _, err := config.LoadAll(e.flags.config, e.options(slog.LevelWarn).Over)
	if cfg != nil { // mistakes in it are status' to tell
		return cfg.StateDir, nil
	}
	return "", err
}
