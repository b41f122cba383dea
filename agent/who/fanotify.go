package who

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// What is asked of folders for what happens in them: fanotify_mark(2). Only with
// names does the kernel tell of more than writes.
const (
	plainMask = unix.FAN_CLOSE_WRITE | unix.FAN_MODIFY | unix.FAN_EVENT_ON_CHILD
	namesMask = plainMask | unix.FAN_ATTRIB | unix.FAN_CREATE | unix.FAN_DELETE | unix.FAN_MOVED_FROM | unix.FAN_MOVED_TO
)

const (
	maxWrites = 256                    // remembered
	sameDeed  = 100 * time.Millisecond // in which a process is not looked up again
	maxDrain  = 64                     // reads in one go
)

// fanotify hears which process changes something in the folders. It needs
// CAP_SYS_ADMIN: to others the kernel tells no process.
//
// Since Linux 5.9 events name the folder, by its handle, and the file, and there
// is one for a rename: whoever renames a file over another has changed that. On
// older kernels there is only the close of the temporary file, and what it was is
// known by its inode, which the rename does not change.
type fanotify struct {
	file  *os.File // in Go's poller
	named bool

	mu      sync.Mutex // guards what follows, and reading from the kernel
	closed  bool
	buf     []byte
	folders map[string]string // handle → path, of those that are marked
	writes  []write           // the oldest first
}

// write is what a process did to a file.
type write struct {
	at      time.Time // when we read it
	path    string
	id      fileID // only where there are no names
	process process
}

type fileID struct{ dev, ino uint64 }

// newFanotify gives nil when the kernel or a lack of capability forbids it.
func newFanotify(plain bool) *fanotify {
	if !capable() {
		return nil
	}
	const flags = unix.FAN_CLASS_NOTIF | unix.FAN_CLOEXEC | unix.FAN_NONBLOCK
	fd, err := -1, error(unix.EINVAL)
	if !plain {
		fd, err = unix.FanotifyInit(flags|unix.FAN_REPORT_DFID_NAME, 0)
	}
	named := err == nil
	if errors.Is(err, unix.EINVAL) {
		fd, err = unix.FanotifyInit(flags, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_LARGEFILE|unix.O_NOATIME)
	}
	if err != nil {
		return nil
	}
	return &fanotify{
		file: os.NewFile(uintptr(fd), "fanotify"), named: named,
		buf: make([]byte, 16<<10), folders: map[string]string{},
	}
}

// capable tells whether we have CAP_SYS_ADMIN: capabilities(7).
func capable() bool {
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	return unix.Capget(&hdr, &data[0]) == nil && data[0].Effective&(1<<unix.CAP_SYS_ADMIN) != 0
}

// watch marks these folders and no others.
func (f *fanotify) watch(folders []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.drain() // by the names that they had
	var wrong []error
	next := map[string]string{}
	for _, dir := range folders {
		handle, err := f.mark(dir)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("cannot hear who writes in %q: %w", dir, err))
			continue
		}
		next[handle] = dir
	}
	for handle, dir := range f.folders {
		if _, stays := next[handle]; !stays {
			_ = f.control(unix.FAN_MARK_REMOVE, dir) // it may be gone, or another one
		}
	}
	f.folders = next
	return errors.Join(wrong...)
}

// mark gives the folder's handle as events have it; where they have none, its path.
func (f *fanotify) mark(dir string) (string, error) {
	if err := f.control(unix.FAN_MARK_ADD, dir); err != nil || !f.named {
		return dir, err
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return "", err
	}
	h, _, err := unix.NameToHandleAt(unix.AT_FDCWD, dir, 0)
	if err != nil {
		return "", err
	}
	return handleKey(fs.Fsid.Val[0], fs.Fsid.Val[1], h.Type(), h.Bytes()), nil
}

func (f *fanotify) control(flag uint, dir string) error {
	raw, err := f.file.SyscallConn()
	if err != nil {
		return err
	}
	mask := uint64(plainMask)
	if f.named {
		mask = namesMask
	}
	var wrong error
	err = raw.Control(func(fd uintptr) {
		wrong = unix.FanotifyMark(int(fd), flag|unix.FAN_MARK_ONLYDIR|unix.FAN_MARK_DONT_FOLLOW, mask, unix.AT_FDCWD, dir)
	})
	return errors.Join(err, wrong)
}

// run takes what comes until ctx ends.
func (f *fanotify) run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { f.file.SetReadDeadline(time.Unix(1, 0)) })()
	raw, err := f.file.SyscallConn()
	if err != nil {
		return nil
	}
	for ctx.Err() == nil {
		err := raw.Read(func(uintptr) bool {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.drain() // false: wait until there is something
		})
		if err != nil {
			break
		}
	}
	return nil
}

func (f *fanotify) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.file.Close()
}

// drain reads what the kernel has, and tells whether it had something.
func (f *fanotify) drain() (some bool) {
	raw, err := f.file.SyscallConn()
	if err != nil || f.closed {
		return some
	}
	_ = raw.Control(func(fd uintptr) {
		for range maxDrain {
			n, err := unix.Read(int(fd), f.buf)
			if err != nil || n <= 0 {
				return
			}
			some = true
			for e := range f.decode(f.buf[:n]) {
				f.take(e)
			}
		}
	})
	return some
}

// take looks the process up, as long as it is there.
func (f *fanotify) take(e heard) {
	if e.path == "" || e.pid <= 0 {
		return
	}
	now := time.Now()
	w := write{at: now, path: e.path, id: e.id}
	last := f.find(func(o *write) bool { return o.process.pid == e.pid && o.path == e.path })
	if last != nil && now.Sub(last.at) < sameDeed && last.process.comm != "" {
		w.process = last.process
		i := slices.IndexFunc(f.writes, func(o write) bool { return o.path == last.path && o.process.pid == last.process.pid })
		f.writes = slices.Delete(f.writes, i, i+1)
	} else {
		w.process = lookUp(e.pid)
	}
	if len(f.writes) >= maxWrites {
		f.writes = slices.Delete(f.writes, 0, maxWrites/2)
	}
	f.writes = append(f.writes, w)
}

// find gives the newest that fits.
func (f *fanotify) find(fits func(*write) bool) *write {
	for i := len(f.writes) - 1; i >= 0; i-- {
		if fits(&f.writes[i]) {
			return &f.writes[i]
		}
	}
	return nil
}

// newest is the process that changed a file last; nil when none is known.
func (f *fanotify) newest(q Question) *process {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.drain()
	}
	var is fileID
	if !f.named {
		is = fileIDOf(q.Paths)
	}
	from := q.Seen.Add(-Window)
	w := f.find(func(w *write) bool {
		return !w.at.Before(from) && (among(q.Paths, w.path) || is.ino != 0 && w.id == is)
	})
	if w == nil {
		return nil
	}
	p := w.process
	return &p
}

func fileIDOf(paths []string) fileID {
	var st unix.Stat_t
	if len(paths) == 0 || unix.Lstat(paths[0], &st) != nil {
		return fileID{}
	}
	return fileID{uint64(st.Dev), st.Ino}
}

// pathOf is what a descriptor that came with an event was opened by, now.
func pathOf(fd int) (string, fileID) {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return "", fileID{}
	}
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil || !filepath.IsAbs(path) {
		return "", fileID{}
	}
	return path, fileID{uint64(st.Dev), st.Ino}
}
