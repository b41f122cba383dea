package agent

import (
	"context"
	"fmt"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
)

// earlier is what the journal says of the agent's life before this one.
type earlier struct {
	known bool      // there was one
	clean bool      // it was stopped on request
	until time.Time // when it stopped, or else its last sign of life
}

// lastEntries is how far back the stop is looked for: only what the sinks were done
// with at the very end comes after it.
const lastEntries = 256

// lifeBefore reads the end of a journal, before this life is recorded in it.
func lifeBefore(j *journal.Journal) earlier {
	var e earlier
	after := j.Head().N - min(j.Head().N, lastEntries)
	_ = j.Walk(after, func(journal.Extent) error { return nil }, func(s journal.Sealed) error {
		entry, err := s.Entry()
		if err != nil {
			return nil // the journal's verification tells of it
		}
		switch {
		case entry.Kind == journal.Stop:
			e = earlier{known: true, clean: true, until: entry.At}
		case e.clean && afterTheEnd(entry.Kind):
		default:
			e = earlier{known: true, until: entry.At}
		}
		return nil
	})
	return e
}

// afterTheEnd are the kinds of entries that may follow the stop in one life.
func afterTheEnd(k journal.Kind) bool {
	return k == journal.Delivered || k == journal.Dropped || k == journal.Compacted || k == journal.Gap
}

// looping runs the loop, and when that ends has the
// last message told: stopping ends when the agent is asked to, running also when a part
// of it failed.
func (a *Agent) looping(stopping, running context.Context) error {
	l := newLoop(a)
	err := l.run(running)
	why := err
	if stopping.Err() != nil {
		why = nil
	} else if why == nil {
		why = context.Cause(running)
	}
	l.ended(why)
	return err
}

// begun tells every sink since when nothing was watched. The very first start has
// nothing to tell: the first pass says all there is.
func (l *loop) begun() {
	e := l.a.earlier
	if !e.known {
		return
	}
	now := l.a.started
	gap := max(now.Sub(e.until), 0).Round(time.Second)
	text := fmt.Sprintf("started; it had stopped in good order at %s, nothing was watched for %s", utc(e.until), gap)
	severity := finding.Severity("")
	if !e.clean {
		severity = finding.Medium
		text = fmt.Sprintf("started; it had not stopped in good order: the last sign of life before is of %s, "+
			"and for up to %s nothing was watched", utc(e.until), gap)
	}
	l.tell(alert.AgentMessage(alert.CodeStarted, text, severity, l.a.parts.Name, l.nextSeq(), now))
}

// ended is the last message, to every sink; why is nil when the agent was asked to
// stop.
func (l *loop) ended(why error) {
	text, severity := "stopped on request; nothing is watched from now on", finding.Severity("")
	if why != nil {
		text, severity = fmt.Sprintf("stopped, because a part of it failed: %v; nothing is watched from now on", why), finding.Medium
	}
	l.tell(alert.AgentMessage(alert.CodeStopped, text, severity, l.a.parts.Name, l.nextSeq(), time.Now()))
}

func utc(t time.Time) string { return t.UTC().Format(time.RFC3339) }
