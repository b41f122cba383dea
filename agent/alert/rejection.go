package alert

import (
	"errors"
	"slices"
	"time"
)

// waiter is the error of a receiver that said how long to leave it alone.
type waiter interface {
	error
	retryAfter() time.Duration
}

// asked is how long the receiver wants to be left alone; 0: it did not say.
func asked(err error) time.Duration {
	var w waiter
	if errors.As(err, &w) {
		return w.retryAfter()
	}
	return 0
}

// rejection is the error of a receiver that will never take the next n messages,
// as far as one can tell: some say how many they did not take and not which.
type rejection struct {
	n   int
	err error // wraps ErrRejected
}

func (r *rejection) Error() string { return r.err.Error() }

func (r *rejection) Unwrap() error { return r.err }

// rejected is how many messages an error says that can never be sent.
func rejected(err error) int {
	var some *rejection
	switch {
	case errors.As(err, &some):
		return some.n
	case errors.Is(err, ErrRejected):
		return 1
	}
	return 0
}

// worthNews tells whether the loss of messages is news: that of the news of a
// loss is not, else it could make news without end.
func worthNews(lost []*Message) bool {
	return slices.ContainsFunc(lost, func(m *Message) bool { return m.Code != CodeDropped })
}
