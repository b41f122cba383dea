package alert

import (
	"context"
	"errors"
)

// ErrHandOver is the cause of the end of an outlet whose sink has another
// configuration now: the outlet that follows it sends what waits.
var ErrHandOver = errors.New("another outlet takes over")

func handsOver(ctx context.Context) bool { return errors.Is(context.Cause(ctx), ErrHandOver) }

// finish gives the peer the time to confirm what was sent, so that little is sent
// twice. What damping holds goes out first: the outlet that follows counts changes
// anew, and would put others into one summary. It reports false when all is over.
func (o *Outlet) finish(ctx, sending context.Context) bool {
	if o.damp == nil || o.limit != nil {
		return o.confirmLast(sending)
	}
	if batch := o.take(); len(batch) > 0 {
		return o.deliver(ctx, sending, batch)
	}
	return o.confirmLast(sending)
}

// takeUp begins where the spool says that the sink was. The caller holds mu, or
// is alone.
func (o *Outlet) takeUp() {
	o.done = o.spool.Cursor(o.name)
	o.sent, o.reached, o.best, o.released = o.done, o.done, o.done, o.done
	o.offered = max(o.offered, o.done)
	if f := o.follows; f != nil {
		s := f.Stats()
		o.stats.Sent, o.stats.Dropped, o.stats.Retries, o.window.resent = s.Sent, s.Dropped, s.Retries, s.Resent
	}
}

// inherit waits for the outlet whose place this one takes, so that each message
// is sent by one of them at a time, and takes its place: its cursor, its counters
// and whoever waits for a message.
func (o *Outlet) inherit() {
	f := o.follows
	if f == nil {
		return
	}
	<-f.ended // it was told to end, and that is bounded
	o.mu.Lock()
	defer o.mu.Unlock()
	o.takeUp()
	o.follows = nil
	o.waiters = append(o.waiters, f.leave()...)
}

// leave gives away who still waits for a message.
func (o *Outlet) leave() []awaited {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := o.waiters
	o.waiters = nil
	return w
}
