package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/appliance"
	"stigwatch/agent/config"
	"stigwatch/agent/enforce"
	"stigwatch/agent/enforcer"
	"stigwatch/agent/socket"
)

// Hand does what a person asks of the enforcer: over its socket on the machine
// itself, in this process on a tree that is another's.
type Hand struct {
	client *api.Client
	here   *Enforcer
	ended  []api.Job
}

// TakeHand finds the enforcer. On the machine itself there is no way round its
// socket: nothing else may write there.
func TakeHand(ctx context.Context, o appliance.Options) (*Hand, error) {
	cfg, err := config.Load(o.ConfigPath, o.Over)
	if err != nil {
		return nil, err
	}
	if cfg.Root == "/" {
		return &Hand{client: api.DialEnforcer(cfg.Enforce.Socket)}, nil
	}
	here, ended, err := OpenEnforcer(ctx, o, EnforcerOptions{})
	if errors.Is(err, enforce.ErrHeld) {
		if _, gone := os.Stat(cfg.Enforce.Socket); gone != nil {
			return nil, fmt.Errorf("%w: another stigwatch command is at it, try again", err)
		}
		return &Hand{client: api.DialEnforcer(cfg.Enforce.Socket)}, nil
	}
	if err != nil {
		return nil, err
	}
	return &Hand{here: here, ended: ended}, nil
}

// Ended gives the jobs that an earlier process had left in the middle.
func (h *Hand) Ended() []api.Job { return h.ended }

// Close lets the enforcer go.
func (h *Hand) Close() error {
	if h.here != nil {
		return h.here.Close()
	}
	h.client.Close()
	return nil
}

// Apply closes rules.
func (h *Hand) Apply(ctx context.Context, q *api.ApplyRequest) (*api.Applied, error) {
	if h.here != nil {
		return h.here.Apply(ctx, ownPeer(), q)
	}
	return h.client.Apply(ctx, q)
}

// Undo takes a job back.
func (h *Hand) Undo(ctx context.Context, id string) (*api.Applied, error) {
	if h.here != nil {
		return h.here.Undo(ctx, ownPeer(), id)
	}
	return h.client.Undo(ctx, id)
}

// Confirm keeps a job that waits for it.
func (h *Hand) Confirm(ctx context.Context, id string) (*api.Applied, error) {
	if h.here != nil {
		return h.here.Confirm(ctx, ownPeer(), id)
	}
	return h.client.Confirm(ctx, id)
}

// Jobs tells what was done.
func (h *Hand) Jobs(ctx context.Context) (*api.Jobs, error) {
	if h.here != nil {
		return h.here.Jobs(ctx, ownPeer())
	}
	return h.client.Jobs(ctx)
}

// Plans tells what was applied and taken back, the newest first: what the enforcer
// says to everybody, or else what it answers.
func Plans(ctx context.Context, o appliance.Options) (*api.Jobs, error) {
	cfg, err := config.Load(o.ConfigPath, o.Over)
	if err != nil {
		return nil, err
	}
	jobs, err := api.ReadJobs(cfg.Enforce.Socket)
	if err == nil && jobs != nil {
		return &api.Jobs{Schema: api.Schema, Jobs: jobs}, nil
	}
	h, err := TakeHand(ctx, o)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return h.Jobs(ctx)
}

// ownPeer is this process, for what it asks of itself.
func ownPeer() socket.Peer {
	return socket.Peer{Known: true, UID: uint32(os.Geteuid()), PID: int32(os.Getpid())}
}

// enforcerGroup may connect to the enforcer's socket; what it may ask is decided by
// user.
const enforcerGroup = "stigwatch"

// RunEnforcer is the enforcer's process: it answers at its socket until ctx ends, or
// until nobody asked for idle (0: for ever) and no change waits to be confirmed.
// listen gives the socket; nil takes the one of the configuration. ready is called
// when it is taken.
func RunEnforcer(ctx context.Context, o appliance.Options, eo EnforcerOptions, listen func() (*socket.Listener, error), idle time.Duration, ready func()) error {
	eo.Serving = true
	e, ended, err := OpenEnforcer(ctx, o, eo)
	if err != nil {
		return err
	}
	defer e.Close()
	for i := range ended {
		e.o.Log.Warn("what an earlier process left in the middle was ended", "job", ended[i].ID, "state", ended[i].State, "why", ended[i].Why)
	}
	if listen == nil {
		listen = func() (*socket.Listener, error) { return enforcer.Listen(e.parts.Config.Enforce.Socket, enforcerGroup) }
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
	err = enforcer.New(enforcer.Options{Desk: e, Log: e.o.Log, Idle: idle, Busy: waits}).Run(ctx, l)
	cancel()
	<-done
	return err
}

// mostPatience is the longest that is waited before what could not be ended is tried
// again: each try has services take their files up.
const mostPatience = time.Minute

// keepTime takes back what nobody confirms in time, and tries again what a disk that
// refused has left in the middle, more and more seldom.
func (e *Enforcer) keepTime(ctx context.Context) {
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
func (e *Enforcer) due() bool {
	until, waits := e.Waits()
	return waits && !e.eo.Now().Before(until) || e.jobs.Unfinished()
}
