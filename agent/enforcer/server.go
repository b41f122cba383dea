package enforcer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/ownership"
	"stigwatch/agent/socket"
)

const (
	maxRequest = 64 << 10 // bytes of header, and of body
	maxConns   = 16
	drainTime  = time.Second
)

// desk does what is asked for. An error that is an *api.Refused goes to the client
// as it is.
type desk interface {
	Apply(ctx context.Context, who socket.Peer, q *api.ApplyRequest) (*api.Applied, error)
	Undo(ctx context.Context, who socket.Peer, id string) (*api.Applied, error)
	Confirm(ctx context.Context, who socket.Peer, id string) (*api.Applied, error)
	Jobs(ctx context.Context, who socket.Peer) (*api.Jobs, error)
}

type serverOptions struct {
	Desk desk
	Log  *slog.Logger // nil discards
	// Idle is how long the server waits for a request before Run returns; 0: for
	// ever. Busy, when it says true, has it wait on.
	Idle time.Duration
	Busy func() bool
}

// server answers at the enforcer's socket.
type server struct {
	o       serverOptions
	mu      sync.Mutex // guards what follows
	under   int        // requests under way
	last    time.Time  // the end of the last one
	stopped bool       // none is taken any more

	free chan struct{} // closed by whoever sees, stopped, that no request is under way

	who func(context.Context) socket.Peer // socket.PeerFrom, but in tests without a socket
}

// newServer makes a server.
func newServer(o serverOptions) *server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Busy == nil {
		o.Busy = func() bool { return false }
	}
	return &server{o: o, last: time.Now(), free: make(chan struct{}), who: socket.PeerFrom}
}

// takeSocket takes the socket at a path, for its owner, root and a group. Root's is
// taken only in a folder that nobody else can change: whoever could, would have the
// mode of another file changed in the socket's place. The error then wraps
// ownership.ErrOthers.
func takeSocket(path, group string) (*socket.Listener, error) {
	if err := ownership.Folder(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("cannot listen at %q: %w", path, err)
	}
	return socket.Listen(path, group, maxConns)
}

// Adopt takes the socket that the service manager listens at already.
func Adopt(u *net.UnixListener) *socket.Listener { return socket.Adopt(u, maxConns) }

// Run answers until ctx ends, or nobody has asked for a while, and closes l. What is
// under way then comes to its end first, and what comes later is refused: after Run
// nobody is at the desk.
func (s *server) Run(ctx context.Context, l *socket.Listener) error { return s.run(ctx, l) }

func (s *server) run(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	srv := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: api.MaxApply,
		IdleTimeout: time.Minute, MaxHeaderBytes: maxRequest, ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
		ConnContext: socket.WithPeer,
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.untilIdle(ctx)
		s.stop()
		<-s.free
		end, done := context.WithTimeout(context.Background(), drainTime)
		defer done()
		if srv.Shutdown(end) != nil {
			_ = srv.Close()
		}
	}()
	err := srv.Serve(l)
	cancel()
	<-stopped
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("cannot serve the enforcer's socket: %w", err)
	}
	return nil
}

// untilIdle returns when ctx ends, or when nobody asked for as long as the options
// say.
func (s *server) untilIdle(ctx context.Context) {
	if s.o.Idle <= 0 {
		<-ctx.Done()
		return
	}
	for {
		left := s.left(time.Now())
		if left <= 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(left):
		}
	}
}

// left is how long there is still to wait. When it is over nothing is taken any
// more: whoever comes in that instant must not begin what nobody would end.
func (s *server) left(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.under > 0 || s.o.Busy() {
		return s.o.Idle
	}
	left := s.o.Idle - now.Sub(s.last)
	s.stopped = left <= 0
	return left
}

