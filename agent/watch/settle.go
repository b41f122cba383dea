package watch

import "time"

// phase says what is known about a file's writer.
type phase uint8

const (
	idle    phase = iota // nothing to report
	writing              // changed, and not seen closed
	whole                // changed and closed, not reported yet
)

// settle decides when a changed path is reported. It is pure: time is handed in,
// and nothing in it waits.
//
// A finished path is due at once, but not sooner than gap after its last report.
// One that is being written is due when it is finished; failing that, quiet after
// the last write, or ceiling after the first. The gap holds only within a burst: a
// change whose first sign comes after a calm moment is reported at once, so that
// steady changes are not delayed. It is twice as long for a path that changes all
// the time.
type settle struct {
	quiet, ceiling, gap, vanish time.Duration

	files   map[string]*file
	waiting map[*file]struct{} // those that are due later
	ready   []*file            // those that were due when they came; some may not be any more
	excused map[string]span    // paths that were found busy
	next    time.Time          // nothing in waiting is due before it; zero: nothing waits
	keep    int                // files beyond which idle ones are forgotten
}

// span is from when to when a path was found busy.
type span struct{ first, last time.Time }

// file is what settle remembers of one path.
type file struct {
	path    string
	phase   phase
	endless bool      // reported while open: its writer may never close
	first   time.Time // the first sign not reported yet
	due     time.Time
	last    time.Time // the last sign
	calm    bool      // the first sign not reported yet came after a calm moment
	streak  int       // reports in a row that the gap held back
	ended   time.Time // when it was last seen whole
	told    time.Time // when it was last reported
}

const (
	minKeep = 1024 // files that are always remembered
	hot     = 8    // held back that many times in a row, a path changes all the time

	calm = 2 * time.Millisecond // without a sign of a path, its burst is over
)

func newSettle(o Options) *settle {
	return &settle{
		quiet: o.Quiet, ceiling: o.Ceiling, gap: o.Gap, vanish: o.Vanish,
		files: map[string]*file{}, waiting: map[*file]struct{}{},
		excused: map[string]span{}, keep: minKeep,
	}
}

// modified notes a write, at the given time, to a file that may still be open.
func (s *settle) modified(path string, at time.Time) {
	s.hold(s.begin(path, at), at.Add(s.quiet))
}

// vanished notes that the name is gone, perhaps only for the time that an editor
// takes to put the new file in its place.
func (s *settle) vanished(path string, now time.Time) {
	f := s.begin(path, now)
	if s.vanish > 0 {
		s.hold(f, now.Add(s.vanish))
	} else {
		s.finished(path, now)
	}
	f.ended = time.Time{} // what comes under this name is another file
}

// touched notes a change beside the content: it counts at once, unless a writer
// has the file open and its close will tell.
func (s *settle) touched(path string, now time.Time) {
	if f := s.files[path]; f != nil && f.phase == writing {
		return
	}
	s.finished(path, now)
}

// finished notes that the path is whole, or gone for good.
func (s *settle) finished(path string, now time.Time) {
	f := s.begin(path, now)
	f.phase, f.endless, f.ended = whole, false, now
	f.due = later(now, s.free(f))
	if f.due.After(now) {
		s.wait(f)
		return
	}
	delete(s.waiting, f)
	s.ready = append(s.ready, f)
}

// found notes a file that was there before its folder was watched, and was
// written age ago. What happened to it since the given time is known already. If
// it is the same file as before, it is whole when it was so after that write.
func (s *settle) found(path string, age time.Duration, same bool, since, now time.Time) {
	f, wrote := s.files[path], now.Add(-age)
	switch {
	case age >= s.quiet:
		s.finished(path, now)
	case f == nil:
		s.modified(path, wrote)
	case same && f.phase != writing && !f.ended.Before(wrote):
		s.finished(path, now)
	case f.ended.Before(since):
		s.modified(path, wrote)
	}
}

// collect gives every path that is due, with the time of its first sign.
func (s *settle) collect(now time.Time, tell func(path string, first time.Time)) {
	for _, f := range s.ready {
		if f.phase == whole && !f.due.After(now) {
			s.report(f, now, tell)
		}
	}
	clear(s.ready)
	s.ready = s.ready[:0]
	if s.next.IsZero() || now.Before(s.next) {
		return
	}
	s.next = time.Time{}
	for f := range s.waiting {
		if f.due.After(now) {
			s.sooner(f.due)
		} else {
			s.report(f, now, tell)
		}
	}
	s.forget(now)
}

// busy says that path will be reported again, and may be half written until then.
func (s *settle) busy(path string) bool {
	f := s.files[path]
	return f != nil && f.phase != idle && !f.endless
}

// excuse passes on that path is busy, unless it was so each time that somebody
// asked, for longer than the ceiling: then it is read as it is, and starts anew.
func (s *settle) excuse(path string, busy bool, now time.Time) bool {
	if len(s.excused) > minKeep {
		clear(s.excused) // of paths that nobody asks about any more
	}
	e, known := s.excused[path]
	if !known || now.Sub(e.last) > s.ceiling {
		e.first = now
	}
	if !busy || now.Sub(e.first) > s.ceiling {
		delete(s.excused, path)
		return false
	}
	e.last = now
	s.excused[path] = e
	return true
}

func (s *settle) begin(path string, now time.Time) *file {
	f := s.files[path]
	if f == nil {
		f = &file{path: path}
		s.files[path] = f
	}
	if f.phase == idle {
		f.first, f.calm = now, now.Sub(f.last) >= calm
		f.endless = f.endless && now.Sub(f.told) < s.ceiling
	}
	f.last = now
	return f
}

func (s *settle) hold(f *file, due time.Time) {
	f.phase = writing
	if top := f.first.Add(s.ceiling); top.Before(due) {
		due = top
	}
	f.due = later(due, s.free(f))
	s.wait(f)
}

// free is when a path may be reported again.
func (s *settle) free(f *file) time.Time {
	if f.calm {
		return f.told
	}
	if f.streak >= hot {
		return f.told.Add(2 * s.gap)
	}
	return f.told.Add(s.gap)
}

func (s *settle) wait(f *file) {
	s.waiting[f] = struct{}{}
	s.sooner(f.due)
}

func (s *settle) sooner(due time.Time) {
	if s.next.IsZero() || due.Before(s.next) {
		s.next = due
	}
}

func (s *settle) report(f *file, now time.Time, tell func(string, time.Time)) {
	f.endless = f.phase == writing
	if f.first.Before(s.free(f)) {
		f.streak++
	} else {
		f.streak = 0
	}
	f.phase, f.told = idle, now
	delete(s.waiting, f)
	tell(f.path, f.first)
}

// forget drops what only names in folders leave behind: a path's last report
// matters for the gap and the ceiling after it.
func (s *settle) forget(now time.Time) {
	if len(s.files) <= s.keep {
		return
	}
	for path, f := range s.files {
		if f.phase == idle && now.Sub(f.told) > max(2*s.gap, s.ceiling) {
			delete(s.files, path)
		}
	}
	s.keep = max(minKeep, 2*len(s.files))
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
