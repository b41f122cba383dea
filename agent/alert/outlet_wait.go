package alert

import (
	"context"
	"time"
)

// settle asks the transport what the peer confirmed. It gives when to ask again,
// 0 for not before something was sent, or how many attempts failed in a row when
// the connection broke: then what it held is to be sent again.
func (o *Outlet) settle() (look time.Duration, failures int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.witness == nil || o.window.empty() {
		return 0, 0
	}
	open, err := o.witness.unconfirmed()
	if err != nil {
		o.rewind()
		return 0, o.ill(err)
	}
	now := time.Now()
	o.answerConfirmed(open)
	if o.advance(o.window.confirm(open, now)) || o.window.empty() {
		o.well()
	}
	return o.window.look(now), 0
}

// well takes down that all is well. The caller holds mu.
func (o *Outlet) well() {
	s := &o.stats
	s.LastSuccess, s.LastError, s.Failures, s.Healthy = time.Now(), "", 0, true
}

// ill takes down that an attempt failed and gives how many did in a row. The
// caller holds mu.
func (o *Outlet) ill(err error) int {
	s := &o.stats
	s.Retries++
	s.Failures++
	s.LastError, s.Healthy, o.ask = err.Error(), false, asked(err)
	return s.Failures
}

// failed waits before the next try. It reports false when sending is over.
func (o *Outlet) failed(ctx, sending context.Context, failures int) bool {
	o.mu.Lock()
	ask := o.ask
	o.mu.Unlock()
	if failures == 1 && o.witness != nil && ask == 0 {
		return sending.Err() == nil // the connection from before broke: a new one may do
	}
	wait := max(backoff(failures), ask)
	if ctx.Err() != nil {
		wait = backoffStart // the last second is worth more than one try
	}
	return o.pause(ctx, sending, wait)
}

// await waits until there may be something to do: at the latest after look, when
// that is not 0.
func (o *Outlet) await(ctx context.Context, look time.Duration) {
	var timeout <-chan time.Time
	if look > 0 {
		t := time.NewTimer(look)
		defer t.Stop()
		timeout = t.C
	}
	select {
	case <-o.wake:
	case <-timeout:
	case <-ctx.Done():
	}
}

// confirmLast gives the peer the rest of the last second to confirm. It reports
// false when there is nothing to wait for.
func (o *Outlet) confirmLast(sending context.Context) bool {
	o.mu.Lock()
	confirmed := o.window.confirmed()
	o.mu.Unlock()
	if confirmed || sending.Err() != nil {
		return false
	}
	o.await(sending, confirmWait)
	return true
}

// close ends the fast path, and the connection: all is done for good when the
// program at its end says so. Else what it confirmed lately comes again when the
// agent starts: there will be no news of a connection any more that ends with the agent.
func (o *Outlet) close(sending context.Context) {
	o.mu.Lock()
	o.open = false
	p, parts := o.sink.(parting)
	ask := parts && !o.window.empty()
	o.mu.Unlock()
	if !ask || !p.part(sending) {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.advance(o.window.confirm(0, time.Now()))
	o.release(o.done)
}

// afterwards returns a context that ends a while after ctx did.
func afterwards(ctx context.Context, while time.Duration) (context.Context, func()) {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	detach := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(while, cancel)
		context.AfterFunc(later, func() { timer.Stop() })
	})
	return later, func() { detach(); cancel() }
}

// pause waits for d, or less when ctx ends meanwhile: then there is one last
// second to use. It reports false when sending is over.
func (o *Outlet) pause(ctx, sending context.Context, d time.Duration) bool {
	o.retryAt(time.Now().Add(d))
	defer o.retryAt(time.Time{})
	stopping := ctx.Done()
	if ctx.Err() != nil {
		stopping = nil // known already
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-stopping:
	case <-sending.Done():
	}
	return sending.Err() == nil
}

func (o *Outlet) retryAt(t time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stats.RetryAt = t
}
