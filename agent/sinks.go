package agent

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"stigwatch/agent/alert"
)

// way is one sink of the configuration with the outlet that serves it.
type way struct {
	cfg    alert.Config
	outlet *alert.Outlet
	end    context.CancelCauseFunc // of the outlet's own context
}

// errRemoved is the cause of the end of an outlet whose sink is gone from the
// configuration.
var errRemoved = errors.New("the sink was removed")

// sinks are those that are served now, in the configuration's order. Any goroutine
// may ask; what it gets does not change any more.
func (a *Agent) sinks() []way {
	if s := a.ways.Load(); s != nil {
		return *s
	}
	return nil
}

// named finds a sink; nil when there is none of this name.
func named(list []way, name string) *way {
	i := slices.IndexFunc(list, func(s way) bool { return s.cfg.Name == name })
	if i < 0 {
		return nil
	}
	return &list[i]
}

// goesOn tells whether the outlet that serves one configuration may serve another:
// what differs is none of its business.
func goesOn(a, b alert.Config) bool {
	for _, c := range []*alert.Config{&a, &b} {
		c.Heartbeat, c.MaxWait, c.MaxQueued = "", "", 0
	}
	return reflect.DeepEqual(a, b)
}

// openSinks opens, by name, what a configuration needs besides what is served
// already. When one cannot be opened none stays open.
func (a *Agent) openSinks(configs []alert.Config) (map[string]alert.Sink, error) {
	opened := map[string]alert.Sink{}
	for _, c := range configs {
		if s := named(a.sinks(), c.Name); s != nil && goesOn(s.cfg, c) {
			continue
		}
		sink, err := a.newSink(alert.Options{Config: c, Version: a.o.Version, Out: a.o.Stdout})
		if err != nil {
			err = fmt.Errorf("cannot open sink %q: %w", c.Name, err)
			for _, s := range opened {
				err = errors.Join(err, s.Close())
			}
			return nil, err
		}
		opened[c.Name] = sink
	}
	return opened, nil
}

// serveSinks serves these sinks from now on, with what openSinks opened for them. A
// sink that was served otherwise is handed over, with its place in the store; one
// that is gone sends what it can within a second. Only the loop calls it, or who
// comes before it.
func (a *Agent) serveSinks(configs []alert.Config, opened map[string]alert.Sink) {
	was := a.sinks()
	a.store.setSinks(configs)
	next := make([]way, 0, len(configs))
	for _, c := range configs {
		s := way{cfg: c}
		old := named(was, c.Name)
		switch sink := opened[c.Name]; {
		case sink == nil:
			s.outlet, s.end = old.outlet, old.end
		case old == nil:
			s.outlet = a.newOutlet(c, sink, a.leaving[c.Name])
		default:
			s.outlet = a.newOutlet(c, sink, old.outlet)
		}
		next = append(next, s)
	}
	a.ways.Store(&next)
	for i := range next {
		if next[i].end == nil {
			next[i].end = a.send(next[i].outlet, next[i].cfg.Name)
		}
	}
	for _, s := range was {
		switch now := named(next, s.cfg.Name); {
		case now == nil:
			a.leaving[s.cfg.Name] = s.outlet
			s.end(errRemoved)
		case now.outlet != s.outlet:
			s.end(alert.ErrHandOver)
		}
	}
}

func (a *Agent) newOutlet(c alert.Config, sink alert.Sink, follows *alert.Outlet) *alert.Outlet {
	return alert.NewOutlet(sink, alert.OutletOptions{
		Config: c, Spool: &a.store, Follows: follows, OnDropped: func(n uint64) { a.dropped(c.Name, n) },
	})
}

// lastWord is how long the agent waits at its end for an outlet, which gives itself a
// second to send what is left.
const lastWord = 1500 * time.Millisecond

// errStuck is why an outlet is not waited for: a write to a pipe or a journal that nobody
// reads ends when the process does. What the sink did not take is in the store.
var errStuck = errors.New("it does not end: what it writes to takes nothing, and cannot be interrupted")

// sending runs one outlet. What it could not deliver before the end is said, and
// is no reason for the agent to fail. The loop is told when a removed one has ended.
func (a *Agent) sending(ctx, all context.Context, o *alert.Outlet, name string) error {
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }() // outside the group, which waits for each of its own
	if err := orLeave(all, ended); err != nil {
		a.o.Log.Error("alerts were left undelivered", "sink", name, "error", err)
	}
	if errors.Is(context.Cause(ctx), errRemoved) {
		select {
		case a.requests <- func(l *loop) { l.left(name, o) }:
		case <-all.Done(): // the next start forgets it
		}
	}
	return nil
}

// orLeave waits for an outlet's end, for no longer than lastWord after all have to end.
func orLeave(all context.Context, ended <-chan error) error {
	select {
	case err := <-ended:
		return err
	case <-all.Done():
	}
	late := time.NewTimer(lastWord)
	defer late.Stop()
	select {
	case err := <-ended:
		return err
	case <-late.C:
		return errStuck
	}
}

// left forgets a sink whose last outlet has ended, unless it is there again. What
// it did not send is recorded.
func (l *loop) left(name string, o *alert.Outlet) {
	if l.a.leaving[name] != o {
		return
	}
	delete(l.a.leaving, name)
	if named(l.a.sinks(), name) != nil {
		return
	}
	l.a.store.forget(name)
	l.a.conds.clear(alert.CodeDropped + " " + name)
}
