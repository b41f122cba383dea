package alert

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/coreos/go-systemd/v22/journal"
)

// journald writes to the systemd journal, each value in a field of its own:
// journalctl STIGWATCH_RULE=V-250989.
type journald struct{}

// newJournald refuses at once where there is no journal: it does not come later.
func newJournald(Options) (Sink, error) {
	if !journal.Enabled() {
		return nil, errors.New("cannot use the systemd journal: it is not there")
	}
	return &journald{}, nil
}

// Send hands one entry to the journal. The library knows no context: it waits
// as long as the journal does not read.
func (*journald) Send(_ context.Context, batch []*Message) (int, error) {
	return one(batch, sendJournal)
}

func sendJournal(m *Message) error {
	err := journal.Send(clean(m.Text), journal.Priority(m.level()), journalFields(m))
	if err != nil {
		return fmt.Errorf("cannot write to the systemd journal: %w", err)
	}
	return nil
}

// Close has nothing to do: the library keeps its socket for the process.
func (*journald) Close() error { return nil }

func journalFields(m *Message) map[string]string {
	return map[string]string{
		"SYSLOG_IDENTIFIER":   appName,
		"STIGWATCH_SEQ":       strconv.FormatUint(m.Seq, 10),
		"STIGWATCH_ID":        clean(m.ID),
		"STIGWATCH_EVENT":     clean(string(m.Event)),
		"STIGWATCH_RULE":      clean(m.Rule),
		"STIGWATCH_STIG_ID":   clean(m.StigID),
		"STIGWATCH_SEVERITY":  clean(string(m.Severity)),
		"STIGWATCH_RESULT":    clean(string(m.Result)),
		"STIGWATCH_REASON":    clean(m.Reason),
		"STIGWATCH_FILE":      clean(m.File),
		"STIGWATCH_LINE":      strconv.Itoa(m.Line),
		"STIGWATCH_EXPECTED":  clean(m.Expected),
		"STIGWATCH_ACTUAL":    clean(m.Actual),
		"STIGWATCH_ASSURANCE": clean(string(m.Assurance)),
		"STIGWATCH_CODE":      clean(m.Code),
	}
}
