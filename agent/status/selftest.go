package status

import (
	"errors"
	"net/http"
	"time"

	"stigwatch/agent/api"
)

// selfTest has the agent test itself, and answers when that came to an end. It is
// for readers: it changes nothing but a file of the agent's own.
func (s *Server) selfTest(w http.ResponseWriter, req *http.Request) {
	if s.o.SelfTest == nil {
		s.refuse(w, http.StatusNotImplemented, "this agent does not test itself")
		return
	}
	if s.o.Snapshot() == nil {
		s.notReady(w)
		return
	}
	select {
	case s.waiting <- struct{}{}:
		defer func() { <-s.waiting }()
	default:
		s.refuse(w, http.StatusServiceUnavailable, "too many are asking at once: try again")
		return
	}
	c := http.NewResponseController(w)
	until := time.Now().Add(api.MaxSelfTest + s.o.Timeout)
	if err := errors.Join(c.SetReadDeadline(until), c.SetWriteDeadline(until)); err != nil {
		s.refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	t, err := s.o.SelfTest(req.Context())
	if err != nil {
		s.refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	s.answer(w, http.StatusOK, t)
}
