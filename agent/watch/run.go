package watch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// Run watches until ctx is done, closes Events and gives back everything. It is
// called once; Set may come before it or while it runs.
func (w *Watcher) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.read(ctx) })
	g.Go(func() error { return w.hear(ctx) })
	g.Go(func() error { return w.replace(ctx) })
	g.Go(func() error { return w.tick(ctx) })
	err := g.Wait()
	cerr := w.Close()
	close(w.events)
	return errors.Join(err, cerr)
}

// read drains the kernel's queue. Nothing in it waits for a receiver, so that the
// queue does not run over while somebody is slow.
func (w *Watcher) read(ctx context.Context) error {
	conn, err := w.file.SyscallConn()
	if err != nil {
		return fmt.Errorf("cannot read file events: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { w.file.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	err = conn.Read(func(uintptr) bool {
		for w.drain() {
			if ctx.Err() != nil {
				return true
			}
		}
		return false
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("cannot read file events: %w", err)
	}
	return nil
}

// drain takes in what the kernel has right now; false when it had nothing.
// Reading and taking in are one step, since Busy reads too.
func (w *Watcher) drain() bool {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return false
	}
	n, err := unix.Read(w.fd, w.buf)
	if n <= 0 {
		w.mu.Unlock()
		return err == unix.EINTR
	}
	now := w.now()
	w.absorb(w.buf[:n], now)
	w.offer(now)
	looks := w.looks
	w.looks = nil
	w.mu.Unlock()
	w.inspect(looks)
	return true
}

// offer puts what is due where the receiver takes it. What was there and not
// taken yet comes back and is merged, so sending never waits. mu is held.
func (w *Watcher) offer(now time.Time) {
	w.settle.collect(now, w.batch.add)
	if !w.batch.empty() && !w.closed {
		if old, ok := w.recall(); ok {
			w.batch.merge(old)
		}
		w.stats.Events++
		w.stats.LastEvent = now
		w.events <- w.batch.take()
	}
	w.arm(now)
}

// recall takes back the event that nobody took yet.
func (w *Watcher) recall() (Event, bool) {
	select {
	case e := <-w.events:
		w.stats.Events--
		return e, true
	default:
		return Event{}, false
	}
}

// untaken says that an event that names path waits to be taken.
func (w *Watcher) untaken(path string) bool {
	if w.closed {
		return false
	}
	e, ok := w.recall()
	if ok {
		w.stats.Events++
		w.events <- e
	}
	return e.has(path)
}

// arm sets the timer to the next deadline, if it is sooner than what it is set to.
func (w *Watcher) arm(now time.Time) {
	next := w.settle.next
	if next.IsZero() || !w.armed.IsZero() && !next.Before(w.armed) {
		return
	}
	w.armed = next
	w.timer.Reset(next.Sub(now))
}

// tick reports what became due by time alone. The timer is set only while
// something waits.
func (w *Watcher) tick(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.timer.C:
		}
		w.mu.Lock()
		w.armed = time.Time{}
		w.offer(w.now())
		w.mu.Unlock()
	}
}

// hear takes in what fsnotify says.
func (w *Watcher) hear(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case ev, ok := <-w.fs.Events:
			if !ok {
				return errors.New("cannot watch folders: fsnotify ended")
			}
			w.folderEvent(ev, w.now())
		case err, ok := <-w.fs.Errors:
			if !ok {
				return errors.New("cannot watch folders: fsnotify ended")
			}
			w.folderError(err)
		}
	}
}

func (w *Watcher) folderError(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	switch {
	case errors.Is(err, fsnotify.ErrEventOverflow):
		w.overflow("the kernel's queue of folder events ran over", now)
	case errors.Is(err, unix.EINVAL):
		// It wanted to remove the watch of a folder that was renamed and is gone by
		// now. The rename itself is an event of the folder above.
		for _, f := range w.table.folders {
			w.expireAll(f, verify)
		}
	default:
		w.overflow(fmt.Sprintf("cannot read folder events: %v", err), now)
	}
	w.offer(now)
}

// now is the one place that reads the clock.
func (w *Watcher) now() time.Time { return time.Now() }
