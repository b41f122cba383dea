// Package maintenance keeps the book of announced maintenance: which windows are
// open, what changed in each, and what has to be told at full rank once the last
// window that covers a rule has ended.
//
// A window's end is a time of the wall clock, so that it means the same after a
// restart. A clock that jumps moves the end with it; one that is set back to
// before the opening ends the window.
package maintenance

import (
	"errors"
	"maps"
	"slices"
	"time"

	"stigwatch/agent/finding"
)

// MostOpen is how many windows may be open at once.
const MostOpen = 16

// setBack is how far a clock may be set back to before an opening.
const setBack = time.Minute

// ErrFull says that no more windows may be open.
var ErrFull = errors.New("too many windows are open")

// Window is one that is open.
type Window struct {
	ID      string                     `json:"id"`
	Ticket  string                     `json:"ticket"`
	Reason  string                     `json:"reason"`
	Rules   []string                   `json:"rules"` // sorted; empty: all
	By      string                     `json:"by"`    // user who opened it
	UID     uint32                     `json:"uid"`   // of that user
	Opened  time.Time                  `json:"opened"`
	Until   time.Time                  `json:"until"`
	Changes uint64                     `json:"changes"` // so far
	Was     map[string]finding.Outcome `json:"was"`     // of each rule that changed: its outcome at the opening
}

// Covers tells whether the window is for a rule.
func (w *Window) Covers(rule string) bool {
	return len(w.Rules) == 0 || slices.Contains(w.Rules, rule)
}

// over tells whether the window has ended.
func (w *Window) over(now time.Time) bool {
	return !now.Before(w.Until) || now.Before(w.Opened.Add(-setBack))
}

// Book is all windows that are open, in the order of their opening.
type Book struct {
	Windows []Window                  `json:"windows"`
	Told    map[string]finding.Result `json:"told"` // of each rule that changed in a window: what was told of it at full rank
}

// Open adds a window.
func (b *Book) Open(w Window) error {
	if len(b.Windows) >= MostOpen {
		return ErrFull
	}
	w.Opened, w.Until = w.Opened.UTC().Round(0), w.Until.UTC().Round(0) // by the wall clock
	w.Was = map[string]finding.Outcome{}
	b.Windows = append(b.Windows, w)
	return nil
}

// Covering gives the ticket of the oldest window that a rule is in.
func (b *Book) Covering(rule string) (ticket string, covered bool) {
	for i := range b.Windows {
		if b.Windows[i].Covers(rule) {
			return b.Windows[i].Ticket, true
		}
	}
	return "", false
}

// Note counts a change of a rule that a window covers.
func (b *Book) Note(c *finding.Change) {
	rule := c.Result.Rule
	for i := range b.Windows {
		if b.Windows[i].Covers(rule) {
			b.Windows[i].Changes++
		}
	}
	b.Stood(rule, c.Was)
}

// Stood takes down how a rule stood before it changed in the windows that cover it,
// unless that is known.
func (b *Book) Stood(rule string, was finding.Result) {
	if _, covered := b.Covering(rule); !covered {
		return
	}
	for i := range b.Windows {
		w := &b.Windows[i]
		if _, known := w.Was[rule]; !known && w.Covers(rule) {
			w.Was[rule] = was.Outcome
		}
	}
	if _, known := b.Told[rule]; known {
		return
	}
	if b.Told == nil {
		b.Told = map[string]finding.Result{}
	}
	b.Told[rule] = was
}

// Due gives the ids of the windows that have ended.
func (b *Book) Due(now time.Time) []string {
	var ids []string
	for i := range b.Windows {
		if b.Windows[i].over(now) {
			ids = append(ids, b.Windows[i].ID)
		}
	}
	return ids
}

// Next is when the next window ends; false when none is open.
func (b *Book) Next() (at time.Time, any bool) {
	for i := range b.Windows {
		if u := b.Windows[i].Until; !any || u.Before(at) {
			at, any = u, true
		}
	}
	return at, any
}

// End takes a window out. With it come the rules that changed and that no window
// covers any more, as they were told last at full rank; ok is false when there is
// no such window.
func (b *Book) End(id string) (w Window, uncovered map[string]finding.Result, ok bool) {
	i := slices.IndexFunc(b.Windows, func(w Window) bool { return w.ID == id })
	if i < 0 {
		return Window{}, nil, false
	}
	w = b.Windows[i]
	b.Windows = slices.Delete(b.Windows, i, i+1)
	uncovered = map[string]finding.Result{}
	for rule, told := range b.Told {
		if _, covered := b.Covering(rule); !covered {
			uncovered[rule] = told
			delete(b.Told, rule)
		}
	}
	return w, uncovered, true
}

// Left gives the changes that have to be told again: how each rule that is not
// covered any more differs, as it stands now, from what was told of it. Their
// results have a turn of their own.
func Left(rules map[string]*finding.Rule, uncovered, now map[string]finding.Result, at time.Time) []finding.Change {
	var after []finding.Result
	told := map[string]finding.Result{}
	for _, id := range slices.Sorted(maps.Keys(uncovered)) {
		was, is := uncovered[id], now[id]
		if rules[id] == nil || is.Rule == "" || was.Outcome == "" && is.Outcome != finding.Fail {
			continue
		}
		was.Turn = is.Turn // counts on from what was told for information
		told[id] = was
		after = append(after, is)
	}
	return finding.Diff(rules, told, after, at)
}

// Clone is the book as it is now, which does not change any more.
func (b *Book) Clone() *Book {
	out := &Book{Windows: slices.Clone(b.Windows), Told: maps.Clone(b.Told)}
	for i := range out.Windows {
		out.Windows[i].Was = maps.Clone(out.Windows[i].Was)
	}
	return out
}
