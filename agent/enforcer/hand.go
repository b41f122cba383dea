package enforcer

import (
	"context"
	"errors"
	"fmt"
	"os"

	"stigwatch/agent/api"
	"stigwatch/agent/appliance"
	"stigwatch/agent/config"
	"stigwatch/agent/enforce"
	"stigwatch/agent/socket"
)

// Hand does what a person asks of the enforcer: over its socket on the machine
// itself, in this process on a tree that is another's.
type Hand struct {
	client *api.Client
	here   *enforcer
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
	here, ended, err := open(ctx, o, Options{})
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
