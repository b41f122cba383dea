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
	drainTime = time.Second // how long an outlet goes on sending after it was told to stop
	batchSize = 256         // messages that a sink gets at once
)

// Outlet brings messages to one sink, in order, each until it was sent.
//
// Its numbers: released ≤ done ≤ sent ≤ offered. What lies between done and sent
// is in the window, not confirmed; between released and done, confirmed lately.
// When the connection broke, done and sent go back to released.
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
	follows   *Outlet       // whose place it takes; nil: nobody's
	ended     chan struct{} // Run is over; closed by Run

	mu       sync.Mutex    // guards all below, and the sink while open and not busy
	offered  uint64        // the newest number
	sent     uint64        // all up to it were sent, on the connection there is
	done     uint64        // all up to it are done
	released uint64        // all up to it are done for good: what the spool knows
	reached  uint64        // all up to it were sent or rejected, on any connection
	best     uint64        // what done has been: only more than that is progress
	window   window        // of a witness
	ask      time.Duration // for which the receiver asked to be left alone, when the last attempt failed
	open     bool          // Run is at work, and what waited when it began was sent
	busy     bool          // Run sends
	waiters  []awaited     // who wants to know what becomes of one message
	stats    Stats
}

// OutletOptions are what an outlet needs besides its sink.
type OutletOptions struct {
	Config
	Spool     Spool
	OnDropped func(n uint64) // told of messages that the sink can never send; must not block
	Follows   *Outlet        // of the same name, that was told to hand over: Run waits for its end; nil: none
}

// NewOutlet makes the outlet of a sink. The caller starts Run.
func NewOutlet(sink Sink, o OutletOptions) *Outlet {
	if o.OnDropped == nil {
		o.OnDropped = func(uint64) {}
	}
	out := &Outlet{
		name: o.Name, sink: sink, spool: o.Spool, onDropped: o.OnDropped, wake: make(chan struct{}, 1), follows: o.Follows, ended: make(chan struct{}),
		stats: Stats{Name: o.Name, Type: o.Type, Address: redact(o.Address), Healthy: true},
	}
	out.prompt, _ = sink.(prompter)
	out.witness, _ = sink.(witness)
	_, out.window.final = sink.(acknowledging)
	if o.Rate > 0 {
		out.limit = rate.NewLimiter(rate.Limit(float64(o.Rate)/60), 1)
		out.prompt = nil
	}
	if out.damp = newDamping(o.Damp); out.damp != nil {
		out.prompt = nil
	}
	out.takeUp()
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
	next := o.sent == o.offered
	o.offered = max(o.offered, m.Seq)
	if o.open && !o.busy && next && o.prompt != nil && o.prompt.trySend(m) {
		o.stats.LastAttempt = time.Now()
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
// messages that are, or why the sink did not close. When the cause of ctx's end is
// ErrHandOver it leaves what waits to the outlet that follows. It is called once.
func (o *Outlet) Run(ctx context.Context) error {
	defer close(o.ended)
	o.inherit()
	sending, stop := afterwards(ctx, drainTime)
	defer stop()
	for o.next(ctx, sending) {
	}
	o.settle()
	o.close(sending)
	if handsOver(ctx) {
		return o.sink.Close()
	}
	return errors.Join(o.undelivered(), o.sink.Close())
}

// next asks what was confirmed, and sends what waits, or waits for something;
// false when all is over.
func (o *Outlet) next(ctx, sending context.Context) bool {
	if ctx.Err() != nil {
		o.endDamping()
	}
	look, failures := o.settle()
	if failures > 0 {
		return o.failed(ctx, sending, failures)
	}
	if handsOver(ctx) {
		return o.finish(ctx, sending)
	}
	if batch := o.take(); len(batch) > 0 {
		return o.deliver(ctx, sending, batch)
	}
	if ctx.Err() != nil {
		return o.confirmLast(sending)
	}
	o.await(ctx, o.sooner(look))
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
			o.busy, o.open = false, true
			return nil
		}
		mine := batch[:0:0]
		for _, m := range batch {
			if m.For(o.name) {
				mine = append(mine, m)
			}
		}
		o.offered = max(o.offered, batch[len(batch)-1].Seq)
		if len(mine) > 0 {
			o.busy = true
			return mine
		}
		o.skip(batch[len(batch)-1].Seq)
	}
}

// deliver hands a batch to the sink, once. It reports false when sending ended.
func (o *Outlet) deliver(ctx, sending context.Context, batch []*Message) bool {
	if o.limit != nil {
		batch = batch[:1]
		if ctx.Err() == nil && o.limit.Wait(ctx) != nil {
			return true // to be told again that ctx is done
		}
	}
	n, err := o.sink.Send(sending, batch)
	failures, lost := o.sentBatch(batch, n, err)
	if worthNews(lost) {
		o.onDropped(uint64(len(lost)))
	}
	if failures > 0 {
		return o.failed(ctx, sending, failures)
	}
	return true
}

// sentBatch takes down what came of a batch: how many attempts failed in a row,
// and which messages behind the last that was sent are lost, and were not before.
func (o *Outlet) sentBatch(batch []*Message, n int, err error) (failures int, lost []*Message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.busy = false
	o.stats.LastAttempt = time.Now()
	o.took(batch[:n])
	switch {
	case err == nil:
		if o.witness == nil {
			o.well()
		}
	case rejected(err) > 0:
		for _, m := range batch[n : n+rejected(err)] {
			if m.Seq > o.reached { // when it is sent again, that was told already
				lost = append(lost, m)
			}
			o.reject(m.Seq, err)
		}
	case n == len(batch) && o.witness == nil: // all is done, and there is something to say
		o.stats.Healthy, o.stats.LastError = false, err.Error()
	default:
		o.rewind()
		failures = o.ill(err)
	}
	return failures, lost
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
