package alert

import "time"

const (
	overlapTime = 5 * time.Second        // what the peer confirmed so lately is sent again when the connection broke
	overlapMost = 1000                   // but no more messages than this
	overlapMany = 20                     // and no more often: some receivers close each connection soon
	confirmWait = 20 * time.Millisecond  // first look at what the peer confirmed; doubling
	confirmMost = 640 * time.Millisecond //
)

// window holds what was sent over the connection there is, in order: what the
// peer confirmed lately, and then what it did not confirm yet. The former is of
// concern because a transport confirms for the peer's machine and not for the
// program there, which may die with messages that it did not read.
type window struct {
	final  bool // what is confirmed is of no concern any more
	marks  []mark
	again  uint64 // what the peer had confirmed was sent again up to here
	times  int    // so often, without the peer confirming more
	looks  int    // at what is not confirmed, in a row
	resent uint64 // messages
}

// mark is one message that was sent.
type mark struct {
	seq       uint64
	before    uint64    // all up to it were done with before: where to begin again
	upTo      uint64    // done with it: messages that the sink does not get follow it
	confirmed time.Time // zero: not yet
}

func (w *window) empty() bool { return len(w.marks) == 0 }

// confirmed tells whether the peer confirmed all.
func (w *window) confirmed() bool {
	return w.empty() || !w.marks[len(w.marks)-1].confirmed.IsZero()
}

// begin is the number up to which the window holds nothing: done, when it is
// empty.
func (w *window) begin(done uint64) uint64 {
	if w.empty() {
		return done
	}
	return w.marks[0].before
}

func (w *window) add(m mark) { w.marks = append(w.marks, m) }

// skip goes past messages that are not sent. It reports whether all before them
// are confirmed; else they are done with the last that was sent.
func (w *window) skip(seq uint64) bool {
	if w.confirmed() {
		return true
	}
	w.marks[len(w.marks)-1].upTo = seq
	return false
}

// confirm takes down that the peer confirmed all but the last open ones, forgets
// what is of no concern any more, and gives up to where all is done, 0 when
// nothing is.
func (w *window) confirm(open int, now time.Time) (upTo uint64) {
	n := max(len(w.marks)-open, 0)
	for i := n - 1; i >= 0 && w.marks[i].confirmed.IsZero(); i-- {
		w.marks[i].confirmed = now
	}
	if n > 0 {
		upTo = w.marks[n-1].upTo
	}
	old := max(0, n-overlapMost)
	for old < n && (w.final || w.enough(w.marks[old].seq) || now.Sub(w.marks[old].confirmed) >= overlapTime) {
		old++
	}
	w.marks = append(w.marks[:0], w.marks[old:]...)
	return upTo
}

// enough tells whether a message that the peer confirmed was sent again often
// enough.
func (w *window) enough(seq uint64) bool { return seq <= w.again && w.times >= overlapMany }

// look is when to ask the transport again; 0: not before something was sent.
func (w *window) look(now time.Time) time.Duration {
	switch {
	case w.empty():
		w.looks = 0
		return 0
	case w.confirmed(): // only the overlap is left
		w.looks = 0
		last := w.marks[len(w.marks)-1].confirmed
		return max(overlapTime-now.Sub(last), time.Millisecond)
	}
	w.looks++
	return min(confirmWait<<min(w.looks-1, 10), confirmMost)
}

// rewind gives the number after which all is sent again, and empties the window.
func (w *window) rewind() (before uint64, ok bool) {
	if w.empty() {
		return 0, false
	}
	overlap := uint64(0)
	for _, m := range w.marks {
		if !m.confirmed.IsZero() {
			overlap = max(overlap, m.seq)
		}
	}
	switch {
	case overlap > w.again:
		w.again, w.times = overlap, 1
	case overlap > 0:
		w.times++
	}
	w.resent += uint64(len(w.marks))
	before = w.marks[0].before
	w.marks, w.looks = w.marks[:0], 0
	return before, true
}
