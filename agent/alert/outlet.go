package alert

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	drainTime   = time.Second            // how long an outlet goes on sending after it was told to stop
	batchSize   = 256                    // messages that a sink gets at once
	overlapTime = 5 * time.Second        // what the peer confirmed so lately is sent again when the connection broke
	overlapMost = 500                    // but no more messages than this
	confirmWait = 20 * time.Millisecond  // first look at what the peer confirmed; doubling
	confirmMost = 640 * time.Millisecond //
)

// Outlet brings messages to one sink, in order, each until it was sent.
type Outlet struct {
	name      string
	sink      Sink
	prompt    prompter // the sink again, or nil
	witness   witness  // likewise
	spool     Spool
	limit     *rate.Limiter // nil: as fast as it goes
	damp      *damping      // nil: every change is told; guarded by mu
	onDropped func(n uint64)
	wake      chan struct{} // holds one token when something may wait; never closed

	mu      sync.Mutex // guards all below, and the sink while open and not busy
	offered uint64     // the newest number
	sent    uint64     // all up to it were sent, on the connection there is
	done    uint64     // all up to it are done: what Spool knows
	checks  int        // looks at what is not confirmed, in a row
	window  []mark     // sent and not confirmed, and before those what the peer confirmed lately
	open    bool       // Run is at work
	busy    bool       // Run sends
	stats   Stats
}

// mark is one message that was sent.
type mark struct {
	seq       uint64
	back      uint64    // where to begin again when it is lost; only with damping
	confirmed time.Time // zero: not yet
}

// OutletOptions are what an outlet needs besides its sink.
type OutletOptions struct {
	Config
	Spool     Spool
	OnDropped func(n uint64) // told of messages that the sink can never send; must not block
}

// NewOutlet makes the outlet of a sink. The caller starts Run.
func NewOutlet(sink Sink, o OutletOptions) *Outlet {
	if o.OnDropped == nil {
		o.OnDropped = func(uint64) {}
	}
	out := &Outlet{
		name: o.Name, sink: sink, spool: o.Spool, onDropped: o.OnDropped, wake: make(chan struct{}, 1),
		stats: Stats{Name: o.Name, Type: o.Type, Address: redact(o.Address), Healthy: true},
	}
	out.prompt, _ = sink.(prompter)
	out.witness, _ = sink.(witness)
	if o.Rate > 0 {
		out.limit = rate.NewLimiter(rate.Limit(float64(o.Rate)/60), 1)
		out.prompt = nil
	}
	if out.damp = newDamping(o.Damp); out.damp != nil {
		out.prompt = nil
	}
	out.done = o.Spool.Cursor(o.Name)
	out.sent, out.offered = out.done, out.done
	return out
}

// Offer sends m, which must not change any more, at once if that needs no
// waiting: a hand-over to Run's goroutine costs as much as the sending. It never
// blocks. Whoever offers puts m into the spool too, and calls Wake after that.
func (o *Outlet) Offer(m *Message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !m.For(o.name) {
		return
	}
	before := o.offered
	o.offered = m.Seq
	if o.open && !o.busy && o.sent == before && o.prompt != nil && o.prompt.trySend(m) {
		o.count(1, nil)
		o.took([]*Message{m})
	}
}

// Wake has Run look at the spool. It never blocks.
func (o *Outlet) Wake() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// Run sends until ctx is done, then for at most a second what still waits, and
// closes the sink. What is left stays in the spool; the error says how many
// messages that are, or why the sink did not close. It is called once.
func (o *Outlet) Run(ctx context.Context) error {
	sending, stop := afterwards(ctx, drainTime)
	defer stop()
	o.setOpen(true)
	for o.next(ctx, sending) {
	}
	o.setOpen(false)
	o.settle()
	return errors.Join(o.undelivered(), o.sink.Close())
}

// next sends what waits, or waits for something; false when all is over.
func (o *Outlet) next(ctx, sending context.Context) bool {
	if ctx.Err() != nil {
		o.endDamping()
	}
	batch := o.take()
	if len(batch) > 0 {
		return o.deliver(ctx, sending, batch)
	}
	if ctx.Err() != nil {
		return o.confirmLast(sending)
	}
	var look <-chan time.Time
	if d := o.nextLook(); d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		look = t.C
	}
	select {
	case <-o.wake:
	case <-look:
	case <-ctx.Done():
	}
	return true
}

// take gives what has to be sent next, and makes the sink Run's while there is
// something.
func (o *Outlet) take() []*Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.damp != nil {
		return o.takeDamped()
	}
	for {
		batch := o.spool.Next(o.name, o.sent, batchSize)
		if len(batch) == 0 {
			o.busy = false
			return nil
		}
		mine := batch[:0:0]
		for _, m := range batch {
			if m.For(o.name) {
				mine = append(mine, m)
			}
		}
		if len(mine) > 0 {
			o.busy = true
			o.offered = max(o.offered, mine[len(mine)-1].Seq)
			return mine
		}
		o.sent = batch[len(batch)-1].Seq
		o.offered = max(o.offered, o.sent)
	}
}

