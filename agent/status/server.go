// Package status owns the socket that a running agent answers at: HTTP and JSON
// on a unix socket, for people and scripts on the same machine.
//
// It judges nothing and keeps nothing: it gives out the newest report that the
// loop has published. Until the first full pass there is none, and it says so
// with 503 rather than with half a truth.
//
// Who may ask is guarded twice. The socket's mode 0660 lets its owner, root and
// its group connect, and each route says what a peer, known by SO_PEERCRED,
// must be besides. Group membership is left to the mode: the supplementary
// groups of a process cannot be told reliably from outside it.
package status

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/socket"
)

const (
	maxRequest = 64 << 10 // bytes of header, and of body
	maxConns   = 64       // further ones wait in the kernel's queue
	maxWaiting = 32       // requests that wait for news; further ones are answered at once
	drainTime  = time.Second
)

// Options are what a server needs.
type Options struct {
	Socket string // path of the socket
	Group  string // group that may connect; "" = stigwatch. Kept to the process's own when there is no such group or we may not
	Log    *slog.Logger

	// Snapshot gives the newest report, which nobody changes any more; nil
	// until the first full pass. It is called from many goroutines.
	Snapshot func() *api.Report
	// Explain tells all about one rule; nil: not offered.
	Explain func(ctx context.Context, rule string, trace bool) (*api.Explanation, error)
	// Maintenance opens and closes windows for a user; nil: not offered.
	Maintenance Maintenance
	// Journal writes the journal, one JSON document a line; nil: there is none.
	Journal func(after uint64, w io.Writer) error

	// SelfTest tests whether a change would be told; nil: not offered.
	SelfTest func(ctx context.Context) (*api.SelfTest, error)

	Timeout time.Duration // for a request to arrive and an answer to leave; 0 = 5 s
	Idle    time.Duration // for a connection between requests; 0 = 60 s
	Wait    time.Duration // longest wait for news; 0 = api.MaxWait
	Poll    time.Duration // how often news are looked for while somebody waits; 0 = 100 ms
}

// Maintenance is who opens and closes windows of maintenance. An error that is an
// *api.Refused goes to the client as it is.
type Maintenance interface {
	Open(ctx context.Context, uid uint32, q *api.WindowRequest) (*api.Window, error)
	Close(ctx context.Context, uid uint32, id string) (*api.WindowEnd, error)
}

func (o Options) withDefaults() Options {
	if o.Group == "" {
		o.Group = "stigwatch"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Snapshot == nil {
		o.Snapshot = func() *api.Report { return nil }
	}
	o.Timeout = orDefault(o.Timeout, 5*time.Second)
	o.Idle = orDefault(o.Idle, time.Minute)
	o.Wait = orDefault(o.Wait, api.MaxWait)
	o.Poll = orDefault(o.Poll, 100*time.Millisecond)
	return o
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// Server answers at the socket.
type Server struct {
	o       Options
	l       *socket.Listener
	waiting chan struct{} // one token for each request that waits for news
}

// New makes a server; it does not touch the machine yet.
func New(o Options) *Server {
	return &Server{o: o.withDefaults(), waiting: make(chan struct{}, maxWaiting)}
}

// Listen takes the socket, so that a second agent is noticed before any work is
// done. Run calls it when nobody has. Whoever calls it must call Run or Close.
func (s *Server) Listen() error {
	if s.l != nil {
		return nil
	}
	l, err := socket.Listen(s.o.Socket, s.o.Group, maxConns)
	if err != nil {
		return err
	}
	s.l = l
	return nil
}

// Close gives the socket up without having run.
func (s *Server) Close() error {
	if s.l == nil {
		return nil
	}
	return s.l.Close()
}

// Run answers until ctx ends, then removes the socket.
func (s *Server) Run(ctx context.Context) error {
	if err := s.Listen(); err != nil {
		return err
	}
	srv := s.httpServer(ctx)
	stopped := make(chan struct{})
	defer context.AfterFunc(ctx, func() {
		defer close(stopped)
		shut(srv)
	})()
	err := srv.Serve(s.l)
	if !errors.Is(err, http.ErrServerClosed) {
		_ = s.l.Close()
		return fmt.Errorf("cannot serve at %q: %w", s.o.Socket, err)
	}
	<-stopped
	return nil
}

func (s *Server) httpServer(ctx context.Context) *http.Server {
	return &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: s.o.Timeout,
		ReadTimeout:       s.o.Timeout,
		WriteTimeout:      s.o.Timeout,
		IdleTimeout:       s.o.Idle,
		MaxHeaderBytes:    maxRequest,
		ErrorLog:          slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext:       socket.WithPeer,
	}
}

// shut lets the answers under way leave, those that wait for news included:
// their context has ended.
func shut(srv *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		_ = srv.Close()
	}
}
