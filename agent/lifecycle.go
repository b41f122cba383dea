package agent

import (
	"context"
	"encoding/json"
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

	version  string             // of the stigwatch that ran; "": not known
	migrated *journal.Migration // how its journal was brought to what this one writes
}

// keptVersion is the name under which the journal keeps which stigwatch used it last.
const keptVersion = "version"

// beginLife takes down what the journal says of the life before, and that this one
// begins.
func (a *Agent) beginLife(j *journal.Journal) {
	a.earlier = lifeBefore(j)
	a.earlier.migrated = j.Migrated()
	_ = json.Unmarshal(j.Kept(keptVersion), &a.earlier.version) // nothing was kept before the first start
	start := lifeRecord(a.parts, journal.Start, a.o.Version, "")
	if was := a.earlier.version; was != a.o.Version {
		body, _ := start.Body.(agentBody)
		body.Previous = was
		start.Body = body
	}
	j.PutKept(map[string]any{keptVersion: a.o.Version}, nil, start)
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
	l.tellCondition(noJournal)
	e := l.a.earlier
	if !e.known {
		return
	}
	now := l.a.started
	gap := max(now.Sub(e.until), 0).Round(time.Second)
	text := fmt.Sprintf("; it had stopped in good order at %s, nothing was watched for %s", utc(e.until), gap)
	severity := finding.Severity("")
	if !e.clean {
		severity = finding.Medium
		text = fmt.Sprintf("; it had not stopped in good order: the last sign of life before is of %s, "+
			"and for up to %s nothing was watched", utc(e.until), gap)
	}
	text = e.another(l.a.o.Version) + text
	l.tell(alert.AgentMessage(alert.CodeStarted, text, severity, l.a.parts.Name, l.nextSeq(), now))
}

// another says what started, and what is another than before.
func (e *earlier) another(version string) string {
	text := "started"
	if e.version != "" && e.version != version {
		text += fmt.Sprintf(" as version %s, it was %s before", version, e.version)
	}
	if m := e.migrated; m != nil {
		text += fmt.Sprintf("; the journal was brought from schema %d to %d, and what it was is kept as %s", m.From, m.To, m.Copy)
	}
	return text
}

// tellCondition tells every sink of a condition that came before there were any.
func (l *loop) tellCondition(code string) {
	for _, c := range l.a.conds.list() {
		if c.Code == code {
			l.tell(alert.AgentMessage(code, c.Message, finding.Medium, l.a.parts.Name, l.nextSeq(), time.Now()))
		}
	}
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
