package watch

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// batch is news that nobody took yet. It takes any amount in bounded space:
// beyond its limit it says All.
type batch struct {
	Event
	limit int
}

const maxReason = 256 // bytes, about

func (b *batch) empty() bool { return len(b.Paths) == 0 && !b.All }

func (b *batch) add(path string, at time.Time) {
	b.since(at)
	if b.All {
		return
	}
	i, known := slices.BinarySearch(b.Paths, path)
	if known {
		return
	}
	if len(b.Paths) >= b.limit {
		b.everything(fmt.Sprintf("more than %d changed paths were waiting", b.limit), at)
		return
	}
	b.Paths = slices.Insert(b.Paths, i, path)
}

func (b *batch) everything(reason string, at time.Time) {
	b.since(at)
	b.All, b.Paths = true, nil
	switch {
	case b.Reason == "":
		b.Reason = reason
	case len(b.Reason) < maxReason && !strings.Contains(b.Reason, reason):
		b.Reason += "; " + reason
	}
}

func (b *batch) since(at time.Time) {
	if b.At.IsZero() || at.Before(b.At) {
		b.At = at
	}
}

// merge adds an event that came back.
func (b *batch) merge(e Event) {
	if e.All {
		b.everything(e.Reason, e.At)
	}
	for _, path := range e.Paths {
		b.add(path, e.At)
	}
}

// take empties the batch.
func (b *batch) take() Event {
	e := b.Event
	b.Event = Event{}
	return e
}

func (e Event) has(path string) bool {
	_, ok := slices.BinarySearch(e.Paths, path)
	return ok
}
