package alert

import "sync"

// Spool keeps messages until every outlet is done with them. It is safe for use
// by several goroutines.
type Spool interface {
	// Next gives up to limit messages for an outlet with numbers above after, in
	// order.
	Next(outlet string, after uint64, limit int) []*Message
	// Cursor is the number up to which an outlet was done when it last ran; what
	// came before it first ran does not concern it.
	Cursor(outlet string) uint64
	// Done says that an outlet is done with all up to seq. It does not block.
	Done(outlet string, seq uint64)
	// Waiting counts the messages for an outlet with numbers above after.
	Waiting(outlet string, after uint64) int
}

// memoryLimit is how many messages a spool in memory holds.
const memoryLimit = 10_000

// MemorySpool is a spool that ends with the process, for an agent without a
// state folder. When it is full the oldest message goes: the newest says how
// things are now.
type MemorySpool struct {
	mu      sync.Mutex // guards all below
	held    []*Message // in order
	cursors map[string]uint64
	dropped func(outlet string, n uint64)
}

// NewMemorySpool makes an empty one. It tells dropped, which must not block, how
// many messages an outlet will not get.
func NewMemorySpool(dropped func(outlet string, n uint64)) *MemorySpool {
	return &MemorySpool{cursors: map[string]uint64{}, dropped: dropped}
}

// Put adds a message, which must not change any more.
func (s *MemorySpool) Put(m *Message) {
	s.mu.Lock()
	s.held = append(s.held, m)
	var lost []string
	if len(s.held) > memoryLimit {
		gone := s.held[0]
		s.held[0] = nil
		s.held = s.held[1:]
		for name, at := range s.cursors {
			if at < gone.Seq && gone.For(name) {
				s.cursors[name] = gone.Seq
				lost = append(lost, name)
			}
		}
	}
	s.mu.Unlock()
	for _, name := range lost {
		s.dropped(name, 1)
	}
}

// Next is Spool's.
func (s *MemorySpool) Next(_ string, after uint64, limit int) []*Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.above(after)
	return append([]*Message(nil), s.held[i:min(i+limit, len(s.held))]...)
}

// above is the index of the first message with a number above after. The caller
// holds mu.
func (s *MemorySpool) above(after uint64) int {
	i := len(s.held)
	for i > 0 && s.held[i-1].Seq > after {
		i--
	}
	return i
}

// Cursor is Spool's.
func (s *MemorySpool) Cursor(outlet string) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, known := s.cursors[outlet]
	if !known && len(s.held) > 0 {
		at = s.held[len(s.held)-1].Seq
	}
	s.cursors[outlet] = at
	return at
}

// Done is Spool's.
func (s *MemorySpool) Done(outlet string, seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cursors[outlet] = max(s.cursors[outlet], seq)
	least := seq
	for _, at := range s.cursors {
		least = min(least, at)
	}
	i := 0
	for i < len(s.held) && s.held[i].Seq <= least {
		i++
	}
	if i > 0 {
		s.held = append(s.held[:0:0], s.held[i:]...)
	}
}

// Forget takes an outlet out that has ended: nothing waits for it any more.
func (s *MemorySpool) Forget(outlet string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.cursors, outlet)
}

// Waiting is Spool's.
func (s *MemorySpool) Waiting(_ string, after uint64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.held) - s.above(after)
}
