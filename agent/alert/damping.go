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

// sent takes the first message that was ready off, and gives up to which number
// all was done before it, and is with it.
func (d *damping) sent(read uint64) (before, upTo uint64) {
	before = d.through(read)
	d.ready = d.ready[1:]
	return before, d.through(read)
}

// restart has all that comes counted anew.
func (d *damping) restart() { d.damper, d.ready = newDamper(d.config), nil }

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
	if len(d.ready) == 0 {
		o.busy, o.open = false, true
		o.skip(d.through(o.sent))
		return nil
	}
	o.busy = true
	var out []*Message
	for _, t := range d.ready[:min(len(d.ready), batchSize)] {
		out = append(out, t.message)
	}
	return out
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

// sooner is when there is something to see to without being woken: after look, or
// when something that is held has to be told; 0: never.
func (o *Outlet) sooner(look time.Duration) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.damp == nil {
		return look
	}
	at, any := o.damp.damper.next()
	if wait := max(time.Until(at), time.Nanosecond); any && (look == 0 || wait < look) {
		return wait
	}
	return look
}
