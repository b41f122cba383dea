package watch

// maxDrains is how many reads drainAll makes at most: enough for a full queue of
// the kernel's, and an end when somebody refills it all the time.
const maxDrains = 32

// Busy says that path has changed since the last event that names it was taken,
// and will be reported again: most likely it is being written right now. Whoever
// has read a file, to the end of what was under way then (host.Read waits for
// it), and then finds it not busy has read it whole; else what was read may be
// half of it, and can be thrown away. No file can hide behind its
// writer: it is not busy while it is reported open, nor when it was busy each
// time for longer than the ceiling.
//
// Two gaps are left: a writer that overwrites without truncating, between its
// first write and the event of it, some microseconds later; and a write through
// mmap, of which the kernel tells nothing before the close.
func (w *Watcher) Busy(path string) bool {
	w.drainAll()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.settle.excuse(path, w.settle.busy(path) || w.untaken(path), w.now())
}

func (w *Watcher) drainAll() {
	for range maxDrains {
		if !w.drain() {
			return
		}
	}
}
