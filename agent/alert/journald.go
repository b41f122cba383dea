package alert

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

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

// journalFields are the same for every message, empty ones too, but for those of
// what only some messages have: Who and Counters.
func journalFields(m *Message) map[string]string {
	fields := map[string]string{
		"SYSLOG_IDENTIFIER":   appName,
		"STIGWATCH_SEQ":       strconv.FormatUint(m.Seq, 10),
		"STIGWATCH_ID":        clean(m.ID),
		"STIGWATCH_EVENT":     clean(string(m.Event)),
		"STIGWATCH_TIME":      instant(m.Time).Format(time.RFC3339Nano),
		"STIGWATCH_HOST":      clean(m.Host),
		"STIGWATCH_RULE":      clean(m.Rule),
		"STIGWATCH_STIG_ID":   clean(m.StigID),
		"STIGWATCH_TITLE":     clean(m.Title),
		"STIGWATCH_SEVERITY":  clean(string(m.Severity)),
		"STIGWATCH_RESULT":    clean(string(m.Result)),
		"STIGWATCH_PREVIOUS":  clean(string(m.Previous)),
		"STIGWATCH_REASON":    clean(m.Reason),
		"STIGWATCH_FACT":      clean(m.Fact),
		"STIGWATCH_FILE":      clean(m.File),
		"STIGWATCH_LINE":      strconv.Itoa(m.Line),
		"STIGWATCH_EXPECTED":  clean(m.Expected),
		"STIGWATCH_ACTUAL":    clean(m.Actual),
		"STIGWATCH_BEFORE":    clean(m.Before),
		"STIGWATCH_ASSURANCE": clean(string(m.Assurance)),
		"STIGWATCH_WAIVED":    strconv.FormatBool(m.Waived),
		"STIGWATCH_ANNOUNCED": clean(m.Announced),
		"STIGWATCH_CODE":      clean(m.Code),
		"STIGWATCH_HEAD":      clean(m.Head),
	}
	if m.Who != nil {
		addWho(fields, m.Who)
	}
	for name, n := range m.Counters {
		fields["STIGWATCH_COUNTER_"+fieldName(name)] = strconv.FormatUint(n, 10)
	}
	return fields
}

func addWho(fields map[string]string, w *Who) {
	fields["STIGWATCH_WHO"] = clean(w.Source)
	fields["STIGWATCH_WHO_LOGIN"] = clean(w.Login)
	fields["STIGWATCH_WHO_USER"] = clean(w.User)
	fields["STIGWATCH_WHO_PID"] = strconv.Itoa(w.PID)
	fields["STIGWATCH_WHO_COMMAND"] = clean(w.Command)
	fields["STIGWATCH_WHO_TERMINAL"] = clean(w.Terminal)
	fields["STIGWATCH_WHO_REMOTE"] = clean(w.Remote)
	fields["STIGWATCH_WHO_PACKAGE"] = clean(w.Package)
}

// fieldName makes of a name what the journal takes as part of a field's: capital
// letters, digits and underscores, 64 bytes as a whole
// (systemd.journal-fields(7)).
func fieldName(name string) string {
	const most = 64 - len("STIGWATCH_COUNTER_")
	name = strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(name))
	return name[:min(len(name), most)]
}
