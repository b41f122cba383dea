package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"stigwatch/agent/appliance"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
)

// reload builds everything anew and swaps it in. When the new configuration has
// a mistake the old one stays, and status says so.
func (l *loop) reload(ctx context.Context) {
	l.a.o.Reloading()
	defer l.a.o.Ready()
	next, err := appliance.Build(l.a.o.Options)
	if err == nil {
		err = l.swap(ctx, next)
	}
	was := l.a.reloads.Load()
	if err != nil {
		l.a.reloads.Store(&reloadState{loaded: was.loaded, tries: was.tries + 1, err: err.Error()})
		l.a.conds.set("config-refused", err.Error(), l.a.parts.Config.Path)
		l.a.store.put(nil, lifeRecord(l.a.parts, journal.Config, l.a.o.Version, err.Error()))
		l.agentAlert("config-refused", fmt.Sprintf("the new configuration was refused, the one of %s stays live: %v", was.loaded.UTC().Format(time.RFC3339), err))
		l.publish(time.Now())
		return
	}
	l.a.reloads.Store(&reloadState{loaded: time.Now(), tries: was.tries + 1})
	l.a.conds.clear("config-refused")
	l.loadedAnew()
	l.a.tests.retime()
	l.a.store.put(nil, lifeRecord(l.a.parts, journal.Config, l.a.o.Version, ""))
	l.a.recordPeople(time.Now())
	l.modes(time.Now())
	l.full(ctx)
	l.a.askAgain(l.a.parts.Engine.Order)
}

// swap puts new parts in place. What only a restart can change is refused.
func (l *loop) swap(_ context.Context, next *appliance.Parts) error {
	was := l.a.parts.Config
	if was.StateDir != next.Config.StateDir || was.RuntimeDir != next.Config.RuntimeDir || was.Socket != next.Config.Socket {
		next.Close()
		return errors.New("cannot change state_dir or runtime_dir without a restart: systemctl restart stigwatch")
	}
	if err := l.a.confined(next.Config); err != nil {
		next.Close()
		return err
	}
	opened, err := l.a.openSinks(next.Config.Sinks)
	if err != nil {
		next.Close()
		return err
	}
	next.Reader.Hold(l.a.watcher.Busy)
	old := l.a.parts
	next.Asker.TakeOver(old.Asker)
	l.a.parts = next
	l.a.live.Store(next)
	l.a.serveSinks(next.Config.Sinks, opened)
	l.beats.retime(next.Config.Sinks, time.Now())
	l.askWho(next.Config.Who)
	maps.DeleteFunc(l.before, func(id string, _ finding.Result) bool { return next.Engine.Rules[id] == nil })
	next.Reader.All()
	l.watch(next.Watched())
	old.Close()
	return nil
}
