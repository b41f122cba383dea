package alert

// took takes down what was sent. The caller holds mu.
func (o *Outlet) took(batch []*Message) {
	for _, m := range batch {
		if m.Seq > o.reached || o.damp != nil {
			o.stats.Sent++
			o.reached = max(o.reached, m.Seq)
		}
		before, upTo := m.Seq-1, m.Seq
		if o.damp != nil {
			before, upTo = o.damp.sent(o.sent)
		} else {
			o.sent = max(o.sent, m.Seq)
		}
		if o.witness == nil {
			o.answer(m.Seq, nil)
			o.advance(upTo)
			o.well()
			continue
		}
		o.window.add(mark{seq: m.Seq, before: before, upTo: upTo})
	}
}

// skip goes past messages that the sink does not get. The caller holds mu.
func (o *Outlet) skip(seq uint64) {
	o.sent = max(o.sent, seq)
	if o.window.skip(seq) {
		o.advance(seq)
	}
}

// reject goes past a message that the sink can never send. The caller holds mu.
func (o *Outlet) reject(seq uint64, err error) {
	if seq > o.reached {
		o.stats.Dropped++
		o.reached = seq
	}
	o.stats.Healthy, o.stats.LastError = false, err.Error()
	o.answer(seq, err)
	if o.damp != nil {
		_, seq = o.damp.sent(o.sent)
	}
	o.skip(seq)
}

// advance takes down that all up to seq are done, and reports whether they never
// were before. The caller holds mu.
func (o *Outlet) advance(seq uint64) (progress bool) {
	o.done = max(o.done, seq)
	progress = o.done > o.best
	o.best = max(o.best, o.done)
	o.release(o.window.begin(o.done))
	return progress
}

// release tells the spool that all up to seq are done for good. The caller holds
// mu.
func (o *Outlet) release(seq uint64) {
	if seq > o.released {
		o.released = seq
		o.spool.Done(o.name, seq)
	}
}

// rewind has all that the peer did not confirm, and what it confirmed lately,
// sent again. The caller holds mu.
func (o *Outlet) rewind() {
	if before, ok := o.window.rewind(); ok {
		o.sent, o.done = before, min(o.done, before)
		if o.damp != nil {
			o.damp.restart()
		}
	}
}
