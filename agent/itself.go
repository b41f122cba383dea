package agent

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"stigwatch/agent/selfwatch"
	"stigwatch/agent/watch"
)

const (
	itselfPrefix = "itself:" // of the watch's paths that are the agent's own
	keptItself   = "itself"  // under which the journal keeps the last picture

	// itselfSettles is how long a change of the agent itself is let come to rest: an
	// installation takes a file away, writes it anew, and goes on to the next.
	itselfSettles = 100 * time.Millisecond
	itselfHold    = 250 * time.Millisecond // who it was is waited for, at most, if not longer by the configuration
)

// itself is the loop's side of watching what the agent consists of.
type itself struct {
	picture *selfwatch.Picture // the last one, of an earlier run until the first of this one; nil: none
	looked  bool               // there was a look in this run
	busy    bool               // a look is under way
	again   bool               // something may have changed since it began
	dirs    []string           // of it that are watched
	since   time.Time          // the first sign of that; zero: nothing tells of it
}

// glance is an order to look.
type glance struct {
	options selfwatch.Options
	before  *selfwatch.Picture
	blame   *blame
	since   time.Time
}

// glimpse is what came of it.
type glimpse struct {
	picture *selfwatch.Picture
	changes []ownChange
	dirs    []string // to watch now
	err     error
}

// takeUpItself finds how the agent was when an earlier run last looked.
func (l *loop) takeUpItself() {
	if l.a.store.journal == nil {
		return
	}
	var p selfwatch.Picture
	if kept := l.a.store.journal.Kept(keptItself); kept != nil && json.Unmarshal(kept, &p) == nil {
		l.itself.picture = &p
	}
}

// consists says what the agent consists of under the configuration that is live.
func (l *loop) consists() selfwatch.Options {
	o, p := *l.a.itself, l.a.parts
	o.Policies, o.Mappings = p.Engine.Digest, p.Config.MappingDirs
	for name := range p.Files {
		if !slices.Contains(o.Mappings, filepath.Dir(name)) {
			o.Config = append(o.Config, name)
		}
	}
	sort.Strings(o.Config)
	for i := range p.Config.Sinks {
		o.Sinks = append(o.Sinks, p.Config.Sinks[i].Certificates()...)
	}
	if w := l.a.watcher; w != nil {
		o.Busy = func(p string) bool { return w.Busy(itselfPrefix + p) }
	}
	return o
}

// itselfWatched gives the watch's paths of the agent itself.
func (l *loop) itselfWatched() (files, dirs []string) {
	if l.a.itself == nil {
		return nil, nil
	}
	o := l.consists()
	return watchedOf(&o)
}

func watchedOf(o *selfwatch.Options) (files, dirs []string) {
	files, dirs = o.Watched()
	for _, list := range [][]string{files, dirs} {
		for i := range list {
			list[i] = itselfPrefix + list[i]
		}
	}
	return files, dirs
}

// itselfSaid takes the agent's own paths out of an event, and has them looked at.
func (l *loop) itselfSaid(e watch.Event) watch.Event {
	from, _ := slices.BinarySearch(e.Paths, itselfPrefix)
	to := from
	for to < len(e.Paths) && strings.HasPrefix(e.Paths[to], itselfPrefix) {
		to++
	}
	if to > from {
		e.Paths = slices.Delete(slices.Clone(e.Paths), from, to)
	}
	if to > from || e.All {
		l.lookAtItself(e.At)
	}
	return e
}

// lookAtItself has a goroutine look at all that the agent consists of, beside the
// loop. It waits for nothing.
func (l *loop) lookAtItself(since time.Time) {
	if l.a.itself == nil {
		return
	}
	it := &l.itself
	if it.since.IsZero() || !since.IsZero() && since.Before(it.since) {
		it.since = since
	}
	if it.busy {
		it.again = true
		return
	}
	g := glance{options: l.consists(), before: it.picture, since: it.since}
	if !it.since.IsZero() {
		g.blame = l.a.blame
	}
	it.busy, it.again, it.since = true, false, time.Time{}
	l.a.glances <- g // has room: the one before was answered
}

// lookingAtItself looks whenever the loop asks, until ctx ends.
func (a *Agent) lookingAtItself(ctx context.Context) error {
	seen := map[string]time.Time{} // when a path's change was asked about last
	for {
		select {
		case <-ctx.Done():
			return nil
		case g := <-a.glances:
			if !g.since.IsZero() {
				wait(ctx, itselfSettles)
			}
			got := a.glance(ctx, g, seen)
			select {
			case a.requests <- func(l *loop) { l.lookedAtItself(got) }:
			case <-ctx.Done():
				return nil
			}
		}
	}
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// glance looks, compares, and asks who it was.
func (a *Agent) glance(ctx context.Context, g glance, seen map[string]time.Time) glimpse {
	picture, err := g.options.Look(g.before)
	got := glimpse{picture: picture, err: err}
	_, got.dirs = watchedOf(&g.options)
	if err != nil || g.before == nil {
		return got
	}
	asked := g.blame.itself(ctx, &g, seen)
	for _, c := range selfwatch.Changes(g.before, picture) {
		one := ownChange{Change: c}
		if c.Path != "" && asked != nil {
			by := asked.ask(c.Path)
			one.by = &by
		}
		got.changes = append(got.changes, one)
	}
	return got
}

// itself makes an inquiry about the agent's own files, off the way of other alerts.
func (b *blame) itself(ctx context.Context, g *glance, seen map[string]time.Time) *inquiry {
	if b == nil || len(b.cfg.Sources) == 0 {
		return nil
	}
	own := &blame{cfg: b.cfg, finder: b.finder, paths: itselfPaths{b.paths}, seen: seen}
	own.cfg.Wait = max(own.cfg.Wait, itselfHold)
	own.root = func() string { return filepath.Join("/", g.options.Root) }
	return &inquiry{blame: own, ctx: ctx, event: watch.Event{At: g.since}}
}

// itselfPaths resolves the agent's own paths, named as on the machine.
type itselfPaths struct{ paths watch.Resolver }

// Hops is watch.Resolver's.
func (r itselfPaths) Hops(path string) ([]watch.Hop, error) { return r.paths.Hops(itselfPrefix + path) }

// lookedAtItself tells what is another than before, and what stands wrong.
func (l *loop) lookedAtItself(got glimpse) {
	it := &l.itself
	it.busy = false
	first := !it.looked
	if got.err != nil {
		l.a.o.Log.Warn("cannot look at the agent's own files", "error", got.err)
	} else {
		before := it.picture
		it.looked, it.picture = true, got.picture
		l.tellItself(before, got, first)
	}
	if !slices.Equal(got.dirs, it.dirs) { // nobody saw what happened in a new one since
		l.watch(l.files, l.dirs)
		it.again, it.since = true, time.Now()
	}
	if it.again { // the picture may be older than what was loaded since
		l.lookAtItself(it.since)
	} else if got.err == nil {
		l.standsWrong()
	}
}

// loadedAnew takes note that all of the configuration was loaded, and looks again: it
// may name other files now, or have been changed meanwhile.
func (l *loop) loadedAnew() {
	l.a.conds.replace(codeNotLoaded, nil)
	l.lookAtItself(time.Now())
}
