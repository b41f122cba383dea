package agent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/socket"
)

// windowDesk takes what people ask of windows over the socket to the loop.
type windowDesk struct{ a *Agent }

// Open opens a window for a user, and answers when it is on disk.
func (d windowDesk) Open(ctx context.Context, uid uint32, q *api.WindowRequest) (*api.Window, error) {
	if err := q.Check(); err != nil {
		return nil, &api.Refused{Code: http.StatusBadRequest, Text: err.Error()}
	}
	by := socket.UserName(uid)
	return inLoop(ctx, d.a, func(l *loop) (*api.Window, error) { return l.openWindow(q, by, uid) })
}

// Close ends a window for a user, and answers when that is on disk.
func (d windowDesk) Close(ctx context.Context, uid uint32, id string) (*api.WindowEnd, error) {
	by := socket.UserName(uid)
	return inLoop(ctx, d.a, func(l *loop) (*api.WindowEnd, error) {
		now := time.Now()
		l.endWindows(now)
		end, ok := l.endWindow(id, "closed", by, now)
		l.publish(now)
		l.enforce(now)
		if !ok {
			return nil, &api.Refused{Code: http.StatusNotFound, Text: fmt.Sprintf(
				"there is no open window %q: \"stigwatch maintenance list\" shows those that there are", id)}
		}
		return end, nil
	})
}

// inLoop has the loop do something for a request, and waits until the journal has
// what came of it.
func inLoop[T any](ctx context.Context, a *Agent, do func(*loop) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	var none T
	select {
	case a.requests <- func(l *loop) { v, err := do(l); done <- answer{v, err} }:
	case <-ctx.Done():
		return none, ctx.Err()
	}
	select {
	case got := <-done:
		if got.err == nil && a.store.journal != nil {
			if err := a.store.journal.Flush(); err != nil {
				return none, fmt.Errorf("it was done, but cannot be recorded and will not outlive a restart: %w", err)
			}
		}
		return got.value, got.err
	case <-ctx.Done():
		return none, errors.New("the agent is stopping")
	}
}