// deliver tries until the batch, or what is left of it, is sent. It reports
// false when sending ended before that.
func (o *Outlet) deliver(ctx, sending context.Context, batch []*Message) bool {
	if o.limit != nil {
		batch = batch[:1]
		if ctx.Err() == nil && o.limit.Wait(ctx) != nil {
			return true // to be told again that ctx is done
		}
	}
	n, err := o.sink.Send(sending, batch)
	o.mu.Lock()
	failures := o.count(n, err)
	o.took(batch[:n])
	lost := batch[n : n+rejected(err)]
	if len(lost) > 0 {
		o.skip(lost[len(lost)-1].Seq)
	} else if err != nil {
		o.rewind()
	}
	o.busy = false
	o.mu.Unlock()
	switch {
	case len(lost) > 0:
		if worthNews(lost) {
			o.onDropped(uint64(len(lost)))
		}
		return true
	case err == nil:
		return true
	case failures == 1 && o.witness != nil && asked(err) == 0:
		return sending.Err() == nil // the connection from before broke: a new one may do
	}
	wait := max(backoff(failures), asked(err))
	if ctx.Err() != nil {
		wait = backoffStart // the last second is worth more than one try
	}
	return o.pause(ctx, sending, wait)
}

// took takes down what was sent. The caller holds mu.
func (o *Outlet) took(batch []*Message) {
	if o.damp != nil {
		o.tookDamped(len(batch))
		return
	}
	if len(batch) == 0 {
		return
	}
	last := batch[len(batch)-1].Seq
	o.sent = max(o.sent, last)
	if o.witness == nil {
		o.advance(last)
		return
	}
	for _, m := range batch {
		o.window = append(o.window, mark{seq: m.Seq})
	}
	o.Wake() // to look when they are confirmed
}

// skip goes past messages that were not sent. The caller holds mu.
func (o *Outlet) skip(seq uint64) {
	o.sent = max(o.sent, seq)
	if len(o.window) == 0 {
		o.advance(seq)
	}
}

// advance says that all up to seq are done. The caller holds mu.
func (o *Outlet) advance(seq uint64) {
	if seq > o.done {
		o.done = seq
		o.spool.Done(o.name, seq)
	}
}

// rewind has all that the peer did not confirm, and what it confirmed lately,
// sent again. The caller holds mu.
func (o *Outlet) rewind() {
	if len(o.window) > 0 && o.damp != nil {
		o.rewindDamped()
	} else if len(o.window) > 0 {
		o.sent = min(o.sent, o.window[0].seq-1)
	}
	if len(o.window) > 0 {
		o.stats.Resent += uint64(len(o.window))
		o.window = o.window[:0]
	}
}

// settle asks the transport what the peer confirmed, and gives when to ask again;
// 0: nothing is open.
func (o *Outlet) settle() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.witness == nil || len(o.window) == 0 {
		return 0
	}
	open, err := o.witness.unconfirmed()
	if err != nil {
		o.count(0, err)
		o.rewind()
		return time.Nanosecond
	}
	now := time.Now()
	confirmed := max(len(o.window)-open, 0)
	for i := confirmed - 1; i >= 0 && o.window[i].confirmed.IsZero(); i-- {
		o.window[i].confirmed = now
	}
	if confirmed > 0 {
		o.advance(o.window[confirmed-1].seq)
	}
	old := max(0, confirmed-overlapMost)
	for old < confirmed && now.Sub(o.window[old].confirmed) > overlapTime {
		old++
	}
	o.window = append(o.window[:0], o.window[old:]...)
	switch {
	case len(o.window) == 0:
		o.checks = 0
		return 0
	case confirmed-old == len(o.window): // only the overlap is left
		o.checks = 0
		return overlapTime
	}
	o.checks++
	return min(confirmWait<<min(o.checks, 10), confirmMost)
}

// confirmLast gives the peer the rest of the last second to confirm.
func (o *Outlet) confirmLast(sending context.Context) bool {
	d := o.settle()
	if d == 0 || d == overlapTime || sending.Err() != nil {
		return false
	}
	t := time.NewTimer(min(d, confirmWait))
	defer t.Stop()
	select {
	case <-t.C:
	case <-sending.Done():
	}
	return true
}

func (o *Outlet) setOpen(open bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open = open
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

// count counts one attempt and gives how many failed in a row. The caller holds
// mu.
func (o *Outlet) count(sent int, err error) int {
	now := time.Now()
	s := &o.stats
	s.LastAttempt = now
	s.Healthy = err == nil
	s.Sent += uint64(sent)
	if sent > 0 {
		s.LastSuccess, s.Failures = now, 0
	}
	switch {
	case err == nil:
		s.LastError, s.Failures = "", 0
	case errors.Is(err, ErrRejected):
		s.Dropped += uint64(rejected(err))
		s.LastError = err.Error()
	default:
		s.Retries++
		s.Failures++
		s.LastError = err.Error()
	}
	return s.Failures
}

// CountDropped adds messages that the spool dropped before this outlet got them.
func (o *Outlet) CountDropped(n uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stats.Dropped += n
}

func (o *Outlet) undelivered() error {
	s := o.Stats()
	if s.Queued == 0 {
		return nil
	}
	return fmt.Errorf("%d alerts for sink %q are left for the next start: %s", s.Queued, s.Name, s.LastError)
}
