package alert

import "slices"

// awaited is somebody who wants to know what becomes of one message.
type awaited struct {
	seq  uint64
	told chan error // has room for the one answer; never closed
}

// Await gives a channel that gets one answer: nil when the message of this number
// is done, which the sink's Proof puts into words, or why the sink can never send
// it. It is called before the message is offered. Forget ends it.
func (o *Outlet) Await(seq uint64) <-chan error {
	w := awaited{seq, make(chan error, 1)}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiters = append(o.waiters, w)
	return w.told
}

// Forget ends the waiting for a message that was not answered.
func (o *Outlet) Forget(seq uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiters = slices.DeleteFunc(o.waiters, func(w awaited) bool { return w.seq == seq })
}

// answer tells who waits for a message what became of it. The caller holds mu.
func (o *Outlet) answer(seq uint64, err error) {
	if len(o.waiters) == 0 {
		return
	}
	o.waiters = slices.DeleteFunc(o.waiters, func(w awaited) bool {
		if w.seq == seq {
			w.told <- err
		}
		return w.seq == seq
	})
}

// answerConfirmed tells who waits for one of the messages in the window that the
// peer confirmed: all but the last open ones. By each one's own number: with
// damping, all up to it may not be done for long. The caller holds mu.
func (o *Outlet) answerConfirmed(open int) {
	if len(o.waiters) == 0 {
		return
	}
	for _, m := range o.window.marks[:max(len(o.window.marks)-open, 0)] {
		o.answer(m.seq, nil)
	}
}
