package api

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// The bounds of a window of maintenance.
const (
	MaxWindow  = 24 * time.Hour
	maxTicket  = 64  // bytes
	maxReason  = 500 // bytes
	maxRuleIDs = 200
)

// WindowRequest asks for a window of maintenance.
type WindowRequest struct {
	Ticket  string   `json:"ticket"`
	Seconds int64    `json:"seconds"` // that it is open
	Rules   []string `json:"rules"`   // empty: all
	Reason  string   `json:"reason"`
}

// Check says what is wrong with a request, as far as that can be told without the
// agent.
func (r *WindowRequest) Check() error {
	switch {
	case strings.TrimSpace(r.Ticket) == "":
		return errors.New("a ticket is needed")
	case r.Seconds < 1 || r.Seconds > int64(MaxWindow/time.Second):
		return fmt.Errorf("a window is open for 1s to %dh, not for %s", MaxWindow/time.Hour, time.Duration(r.Seconds)*time.Second)
	case len(r.Rules) > maxRuleIDs:
		return fmt.Errorf("%d rules are named, at most %d can be", len(r.Rules), maxRuleIDs)
	}
	if err := plainLine("ticket", r.Ticket, maxTicket); err != nil {
		return err
	}
	return plainLine("reason", r.Reason, maxReason)
}

func plainLine(what, text string, most int) error {
	switch {
	case len(text) > most:
		return fmt.Errorf("the %s has %d bytes, it may have %d", what, len(text), most)
	case !utf8.ValidString(text), strings.ContainsFunc(text, Hidden):
		return fmt.Errorf("the %s has control or hidden characters, or is not UTF-8", what)
	}
	return nil
}

// Window is a window of maintenance that is open.
type Window struct {
	ID      string   `json:"id"`
	Ticket  string   `json:"ticket"`
	Reason  string   `json:"reason"`
	Rules   []string `json:"rules"` // empty: all
	By      string   `json:"by"`    // user who opened it
	UID     uint32   `json:"uid"`   // of that user
	Opened  Time     `json:"opened"`
	Until   Time     `json:"until"`
	Changes uint64   `json:"changes"` // so far
}

// WindowEnd says what changed in a window that has ended.
type WindowEnd struct {
	Window  Window       `json:"window"`
	How     string       `json:"how"` // closed or expired
	By      string       `json:"by"`  // who closed it; empty: nobody
	At      Time         `json:"at"`
	Changed []WindowRule `json:"changed"`
	Opened  []string     `json:"opened"` // rules that are open now and were not at the opening
	Text    string       `json:"text"`
}

// WindowRule is a rule that changed in a window.
type WindowRule struct {
	Rule string `json:"rule"`
	Was  string `json:"was"` // at the opening; empty: it was not judged
	Now  string `json:"now"`
}
