// Package remedy decides when a failing rule is put right by itself: what was tried,
// what was set back, and when to leave a rule alone and say so. It knows no clock of
// its own and changes nothing; its Book is kept in the journal, so that a restart
// forgets no fight.
package remedy

import (
	"fmt"
	"slices"
	"time"
)

// mostFailures is how many tries in a row may fail before a rule is left alone.
const mostFailures = 3

// Bounds are the site's.
type Bounds struct {
	Times  int           // so often set back
	Within time.Duration // in so long a time, and the rule is left alone
}

// Book is what happened so far.
type Book struct {
	Rules map[string]*Rule  `json:"rules"`
	Told  map[string]string `json:"told"`  // plan → the state that was told
	Modes map[string]string `json:"modes"` // rule → mode, where it is not alert
}

// Rule is one rule so far.
type Rule struct {
	Plan      string      `json:"plan"`       // the last that was done for it by itself
	At        time.Time   `json:"at"`         // when
	Back      []time.Time `json:"back"`       // when the setting was changed back
	Failures  int         `json:"failures"`   // tries in a row
	NotBefore time.Time   `json:"not_before"` // the next try
	Said      string      `json:"said"`       // why the last try came to nothing
	Stopped   string      `json:"stopped"`    // why the rule is left alone; empty: it is not
	StoppedAt time.Time   `json:"stopped_at"`
}

func (b *Book) rule(id string) *Rule {
	if b.Rules == nil {
		b.Rules = map[string]*Rule{}
	}
	if b.Rules[id] == nil {
		b.Rules[id] = &Rule{}
	}
	return b.Rules[id]
}

// Of gives what happened to a rule; its zero value when nothing did.
func (b *Book) Of(id string) Rule {
	if r := b.Rules[id]; r != nil {
		return *r
	}
	return Rule{}
}

// May tells whether a failing rule may be put right now.
func (b *Book) May(id string, now time.Time) bool {
	r := b.Of(id)
	return r.Stopped == "" && !now.Before(r.NotBefore)
}

// Fell takes note that a rule fails anew. It gives why the rule is left alone from
// now on, when that is so because it was set back too often.
func (b *Book) Fell(id string, now time.Time, o Bounds) (stopped string) {
	r := b.Of(id)
	if r.Plan == "" || r.Stopped != "" || now.Sub(r.At) > o.Within {
		return ""
	}
	mine := b.rule(id)
	mine.Back = append(slices.DeleteFunc(mine.Back, func(t time.Time) bool { return now.Sub(t) > o.Within }), now)
	if len(mine.Back) < o.Times {
		return ""
	}
	return b.stop(id, fmt.Sprintf("it was set back %d times within %s", len(mine.Back), o.Within), now)
}

// Done takes note that a plan put a rule right.
func (b *Book) Done(id, plan string, now time.Time) {
	r := b.rule(id)
	r.Plan, r.At, r.Failures, r.NotBefore, r.Said = plan, now, 0, time.Time{}, ""
}

// Failed takes note of a try that came to nothing, and gives whether that is news,
// and why the rule is left alone from now on, if it is. Tries come more and more
// seldom: after one minute, two, four.
func (b *Book) Failed(id, why string, now time.Time) (news bool, stopped string) {
	r := b.rule(id)
	news = r.Said != why
	r.Failures++
	r.Said, r.NotBefore = why, now.Add(time.Minute<<min(r.Failures-1, 6))
	if r.Failures < mostFailures {
		return news, ""
	}
	return news, b.stop(id, fmt.Sprintf("%d tries came to nothing: %s", r.Failures, why), now)
}

// Wait puts the next try of a rule off without counting a failure, and gives whether
// the reason is news: the enforcer is not there, or the rule is for people.
func (b *Book) Wait(id, why string, until time.Time) (news bool) {
	r := b.rule(id)
	news = r.Said != why
	r.Said, r.NotBefore = why, until
	return news
}

func (b *Book) stop(id, why string, now time.Time) string {
	r := b.rule(id)
	r.Stopped, r.StoppedAt = why, now
	return why
}

// Stop leaves a rule alone, for a reason of the caller's.
func (b *Book) Stop(id, why string, now time.Time) (news bool) {
	if b.Of(id).Stopped != "" {
		return false
	}
	b.stop(id, why, now)
	return true
}

// Resume takes a rule up again, and tells whether it had been left alone.
func (b *Book) Resume(id string) bool {
	was := b.Of(id)
	delete(b.Rules, id)
	return was.Stopped != ""
}

// Changed takes in the mode of a rule, and gives the one that it had before, when it
// is another one. A rule without a mode is in the mode alert.
func (b *Book) Changed(id, mode string) (was string, changed bool) {
	was = b.Modes[id]
	if was == "" {
		was = "alert"
	}
	if was == mode {
		return was, false
	}
	if b.Modes == nil {
		b.Modes = map[string]string{}
	}
	b.Modes[id] = mode
	if mode == "alert" {
		delete(b.Modes, id)
	}
	return was, true
}

// Clone is a copy that nobody changes any more.
func (b *Book) Clone() *Book {
	out := &Book{Rules: map[string]*Rule{}, Told: map[string]string{}, Modes: map[string]string{}}
	for id, r := range b.Rules {
		one := *r
		one.Back = slices.Clone(r.Back)
		out.Rules[id] = &one
	}
	for k, v := range b.Told {
		out.Told[k] = v
	}
	for k, v := range b.Modes {
		out.Modes[k] = v
	}
	return out
}
