package status

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"stigwatch/agent/api"
	"stigwatch/agent/socket"
)

// openWindow opens a window of maintenance for the peer.
func (s *Server) openWindow(w http.ResponseWriter, req *http.Request) {
	if !s.maintains(w) {
		return
	}
	q := &api.WindowRequest{}
	if err := decodeOne(req.Body, q); err != nil {
		s.refuse(w, http.StatusBadRequest, fmt.Sprintf("cannot read the request: %v", err))
		return
	}
	window, err := s.o.Maintenance.Open(req.Context(), socket.PeerFrom(req.Context()).UID, q)
	if err != nil {
		s.fail(w, err)
		return
	}
	s.answer(w, http.StatusOK, window)
}

// closeWindow closes the window that the path names.
func (s *Server) closeWindow(w http.ResponseWriter, req *http.Request) {
	if !s.maintains(w) {
		return
	}
	end, err := s.o.Maintenance.Close(req.Context(), socket.PeerFrom(req.Context()).UID, req.PathValue("id"))
	if err != nil {
		s.fail(w, err)
		return
	}
	s.answer(w, http.StatusOK, end)
}

// maintains tells whether the agent can take such a request, and refuses it
// otherwise.
func (s *Server) maintains(w http.ResponseWriter) bool {
	switch {
	case s.o.Maintenance == nil:
		s.refuse(w, http.StatusNotImplemented, "this agent keeps no windows of maintenance")
		return false
	case s.o.Snapshot() == nil:
		s.notReady(w)
		return false
	}
	return true
}

// decodeOne reads one JSON document without unknown keys, and nothing after it.
func decodeOne(r io.Reader, into any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the document")
	}
	return nil
}

// fail answers with the error's own code, if it has one.
func (s *Server) fail(w http.ResponseWriter, err error) {
	if refused := (*api.Refused)(nil); errors.As(err, &refused) {
		s.refuse(w, refused.Code, refused.Text)
		return
	}
	s.refuse(w, http.StatusInternalServerError, err.Error())
}
