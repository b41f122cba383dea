package alert

import (
	"context"
	"fmt"
	"io"
	"os"
)

// stdout writes one line for a person.
type stdout struct{ out io.Writer }

func newStdout(o Options) (Sink, error) {
	if o.Out == nil {
		o.Out = os.Stdout
	}
	return &stdout{out: o.Out}, nil
}

// Send writes one line for each.
func (s *stdout) Send(_ context.Context, batch []*Message) (int, error) {
	return one(batch, s.line)
}

func (s *stdout) line(m *Message) error {
	const clock = "2006-01-02T15:04:05.000Z07:00"
	_, err := fmt.Fprintf(s.out, "%s  %-7s  %s\n", m.Time.UTC().Format(clock), m.level(), clean(m.Text))
	if err != nil {
		return fmt.Errorf("cannot write an alert: %w", err)
	}
	return nil
}

// Close leaves the writer open: it is the caller's.
func (*stdout) Close() error { return nil }
