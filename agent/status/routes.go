package status

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/socket"
)

// route is one thing that a client may ask for.
type route struct {
	method string
	path   string
	who    who
	handle http.HandlerFunc
}

func (s *Server) routes() []route {
	return []route{
		{http.MethodGet, "/v1/status", readers, s.status},
		{http.MethodGet, "/v1/health", readers, s.health},
		{http.MethodGet, "/v1/explain/{rule}", readers, s.explain},
		{http.MethodGet, "/v1/journal", readers, s.journal},
		{http.MethodPost, "/v1/selftest", readers, s.selfTest},
		{http.MethodPost, "/v1/maintenance", owners, s.openWindow},
		{http.MethodPost, "/v1/maintenance/{id}/close", owners, s.closeWindow},
	}
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		mux.Handle(r.method+" "+r.path, s.admit(r))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, http.StatusNotFound, fmt.Sprintf("there is no %s %q here", r.Method, r.URL.Path))
	})
	return mux
}

// admit checks the peer and takes in the body, within its limit, before the
// handler sees the request.
func (s *Server) admit(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !r.who.allows(socket.PeerFrom(req.Context())) {
			s.refuse(w, http.StatusForbidden, "only root and the agent's own user may do this")
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxRequest))
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			s.refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the request is larger than %d bytes", maxRequest))
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		r.handle(w, req)
	})
}

// status gives the newest report; with ?after=N it waits until the newest one
// has another revision than N. Another, not a higher one: an agent that was
// started anew counts from the beginning.
func (s *Server) status(w http.ResponseWriter, req *http.Request) {
	report := s.o.Snapshot()
	if report == nil {
		s.notReady(w)
		return
	}
	if text := req.URL.Query().Get("after"); text != "" {
		after, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			s.refuse(w, http.StatusBadRequest, fmt.Sprintf("cannot read the revision %q: it must be a whole number", text))
			return
		}
		report = s.news(w, req, report, after)
	}
	s.answer(w, http.StatusOK, report)
}

// news waits for a report of another revision, as long as there is a place to
// wait in, the client is there and the time is not up.
func (s *Server) news(w http.ResponseWriter, req *http.Request, report *api.Report, after uint64) *api.Report {
	if revision(report) != after {
		return report
	}
	select {
	case s.waiting <- struct{}{}:
		defer func() { <-s.waiting }()
	default:
		return report
	}
	if err := s.extend(w); err != nil {
		return report
	}
	end := time.NewTimer(s.o.Wait)
	defer end.Stop()
	tick := time.NewTicker(s.o.Poll)
	defer tick.Stop()
	for revision(report) == after {
		select {
		case <-tick.C:
			if r := s.o.Snapshot(); r != nil {
				report = r
			}
		case <-end.C:
			return report
		case <-req.Context().Done():
			return report
		}
	}
	return report
}

// extend moves the connection's deadlines past the wait. Without it the read
// deadline of the request would end its context in the middle.
func (s *Server) extend(w http.ResponseWriter) error {
	c := http.NewResponseController(w)
	until := time.Now().Add(s.o.Wait + s.o.Timeout)
	return errors.Join(c.SetReadDeadline(until), c.SetWriteDeadline(until))
}

func revision(r *api.Report) uint64 {
	if r == nil || r.Agent == nil {
		return 0
	}
	return r.Agent.Revision
}

// health says whether the first pass is done and what is wrong with the agent.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	report := s.o.Snapshot()
	if report == nil {
		s.notReady(w)
		return
	}
	h := api.Health{Schema: api.Schema, Ready: true, Conditions: []api.Condition{}}
	if report.Agent != nil {
		h.Conditions = append(h.Conditions, report.Agent.Conditions...)
	}
	s.answer(w, http.StatusOK, h)
}

func (s *Server) explain(w http.ResponseWriter, req *http.Request) {
	if s.o.Explain == nil {
		s.refuse(w, http.StatusNotImplemented, "this agent does not explain rules")
		return
	}
	if s.o.Snapshot() == nil {
		s.notReady(w)
		return
	}
	e, err := s.o.Explain(req.Context(), req.PathValue("rule"), req.URL.Query().Get("trace") == "1")
	if unknown := (*api.UnknownRule)(nil); errors.As(err, &unknown) {
		s.refuse(w, http.StatusNotFound, unknown.Error())
		return
	}
	if err != nil {
		s.refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	s.answer(w, http.StatusOK, e)
}

// maxStream is how long a whole journal may take to leave.
const maxStream = 5 * time.Minute

// journal gives the journal as it is on disk, one JSON document a line: first its
// extent, then each entry; ?after=N leaves those up to N out.
func (s *Server) journal(w http.ResponseWriter, req *http.Request) {
	if s.o.Journal == nil {
		s.refuse(w, http.StatusNotFound, "this agent has no journal: its state folder could not be used")
		return
	}
	var after uint64
	if text := req.URL.Query().Get("after"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			s.refuse(w, http.StatusBadRequest, fmt.Sprintf("cannot read the entry's number %q: it must be a whole number", text))
			return
		}
		after = n
	}
	select {
	case s.waiting <- struct{}{}:
		defer func() { <-s.waiting }()
	default:
		s.refuse(w, http.StatusServiceUnavailable, "too many are asking at once: try again")
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(maxStream))
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := bufio.NewWriterSize(w, 32<<10)
	if err := s.o.Journal(after, out); err != nil {
		s.o.Log.Debug("the journal did not leave whole", "error", err)
		panic(http.ErrAbortHandler) // the client sees that the end is missing
	}
	_ = out.Flush()
}

func (s *Server) notReady(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	s.refuse(w, http.StatusServiceUnavailable, "the agent has not finished its first pass yet")
}

func (s *Server) refuse(w http.ResponseWriter, code int, sentence string) {
	s.answer(w, code, api.Problem{Error: sentence})
}

func (s *Server) answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := api.Encode(w, v, false); err != nil {
		s.o.Log.Debug("status answer did not leave", "error", err)
	}
}
