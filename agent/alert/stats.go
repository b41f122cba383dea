package alert

import "time"

// Stats say how an outlet does.
type Stats struct {
	Name        string
	Type        string
	Address     string    // without user info
	Sent        uint64    // each message once, however often it was sent
	Dropped     uint64    // for a full queue, or because the sink can never send it
	Retries     uint64    // attempts that failed
	Resent      uint64    // sent again, because a connection broke before the peer confirmed them
	Queued      int       // not done: the ones being sent, or not confirmed, included
	Failures    int       // attempts that failed in a row
	RetryAt     time.Time // of the next attempt, while waiting for it
	LastSuccess time.Time
	LastAttempt time.Time
	LastError   string // of the last attempt; empty when that succeeded
	Healthy     bool   // the last attempt succeeded, or there was none yet
}

// Stats is a copy of the outlet's counters at this instant.
func (o *Outlet) Stats() Stats {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.stats
	s.Resent = o.window.resent
	s.Queued = o.spool.Waiting(o.name, o.done)
	return s
}

// Healthy tells, at less cost than Stats, whether the last attempt succeeded, or there was
// none yet.
func (o *Outlet) Healthy() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stats.Healthy
}

// Circuit says in one word how the way to the receiver is: closed, when all is
// well; open, while it is left alone until RetryAt; half-open, while it is tried.
func (s *Stats) Circuit() string {
	switch {
	case s.Failures == 0:
		return "closed"
	case !s.RetryAt.IsZero():
		return "open"
	}
	return "half-open"
}
