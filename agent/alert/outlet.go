package alert

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"stigwatch/agent/finding"
)

// drainTime is how long an outlet goes on sending after it was told to stop.
const drainTime = time.Second

// prompter is a sink that can send without waiting, when all is well.
type prompter interface {
	// trySend never waits. After false the message has to be sent by Send.
	trySend(m *Message) bool
}

// Outlet brings messages to one sink, in order, each until it was sent.
type Outlet struct {
	sink      Sink
	prompt    prompter // the sink again, or nil
	onDropped func(uint64)
	wake      chan struct{} // holds one token when something was offered; never closed

	mu    sync.Mutex // guards all below, and the sink while open and not busy
	queue queue
	open  bool   // Run is at work
	busy  bool   // Run took a message from the queue and is not yet done with it
	lost  uint64 // dropped and not yet told
	stats Stats
}

// NewOutlet makes the outlet of a sink. The caller starts Run.
func NewOutlet(sink Sink, o Options) *Outlet {
	if o.Queue <= 0 {
		o.Queue = defaultQueue
	}
	if o.OnDropped == nil {
		o.OnDropped = func(uint64) {}
	}
	prompt, _ := sink.(prompter)
	return &Outlet{
		sink: sink, prompt: prompt, onDropped: o.OnDropped, wake: make(chan struct{}, 1),
		queue: queue{limit: o.Queue},
		stats: Stats{Name: o.Name, Type: o.Type, Address: redact(o.Address), Healthy: true},
	}
}

// Offer sends m, which must not change any more, at once if that needs no
// waiting: a hand-over to Run's goroutine costs as much as the sending. Else it
// puts m at the end of the queue. It never blocks. When the queue is full the
// oldest message is dropped and counted.
func (o *Outlet) Offer(m *Message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.open && !o.busy && o.queue.size == 0 && o.prompt != nil && o.prompt.trySend(m) {
		o.count(m, nil)
		return
	}
	if o.queue.push(m) {
		o.lost++
		o.stats.Dropped++
	}
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// Run sends until ctx is done, then for at most a second what still waits, and
// closes the sink. Its error says how many messages are left undelivered, or why
// the sink did not close. It is called once.
func (o *Outlet) Run(ctx context.Context) error {
	sending, stop := afterwards(ctx, drainTime)
	defer stop()
	o.setOpen(true)
	for m := o.next(ctx); m != nil; m = o.next(ctx) {
		if !o.deliver(ctx, sending, m) {
			break
		}
		o.tellDropped()
	}
	o.setOpen(false)
	return errors.Join(o.undelivered(), o.sink.Close())
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

// next waits for the oldest message; nil when ctx is done and nothing waits.
func (o *Outlet) next(ctx context.Context) *Message {
	for {
		if m := o.take(); m != nil {
			return m
		}
		select {
		case <-o.wake:
		case <-ctx.Done():
			return o.take()
		}
	}
}

func (o *Outlet) take() *Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	m := o.queue.pop()
	o.busy = m != nil
	return m
}

// deliver tries until m is sent, or can never be. It reports false when sending
// ended before that.
func (o *Outlet) deliver(ctx, sending context.Context, m *Message) bool {
	for failures := 1; ; failures++ {
		err := o.sink.Send(sending, m)
		o.record(m, err)
		if err == nil || errors.Is(err, ErrRejected) {
			return true
		}
		wait := backoff(failures)
		if ctx.Err() != nil {
			wait = backoffStart // the last second is worth more than one try
		}
		if !pause(ctx, sending, wait) {
			return false
		}
	}
}

// pause waits for d, or less when ctx ends meanwhile: then there is one last
// second to use. It reports false when sending is over.
func pause(ctx, sending context.Context, d time.Duration) bool {
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

func (o *Outlet) record(m *Message, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.busy = err != nil && !errors.Is(err, ErrRejected)
	o.count(m, err)
}

// count counts one attempt. The caller holds mu.
func (o *Outlet) count(m *Message, err error) {
	now := time.Now()
	s := &o.stats
	s.LastAttempt = now
	s.Healthy = err == nil
	switch {
	case err == nil:
		s.Sent++
		s.LastSuccess, s.LastError = now, ""
	case errors.Is(err, ErrRejected):
		s.Dropped++
		if m.Event != finding.Agent {
			o.lost++ // else the news of a loss could be lost, and make news, without end
		}
		s.LastError = err.Error()
	default:
		s.Retries++
		s.LastError = err.Error()
	}
}

// tellDropped tells the caller once what was lost, when the queue has room again
// for what the caller will offer about that.
func (o *Outlet) tellDropped() {
	o.mu.Lock()
	n := o.lost
	if n == 0 || o.queue.size > o.queue.limit/2 {
		o.mu.Unlock()
		return
	}
	o.lost = 0
	o.mu.Unlock()
	o.onDropped(n)
}

func (o *Outlet) undelivered() error {
	s := o.Stats()
	if s.Queued == 0 {
		return nil
	}
	return fmt.Errorf("cannot deliver %d alerts to sink %q: %s", s.Queued, s.Name, s.LastError)
}
