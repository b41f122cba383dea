package watch

import (
	"golang.org/x/sys/unix"
)

const (
	// maxDrains is how many reads drainAll makes at most: enough for a full queue of
	// the kernel's, and an end when somebody refills it all the time.
	maxDrains = 32

	// maxFence is the size up to which a file is asked twice. Nobody reads larger
	// ones, and their writers may hold them for long.
	maxFence = 16 << 20
)

// Busy says that path has changed since the last event that names it was taken,
// and will be reported again: most likely it is being written right now. Whoever
// has read a file and then finds it not busy has read it whole; else what was
// read may be half of it, and can be thrown away. No file can hide behind its
// writer: it is not busy while it is reported open, nor when it was busy each
// time for longer than the ceiling.
//
// Two gaps are left: a writer that overwrites without truncating, between its
// first write and the event of it, some microseconds later; and a write through
// mmap, of which the kernel tells nothing before the close.
func (w *Watcher) Busy(path string) bool {
	busy := w.busy(path)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.settle.excuse(path, busy, w.now())
}

func (w *Watcher) busy(path string) bool {
	w.drainAll()
	busy, real := w.state(path)
	if busy || real == "" || !fence(real) {
		return busy
	}
	w.drainAll()
	busy, _ = w.state(path)
	return busy
}

func (w *Watcher) drainAll() {
	for range maxDrains {
		if !w.drain() {
			return
		}
	}
}

func (w *Watcher) state(path string) (busy bool, real string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.settle.busy(path) || w.untaken(path), w.table.real(path)
}

// fence waits until a truncation that is under way is over. A file looks empty
// long before the kernel queues the event of its truncation, but it does both
// under the inode's lock; looking for a hole takes that lock too (on XFS reading
// itself does).
func fence(path string) bool {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || st.Size > maxFence {
		return false
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	unix.Seek(fd, 0, unix.SEEK_HOLE) // an empty file has none: the lock was taken all the same
	return true
}
