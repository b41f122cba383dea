package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
)

// reload builds everything anew and swaps it in. When the new configuration has
// a mistake the old one stays, and status says so.
func (l *loop) reload(ctx context.Context) {
	l.a.o.Reloading()
	defer l.a.o.Ready()
	next, err := build(l.a.o)
	if err == nil {
		err = l.swap(ctx, next)
	}
	was := l.a.reloads.Load()
	if err != nil {
		l.a.reloads.Store(&reloadState{loaded: was.loaded, err: err.Error()})
		l.a.conds.set("config-refused", err.Error(), l.a.parts.cfg.Path)
		l.a.store.put(nil, l.a.parts.record(journal.Config, l.a.o.Version, err.Error()))
		l.agentAlert("config-refused", fmt.Sprintf("the new configuration was refused, the one of %s stays live: %v", was.loaded.UTC().Format(time.RFC3339), err))
		l.publish(time.Now())
		return
	}
	l.a.reloads.Store(&reloadState{loaded: time.Now()})
	l.a.conds.clear("config-refused")
	l.a.tests.retime()
	l.a.store.put(nil, l.a.parts.record(journal.Config, l.a.o.Version, ""))
	l.a.recordPeople(time.Now())
	l.modes(time.Now())
	l.full(ctx)
	l.a.askAgain(l.a.parts.engine.Order)
}

// swap puts new parts in place. What only a restart can change is refused.
func (l *loop) swap(_ context.Context, next *parts) error {
	was := l.a.parts.cfg
	if was.StateDir != next.cfg.StateDir || was.RuntimeDir != next.cfg.RuntimeDir || was.Socket != next.cfg.Socket {
		next.close()
		return errors.New("cannot change state_dir or runtime_dir without a restart: systemctl restart stigwatch")
	}
	opened, err := l.a.openSinks(next.cfg.Sinks)
	if err != nil {
		next.close()
		return err
	}
	next.reader.Hold(l.a.watcher.Busy)
	old := l.a.parts
	next.asker.takeOver(old.asker)
	l.a.parts = next
	l.a.live.Store(next)
	l.a.serveSinks(next.cfg.Sinks, opened)
	l.beats.retime(next.cfg.Sinks, time.Now())
	l.askWho(next.cfg.Who)
	maps.DeleteFunc(l.before, func(id string, _ finding.Result) bool { return next.engine.Rules[id] == nil })
	next.reader.All()
	l.watch(next.watched())
	old.close()
	return nil
}
