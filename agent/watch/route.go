package watch

import (
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sys/unix"
)

// What an inotify watch asks for. A link in a folder's place is never followed.
const (
	watchMask = unix.IN_CLOSE_WRITE | unix.IN_MODIFY | unix.IN_ATTRIB | unix.IN_CREATE | unix.IN_DELETE |
		unix.IN_MOVED_FROM | unix.IN_MOVED_TO | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF |
		unix.IN_ONLYDIR | unix.IN_DONT_FOLLOW

	nameMask = unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVED_FROM | unix.IN_MOVED_TO // a name came or went
)

// why says what happened to one of a target's hops, and so what to do once its
// watches are in place again. Of what came and went the last news counts; the
// rest changes nothing about that, since the two queues are not read in step.
type why uint8

const (
	verify   why = iota // watches may be off: report it only if they were
	touched             // it changed beside its content
	appeared            // it came or went: what is there now may still be written
	swapped             // it came by rename or link: what is there now is whole
)

// look is a question about a name that must not be asked while mu is held.
type look struct {
	target *target // to resolve anew if it is a link; nil: not needed
	path   string  // to report if no close will follow; "": not needed
	folder string
	name   string
}

// absorb takes in what was read from the kernel. mu is held.
func (w *Watcher) absorb(buf []byte, now time.Time) {
	for len(buf) > 0 {
		ev, rest, ok := nextEvent(buf)
		if !ok {
			w.overflow("the kernel's events cannot be understood", now)
			return
		}
		buf = rest
		if ev.is(unix.IN_Q_OVERFLOW) {
			w.overflow("the kernel's queue of file events ran over", now)
			continue
		}
		for f := w.table.wds[ev.wd]; f != nil; {
			twin := f.twin // before f loses its watch
			if len(ev.name) == 0 {
				w.self(f, ev, now)
			} else {
				w.entry(f, ev, now)
			}
			f = twin
		}
	}
}

// self takes in an event of a watched folder itself.
func (w *Watcher) self(f *folder, ev rawEvent, now time.Time) {
	switch {
	case ev.is(unix.IN_IGNORED):
		w.table.unwatched(f)
		if !f.gone {
			w.lost("the watch on "+f.path+" ended", now)
			w.expireAll(f, appeared)
		}
	case ev.is(unix.IN_UNMOUNT):
		w.lost("the file system of "+f.path+" was unmounted", now)
		f.gone = true
		w.expireAll(f, appeared)
	case ev.is(unix.IN_DELETE_SELF | unix.IN_MOVE_SELF):
		f.gone = true
		w.expireAll(f, verify) // what came instead, if anything, is news of the folder above
	case ev.is(unix.IN_ATTRIB):
		w.expireAll(f, touched)
	}
}

// entry takes in an event of a name in a watched folder.
func (w *Watcher) entry(f *folder, ev rawEvent, now time.Time) {
	if s := f.find(string(ev.name)); s != nil {
		for _, t := range s.ends {
			w.ended(t, f, ev, now)
		}
		if len(s.passes) > 0 && ev.is(nameMask|unix.IN_ATTRIB) {
			w.passed(s, f, string(ev.name), ev, now)
		}
	}
	for _, t := range f.inside {
		name := string(ev.name)
		path := strings.TrimSuffix(t.path, "/") + "/" + name
		w.sign(path, ev, now)
		if ev.is(unix.IN_CREATE) && !ev.is(unix.IN_ISDIR) {
			w.looks = append(w.looks, look{path: path, folder: f.path, name: name})
		}
	}
}

// ended takes in an event of a target's last hop.
func (w *Watcher) ended(t *target, f *folder, ev rawEvent, now time.Time) {
	came := ev.is(unix.IN_CREATE | unix.IN_MOVED_TO)
	switch {
	case t.dir:
		if ev.is(nameMask | unix.IN_ATTRIB) {
			w.expire(t, reasonOf(ev))
		}
		return
	case came && ev.is(unix.IN_ISDIR):
		w.expire(t, reasonOf(ev))
		return
	case came:
		l := look{target: t, folder: f.path, name: string(ev.name)}
		if ev.is(unix.IN_CREATE) {
			l.path = t.path
		}
		w.looks = append(w.looks, l)
	}
	w.sign(t.path, ev, now)
}

// passed takes in an event of a name on the way of targets.
func (w *Watcher) passed(s *spot, f *folder, name string, ev rawEvent, now time.Time) {
	if s.root && ev.is(nameMask) {
		w.batch.everything("the root folder was removed or replaced", now)
	}
	for _, t := range s.passes {
		w.expire(t, reasonOf(ev))
		if ev.is(unix.IN_CREATE) && !ev.is(unix.IN_ISDIR) {
			w.looks = append(w.looks, look{target: t, folder: f.path, name: name})
		}
	}
}