// stop has nothing taken any more.
func (s *server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	if s.under == 0 {
		close(s.free)
	}
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /v1/apply", s.take(func(req *http.Request, who socket.Peer) (any, error) {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, malformed(err)
		}
		q, err := decode(b)
		if err != nil {
			return nil, err
		}
		return s.o.Desk.Apply(req.Context(), who, q)
	}))
	mux.Handle("POST /v1/jobs/{id}/undo", s.take(func(req *http.Request, who socket.Peer) (any, error) {
		return s.o.Desk.Undo(req.Context(), who, req.PathValue("id"))
	}))
	mux.Handle("POST /v1/jobs/{id}/confirm", s.take(func(req *http.Request, who socket.Peer) (any, error) {
		return s.o.Desk.Confirm(req.Context(), who, req.PathValue("id"))
	}))
	mux.Handle("GET /v1/jobs", s.take(func(req *http.Request, who socket.Peer) (any, error) {
		return s.o.Desk.Jobs(req.Context(), who)
	}))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.answer(w, http.StatusNotFound, api.Problem{Reason: "unknown-route", Error: fmt.Sprintf("there is no %s %q here", r.Method, r.URL.Path)})
	})
	return mux
}

// take admits a request of a known peer and a bounded body, and answers with what
// the desk makes of it. The work goes on when the asker goes away: half a change
// is none.
func (s *server) take(do func(req *http.Request, who socket.Peer) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		v, err := s.do(w, req, do)
		if err != nil {
			s.fail(w, err)
			return
		}
		s.answer(w, http.StatusOK, v)
	})
}

// do asks the desk, as one request under way. That it is answered is not part of it:
// an asker who does not read keeps nobody.
func (s *server) do(w http.ResponseWriter, req *http.Request, do func(req *http.Request, who socket.Peer) (any, error)) (any, error) {
	if !s.begin() {
		return nil, &api.Refused{Code: http.StatusServiceUnavailable, Reason: api.Stopping, Text: "the enforcer is about to stop: ask again"}
	}
	defer s.end()
	who := s.who(req.Context())
	if !who.Known {
		return nil, &api.Refused{Code: http.StatusForbidden, Reason: "unknown-peer", Text: "the kernel does not say who asks"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxRequest))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, &api.Refused{Code: http.StatusRequestEntityTooLarge, Reason: "oversized", Text: fmt.Sprintf("the request is larger than %d bytes", maxRequest)}
	}
	if err != nil {
		return nil, &api.Refused{Code: http.StatusBadRequest, Reason: "cut-short", Text: fmt.Sprintf("cannot read the request: %v", err)}
	}
	req = req.WithContext(context.WithoutCancel(req.Context()))
	req.Body = io.NopCloser(bytes.NewReader(body))
	return do(req, who)
}

func (s *server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.under++
	return true
}

func (s *server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.under--
	s.last = time.Now()
	if s.stopped && s.under == 0 {
		close(s.free)
	}
}

func (s *server) fail(w http.ResponseWriter, err error) {
	if refused := (*api.Refused)(nil); errors.As(err, &refused) {
		s.o.Log.Warn("refused", "reason", refused.Reason, "why", refused.Text)
		s.answer(w, refused.Code, api.Problem{Error: refused.Text, Reason: refused.Reason})
		return
	}
	s.o.Log.Error("could not do what was asked", "error", err)
	s.answer(w, http.StatusInternalServerError, api.Problem{Error: err.Error()})
}

func (s *server) answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := api.Encode(w, v, false); err != nil {
		s.o.Log.Debug("an answer did not leave", "error", err)
	}
}

var errTrailing = errors.New("something follows the document")

// decode reads what an apply is asked for: one JSON object without unknown keys, and
// nothing after it. That it is an object is looked at first: null, to the decoder, is
// one that says nothing. The error is an *api.Refused.
func decode(b []byte) (*api.ApplyRequest, error) {
	if text := bytes.TrimLeft(b, " \t\r\n"); len(text) == 0 || text[0] != '{' {
		return nil, malformed(errors.New("it is no JSON object"))
	}
	q := &api.ApplyRequest{}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(q); err != nil {
		return nil, malformed(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed(errTrailing)
	}
	return q, nil
}

func malformed(err error) error {
	reason := "malformed"
	switch {
	case errors.Is(err, errTrailing):
		reason = "trailing"
	case strings.HasPrefix(err.Error(), "json: unknown field "): // the decoder has no type for it
		reason = "unknown-key"
	}
	return &api.Refused{Code: http.StatusBadRequest, Reason: reason, Text: fmt.Sprintf("cannot read the request: %v", err)}
}
