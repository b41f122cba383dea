package enforcer

import (
	"context"
	"fmt"
	"time"

	"stigwatch/agent/appliance"
	"stigwatch/agent/socket"
)

// group may connect to the enforcer's socket; what it may ask is decided by user.
const group = "stigwatch"

// Run is the enforcer's process: it answers at its socket until ctx ends, or until
// nobody asked for idle (0: for ever) and no change waits to be confirmed. listen gives
// the socket; nil takes the one of the configuration. ready is called when it is taken.
func Run(ctx context.Context, o appliance.Options, eo Options, listen func() (*socket.Listener, error), idle time.Duration, ready func()) error {
	eo.serving = true
	e, ended, err := open(ctx, o, eo)
	if err != nil {
		return err
	}
	defer e.Close()
	for i := range ended {
		e.o.Log.Warn("what an earlier process left in the middle was ended", "job", ended[i].ID, "state", ended[i].State, "why", ended[i].Why)
	}
	if listen == nil {
		listen = func() (*socket.Listener, error) { return takeSocket(e.parts.Config.Enforce.Socket, group) }
	}
	l, err := listen()
	if err != nil {
		return err
	}
	ready()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() { defer close(done); e.keepTime(ctx) }()
	waits := func() bool { _, yes := e.Waits(); return yes || e.jobs.Unfinished() }
	err = newServer(serverOptions{Desk: e, Log: e.o.Log, Idle: idle, Busy: waits}).Run(ctx, l)
	cancel()
	<-done
	return err
}

// mostPatience is the longest that is waited before what could not be ended is tried
// again: each try has services take their files up.
const mostPatience = time.Minute

// keepTime takes back what nobody confirms in time, and tries again what a disk that
// refused has left in the middle, more and more seldom.
func (e *enforcer) keepTime(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	wait, next := time.Second, time.Time{}
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if now.Before(next) {
				continue
			}
		}
		if !e.due() {
			wait = time.Second
			continue
		}
		back, err := e.Overdue(ctx)
		if err != nil {
			e.o.Log.Error("cannot take back what has to be, it is tried again", "after", wait, "error", err)
			wait = min(2*wait, mostPatience)
			next = time.Now().Add(wait)
		}
		for i := range back {
			e.o.Log.Warn(fmt.Sprintf("%s is %s: %s", back[i].ID, back[i].State, back[i].Why))
		}
	}
}

// due says whether there is something to be taken back, or to be ended.
func (e *enforcer) due() bool {
	until, waits := e.Waits()
	return waits && !e.eo.Now().Before(until) || e.jobs.Unfinished()
}