func reasonOf(ev rawEvent) why {
	switch {
	case ev.is(unix.IN_MOVED_TO):
		return swapped
	case ev.is(unix.IN_ATTRIB):
		return touched
	}
	return appeared
}

// sign tells settle what an event says of a file's writer.
func (w *Watcher) sign(path string, ev rawEvent, now time.Time) {
	switch {
	case ev.is(unix.IN_CLOSE_WRITE | unix.IN_MOVED_TO):
		w.settle.finished(path, now)
	case ev.is(unix.IN_DELETE | unix.IN_MOVED_FROM):
		w.settle.vanished(path, now)
	case ev.is(unix.IN_CREATE) && ev.is(unix.IN_ISDIR):
		w.settle.finished(path, now)
	case ev.is(unix.IN_CREATE | unix.IN_MODIFY):
		w.settle.modified(path, now)
	case ev.is(unix.IN_ATTRIB):
		w.settle.touched(path, now)
	}
}

// folderEvent takes in what fsnotify says of the folders above.
func (w *Watcher) folderEvent(ev fsnotify.Event, now time.Time) {
	reason, itself := appeared, verify
	switch {
	case ev.Has(fsnotify.Create) && (renamed(ev) || isLink(ev.Name)):
		reason = swapped
	case ev.Op == fsnotify.Chmod:
		reason, itself = touched, touched
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if f := w.table.folders[ev.Name]; f != nil && ev.Has(fsnotify.Remove|fsnotify.Rename|fsnotify.Chmod) {
		w.expireAll(f, itself)
	}
	dir, name := split(ev.Name)
	f := w.table.folders[dir]
	if f == nil || ev.Op == fsnotify.Write {
		return
	}
	s := f.find(name)
	if s == nil {
		return
	}
	if f.wd != 0 && reason == appeared {
		reason = touched // inotify has the folder as well by now, and knows better
	}
	if s.root && ev.Op != fsnotify.Chmod {
		w.batch.everything("the root folder was removed or replaced", now)
		w.offer(now)
	}
	for _, ts := range [][]*target{s.passes, s.ends} {
		for _, t := range ts {
			w.expire(t, reason)
		}
	}
}

// renamed says that the new name came by a rename that fsnotify saw both ends
// of. Only its text form tells; quotes in names are escaped there.
func renamed(ev fsnotify.Event) bool {
	return strings.Contains(ev.String(), `" ← "`)
}

func isLink(path string) bool {
	fi, err := os.Lstat(path)
	return err == nil && fi.Mode()&fs.ModeSymlink != 0
}

func split(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '/')
	if i <= 0 {
		return "/", strings.TrimPrefix(path, "/")
	}
	return path[:i], path[i+1:]
}

// inspect asks the file system what the kernel's events left open: whether a new
// name is a link, which sends a target elsewhere, and whether a close will follow.
func (w *Watcher) inspect(looks []look) {
	for _, l := range looks {
		fi, err := os.Lstat(l.folder + "/" + l.name)
		if err != nil {
			continue // gone again; that is an event of its own
		}
		link := fi.Mode()&fs.ModeSymlink != 0
		w.mu.Lock()
		now := time.Now()
		switch {
		case link && l.target != nil:
			w.expire(l.target, swapped)
		case l.path != "" && !willClose(fi):
			w.settle.finished(l.path, now)
			w.offer(now)
		}
		w.mu.Unlock()
	}
}

// willClose says that a new name is a new regular file, which somebody has open,
// and not another name of an old one, a link or a FIFO.
func willClose(fi fs.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	return fi.Mode().IsRegular() && (!ok || st.Nlink == 1)
}

// overflow starts over: everything may have changed and any watch may be off.
func (w *Watcher) overflow(reason string, now time.Time) {
	w.stats.Overflows++
	w.batch.everything(reason, now)
	for _, f := range w.table.folders {
		w.expireAll(f, verify)
	}
}

func (w *Watcher) lost(reason string, now time.Time) {
	w.stats.Lost++
	w.batch.everything(reason, now)
}

func (w *Watcher) expireAll(f *folder, reason why) {
	for t := range f.all {
		w.expire(t, reason)
	}
}

// expire has the placer resolve t anew. mu is held.
func (w *Watcher) expire(t *target, reason why) {
	if old, ok := w.stale[t]; !ok || reason >= appeared || reason > old {
		w.stale[t] = reason
	}
	select {
	case w.redo <- struct{}{}:
	default:
	}
}
