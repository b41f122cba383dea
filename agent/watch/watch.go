// Package watch tells, in milliseconds, which of a set of paths may have
// changed. It reports neither a file that is half written, as far as the kernel
// says so, nor loses a change.
//
// Folders are watched, not files, by two means. The folders where paths end are
// watched through inotify itself, because only it tells the end of a write:
// IN_CLOSE_WRITE and IN_MOVED_TO are acted on at once, without any timer, and
// IN_MODIFY only when no close follows within a quiet time (type settle).
// fsnotify, which has no public close-write event, watches the folders above:
// every name that resolving a path looks up, symbolic links included. When one
// of these appears, vanishes or is swapped, the paths behind it are resolved
// anew, watched at their new place and reported. A folder that is both is
// watched once, through inotify.
//
// A file found in a folder that has just appeared may still be open: nobody saw
// it begin. It is reported at once when it was not written to for the quiet
// time, or when the folder came by rename or link; else at its close, or after
// the quiet time.
//
// What fires no event (procfs, sysfs, a mount over a watched folder, the far side
// of a network file system) is found by the caller's resync; Set renews the
// watches then.
package watch

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sys/unix"
)

// What Options say by default.
const (
	DefaultQuiet      = 300 * time.Millisecond
	DefaultCeiling    = 2 * time.Second
	DefaultGap        = 10 * time.Millisecond
	DefaultQueueLimit = 8192
)

// Hop is one name that resolving a path looks up.
type Hop struct {
	Dir  string // the folder's real path on the machine
	Name string // the name in it
}

// Resolver says which names a path depends on, one for each component, links
// followed; it stops at the first one that is missing. Hops that come with an
// error are watched nevertheless.
type Resolver interface {
	Hops(path string) ([]Hop, error)
}

// Event names paths that may have changed.
type Event struct {
	Paths  []string  // sorted, unique; empty when All
	All    bool      // something was missed: look at everything
	Reason string    // why All, a sentence without a full stop
	At     time.Time // when the first sign of it was read
}

// Options of a Watcher. Zero durations and limits mean the defaults.
type Options struct {
	Resolver   Resolver
	Quiet      time.Duration // without a write, after which an open file is reported
	Ceiling    time.Duration // after the first write, when an open file is reported anyway
	Gap        time.Duration // between two reports of one path; twice that while it changes all the time
	Vanish     time.Duration // how long a removed name may take to come back unreported; 0: reported at once
	QueueLimit int           // paths that wait for a slow consumer; beyond it: All
}

// Watcher watches paths. Its methods may be called from any goroutine.
type Watcher struct {
	opts   Options
	events chan Event    // holds the one event that nobody took yet; filled under mu, closed by Run
	redo   chan struct{} // the placer should look at stale
	timer  *time.Timer   // the next deadline of settle
	file   *os.File      // of fd, in Go's poller
	fs     *fsnotify.Watcher

	// placing is held while watches are made and removed. It guards what each
	// folder says of fsnotify, and who holds it may read the targets and their
	// hops without mu, since changing them takes both. It is taken before mu, and held
	// alone while fsnotify works, which waits for our hearer at times.
	placing sync.Mutex

	// mu guards everything below, and reading from fd, so that what Busy says
	// is as new as the call. It is never held while anything can wait.
	mu     sync.Mutex
	fd     int
	buf    []byte
	table  table
	settle *settle
	batch  batch
	stale  map[*target]why
	looks  []look
	armed  time.Time // when the timer fires; zero: it is not set
	closed bool
	stats  Stats
}

// Stats counts what a Watcher has and had to do.
type Stats struct {
	Folders   int       // folders watched
	Files     int       // paths watched
	Overflows uint64    // queues that ran over, each followed by an All
	Lost      uint64    // watches that broke or could not be made
	Events    uint64    // events handed over
	LastEvent time.Time // when the last one was; zero: none yet
	UserLimit int       // inotify watches that one user may have; 0: not known
}

// New makes a Watcher that watches nothing yet. Close or Run must follow.
func New(o Options) (*Watcher, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("cannot watch files: %w", err)
	}
	file := os.NewFile(uintptr(fd), "inotify")
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("cannot watch folders: %w", err)
	}
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	o = o.withDefaults()
	return &Watcher{
		opts: o, file: file, fs: fs, fd: fd, timer: timer,
		events: make(chan Event, 1),
		redo:   make(chan struct{}, 1),
		buf:    make([]byte, 64<<10),
		table:  newTable(),
		settle: newSettle(o),
		batch:  batch{limit: o.QueueLimit},
		stale:  map[*target]why{},
		stats:  Stats{UserLimit: userLimit()},
	}, nil
}

func (o Options) withDefaults() Options {
	o.Quiet = orElse(o.Quiet, DefaultQuiet)
	o.Ceiling = orElse(o.Ceiling, DefaultCeiling)
	o.Gap = orElse(o.Gap, DefaultGap)
	o.QueueLimit = orElse(o.QueueLimit, DefaultQueueLimit)
	return o
}

func orElse[T ~int | ~int64](v, other T) T {
	if v > 0 {
		return v
	}
	return other
}

// Events gives what may have changed. Nothing is dropped when the receiver is
// slow: paths are merged until it comes back. The channel is closed when Run ends.
func (w *Watcher) Events() <-chan Event { return w.events }

// Stats gives the counters as they are.
func (w *Watcher) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.stats
	s.Folders = len(w.table.folders)
	s.Files = len(w.table.targets)
	return s
}

// Close ends a Watcher that was never run. Run does it by itself.
func (w *Watcher) Close() error {
	w.mu.Lock()
	done := w.closed
	w.closed = true
	w.mu.Unlock()
	if done {
		return nil
	}
	w.timer.Stop()
	err := w.fs.Close()
	if cerr := w.file.Close(); err == nil {
		err = cerr
	}
	return err
}
