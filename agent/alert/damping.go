package alert

import "time"

// damping is the outlet's stage between its spool and its sink when it damps.
// What is held, or waits for the sink, is not done in the spool: after a crash it
// is told again, with the same ids.
type damping struct {
	damper *damper
	config Damp
	ready  []told // to be sent, in this order
	ending bool   // nothing is held any more
}

// newDamping gives nil where nothing is damped.
func newDamping(c Damp) *damping {
	if c.Changes == 0 {
		return nil
	}
	return &damping{damper: newDamper(c), config: c}
}

// through is up to which number all was sent, when all up to read went in.
func (d *damping) through(read uint64) uint64 {
	if first, any := d.damper.first(); any {
		read = min(read, first-1)
	}
	for _, t := range d.ready {
		read = min(read, t.from-1)
	}
	return read
}

// takeDamped is take with damping. The caller holds mu.
func (o *Outlet) takeDamped() []*Message {
	d, now := o.damp, time.Now()
	for len(d.ready) < batchSize {
		batch := o.spool.Next(o.name, o.sent, batchSize)
		if len(batch) == 0 {
			break
		}
		for _, m := range batch {
			if m.For(o.name) {
				d.ready = append(d.ready, d.damper.put(m, now)...)
			}
		}
		o.sent = batch[len(batch)-1].Seq
		o.offered = max(o.offered, o.sent)
	}
	d.ready = append(d.ready, d.damper.due(now)...)
	if d.ending {
		d.ready = append(d.ready, d.damper.flush()...)
	}
	var out []*Message
	for _, t := range d.ready[:min(len(d.ready), batchSize)] {
		out = append(out, t.message)
	}
	o.busy = len(out) > 0
	return out
}

// tookDamped is took with damping, for the first n that are ready. The caller
// holds mu.
func (o *Outlet) tookDamped(n int) {
	d := o.damp
	for range n {
		back := d.through(o.sent)
		d.ready = d.ready[1:]
		if o.witness != nil {
			o.window = append(o.window, mark{seq: d.through(o.sent), back: back})
		}
	}
	if o.witness != nil {
		o.Wake()
		return
	}
	o.advance(d.through(o.sent))
}

// rewindDamped has all from the window's begin on told again, and counts their
// changes anew. The caller holds mu.
func (o *Outlet) rewindDamped() {
	o.sent = min(o.sent, o.window[0].back)
	o.damp.damper, o.damp.ready = newDamper(o.damp.config), nil
}

// endDamping lets out what is held when the outlet stops: a spool in memory ends
// with it.
func (o *Outlet) endDamping() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.damp != nil {
		o.damp.ending = true
	}
}

// nextLook is when there is something to see to without being woken; 0: never.
func (o *Outlet) nextLook() time.Duration {
	d := o.settle()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.damp == nil {
		return d
	}
	at, any := o.damp.damper.next()
	if wait := max(time.Until(at), time.Nanosecond); any && (d == 0 || wait < d) {
		return wait
	}
	return d
}
