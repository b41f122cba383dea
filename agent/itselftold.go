package agent

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"strings"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/finding"
	"stigwatch/agent/host"
	"stigwatch/agent/journal"
	"stigwatch/agent/selfwatch"
)

// The codes of the alert and of the conditions about what the agent consists of.
const (
	codeItself    = "self-changed"
	codeNotLoaded = "config-not-loaded"
	codeReplaced  = "binary-replaced"
)

// maxOwn is how many changes of one look have an alert each; all are recorded.
const maxOwn = 20

// ownChange is a change of the agent itself, with who made it.
type ownChange struct {
	selfwatch.Change
	by *blamed // nil: nobody was asked
}

// itselfBody is the body of an entry about what the agent consists of.
type itselfBody struct {
	Text string         `json:"text"`
	Kind selfwatch.Kind `json:"kind"`
	File string         `json:"file"`
	From string         `json:"from"`
	To   string         `json:"to"`
	By   *alert.Who     `json:"who,omitempty"`
}

// tellItself tells changes: each in an alert, but those of another version in one.
func (l *loop) tellItself(before *selfwatch.Picture, got glimpse, down bool) {
	changes := got.changes
	var records []journal.Record
	if down && before != nil && before.Version != got.picture.Version {
		var with []ownChange
		with, changes = ofVersion(changes)
		records = append(records, l.tellVersion(before.Version, got.picture.Version, with)...)
	}
	if n := len(changes); n > maxOwn {
		records = append(records, l.tellOwn(ownChange{Change: selfwatch.Change{
			Kind: changes[maxOwn].Kind, Text: fmt.Sprintf("%d more of what it consists of were changed: stigwatch history", n-maxOwn),
		}}, down, true)...)
	}
	for i, c := range changes {
		records = append(records, l.tellOwn(c, down, i < maxOwn)...)
	}
	if before == nil || len(records) > 0 || before.Version != got.picture.Version {
		l.a.store.putKept(map[string]any{keptItself: got.picture}, nil, records...)
		l.wake()
	}
}

// ofVersion takes out what comes with another version: all that a package puts there.
func ofVersion(changes []ownChange) (with, rest []ownChange) {
	for _, c := range changes {
		switch c.Kind {
		case selfwatch.Binary, selfwatch.Policies, selfwatch.Unit:
			with = append(with, c)
		default:
			rest = append(rest, c)
		}
	}
	return with, rest
}

// tellVersion tells what came with another version. That it is another, agent-started
// tells.
func (l *loop) tellVersion(was, is string, with []ownChange) []journal.Record {
	if len(with) == 0 {
		return nil
	}
	c := ownChange{Change: selfwatch.Change{Kind: selfwatch.Binary, Path: l.a.itself.Binary, From: was, To: is}}
	var texts []string
	for _, w := range with {
		texts = append(texts, w.Text)
	}
	c.Text = fmt.Sprintf("with version %s, after %s: %s", is, was, strings.Join(texts, "; "))
	return l.tellOne(c, c.Text, "", true)
}

// tellOwn tells one change with what follows of it.
func (l *loop) tellOwn(c ownChange, down, alerts bool) []journal.Record {
	text := c.Text
	if down {
		text = "while it was down: " + text
	} else {
		text += l.follows(&c)
	}
	severity := finding.Severity("")
	if c.Grave() {
		severity = finding.Medium
	}
	return l.tellOne(c, text, severity, alerts)
}

// follows says what a change means while the agent runs.
func (l *loop) follows(c *ownChange) string {
	switch {
	case c.Kind == selfwatch.Binary && !c.There:
		return "; it goes on until it is stopped, and cannot start again"
	case c.Kind == selfwatch.Binary && l.itself.picture.Parts[c.Path].Digest != l.itself.picture.Running:
		return "; it goes on as the old one until restarted"
	case c.Kind == selfwatch.Config && l.notLoaded(c.Path):
		return "; that is not loaded: stigwatch reload"
	}
	return ""
}

// tellOne offers one alert, and gives what has to be recorded.
func (l *loop) tellOne(c ownChange, text string, severity finding.Severity, alerts bool) []journal.Record {
	now := time.Now()
	var by *alert.Who
	if c.by != nil && c.by.who != nil {
		by = c.by.who
		text += "; by " + by.Text()
	}
	records := []journal.Record{{Kind: journal.Self, At: now, Body: itselfBody{text, c.Kind, c.Path, c.From, c.To, by}}}
	if !alerts {
		return records
	}
	l.a.o.Log.Warn(text, "code", codeItself)
	m := alert.FileMessage(codeItself, text, c.Path, severity, l.a.parts.Name, l.nextSeq(), now)
	m.Who = by
	l.a.store.telling(journal.Told{Seq: m.Seq})
	l.offer(&m)
	if c.by != nil && !c.by.final {
		select {
		case l.a.blame.late <- followUp{q: c.by.q, until: now.Add(followFor), m: &m, file: c.Path}:
		default: // maxFollowed says what that means
		}
	}
	return append(records, journal.Record{Kind: journal.Alert, At: now, Seq: m.Seq, Body: &m})
}

// standsWrong keeps the conditions that the configuration on disk is not the one that
// is loaded, and that another binary than the running one would start next.
func (l *loop) standsWrong() {
	p := l.itself.picture
	stale := map[string]string{}
	for _, names := range []iter.Seq[string]{maps.Keys(p.Parts), maps.Keys(l.a.parts.Files)} {
		for name := range names {
			if l.notLoaded(name) {
				stale[name] = "there is a change that is not loaded (stigwatch reload)"
			}
		}
	}
	l.a.conds.replace(codeNotLoaded, stale)
	at := l.a.itself.Binary
	binary, known := p.Parts[at]
	switch {
	case !known || p.Running == "" || binary.There && binary.Digest == p.Running:
		l.a.conds.clear(codeReplaced)
	case !binary.There:
		l.a.conds.set(codeReplaced, "there is no binary any more to start again", at)
	default:
		l.a.conds.set(codeReplaced, "there is another binary than the one that runs (systemctl restart stigwatch)", at)
	}
}

// notLoaded tells whether a file of the configuration is another on disk than the one
// that is loaded. One that need not be there is as good as an empty one.
func (l *loop) notLoaded(name string) bool {
	nothing := host.Digest(nil)
	is := l.itself.picture.Parts[name]
	loaded, known := l.a.parts.Files[name]
	if is.Kind != selfwatch.Config && !known {
		return false
	}
	if is.There && is.Digest == "" {
		return false // it cannot be read, which a reload will say
	}
	return cmp.Or(is.Digest, nothing) != cmp.Or(loaded, nothing)
}
