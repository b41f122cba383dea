package who

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	auditChunk  = 256 << 10 // read in one go
	politeLines = 256       // after which others may run: the agent has one processor, and changes come first
	maxUnread   = 4 << 20   // of more than that, the beginning is skipped
	maxEvents   = 512       // kept, of those that our rules had logged
	maxSessions = 4096
	maxPath     = 4096 // PATH_MAX
)

// auditLog reads auditd's log, whose format is in the Audit documentation's
// "specs" and in Red Hat's "Understanding Audit log files". auditd writes no EOE
// into it: an event is used with the records that there are.
//
// It is read when somebody asks, from where it was left; nothing wakes up for it
// otherwise. auditd renames a full log and begins a new one: ours stays open, and
// is read to its end first.
type auditLog struct {
	path string

	mu       sync.Mutex // guards what follows
	file     *os.File   // nil: not open
	offset   int64
	events   []*event          // the oldest first
	sessions map[string]string // session → address
}

// inode is a file's, with its device as the audit log writes it.
type inode struct {
	ino          uint64
	major, minor uint32
}

func newAuditLog(path string) *auditLog {
	return &auditLog{path: path, sessions: map[string]string{}}
}

// usable tells whether there is a log.
func (l *auditLog) usable() bool {
	info, err := os.Stat(l.path)
	return err == nil && info.Mode().IsRegular()
}

func (l *auditLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		l.file.Close()
		l.file = nil
	}
}

// refresh reads what is new. A log that cannot be read answers nothing.
func (l *auditLog) refresh() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		l.before()
		if !l.open() {
			return
		}
	}
	l.read()
	if l.replaced() {
		l.file.Close()
		l.file = nil
		if l.open() {
			l.read()
		}
	}
}

// before reads the log before this one, once: who is logged in may have come then.
func (l *auditLog) before() {
	if b, err := readTail(l.path+".1", maxUnread); err == nil {
		l.lines(b)
	}
}

func (l *auditLog) open() bool {
	file, _, err := openRegular(l.path)
	if err != nil {
		return false
	}
	l.file, l.offset = file, 0
	return true
}

// replaced tells whether the log has another file's name now.
func (l *auditLog) replaced() bool {
	now, err := os.Stat(l.path)
	if err != nil {
		return false
	}
	was, err := l.file.Stat()
	return err != nil || !os.SameFile(now, was)
}

// read takes whole lines up to the end; half a line stays for the next time.
func (l *auditLog) read() {
	info, err := l.file.Stat()
	if err != nil {
		return
	}
	size := info.Size()
	if size < l.offset { // it was emptied
		l.offset = 0
	}
	l.offset = max(l.offset, size-maxUnread)
	buf := make([]byte, min(auditChunk, size-l.offset))
	for l.offset < size {
		n, err := l.file.ReadAt(buf[:min(int64(len(buf)), size-l.offset)], l.offset)
		end := bytes.LastIndexByte(buf[:n], '\n') + 1
		if end == 0 && n == auditChunk {
			end = n // no line is that long
		}
		l.lines(buf[:end])
		l.offset += int64(end)
		if end == 0 || err != nil && err != io.EOF {
			return
		}
	}
}

func (l *auditLog) lines(b []byte) {
	n := 0
	for line := range bytes.Lines(b) {
		if n++; n%politeLines == 0 {
			runtime.Gosched()
		}
		if l.wants(line) {
			l.line(bytes.TrimRight(line, "\n"))
		}
	}
}

// wants tells by its type whether a line matters: most of them do not.
func (l *auditLog) wants(line []byte) bool {
	_, kind, _ := bytes.Cut(line[:min(len(line), maxWord)], []byte("type="))
	kind, _, _ = bytes.Cut(kind, []byte(" "))
	switch string(kind) {
	case "SYSCALL", "USER_LOGIN", "USER_START", "SYSTEM_BOOT":
		return true
	case "CWD", "PATH", "PROCTITLE":
		return len(l.events) > 0
	}
	return false
}

func (l *auditLog) line(b []byte) {
	if len(b) > 4*maxPath { // MAX_AUDIT_MESSAGE_LENGTH is 8970
		return
	}
	kind, serial, fields, ok := record(string(b))
	if !ok {
		return
	}
	switch kind {
	case "SYSCALL":
		if e := syscallEvent(serial, fields); e != nil {
			l.events = append(l.events, e)
			if len(l.events) > maxEvents {
				l.events = slices.Delete(l.events, 0, maxEvents/2)
			}
		}
	case "CWD", "PATH", "PROCTITLE":
		if e := l.event(serial); e != nil {
			e.take(kind, fields)
		}
	case "USER_LOGIN", "USER_START":
		l.loggedIn(login(fields))
	case "SYSTEM_BOOT":
		clear(l.sessions) // they are counted anew
	}
}

// event gives one of the newest by its serial; records of several may be mixed.
func (l *auditLog) event(serial string) *event {
	for i := len(l.events) - 1; i >= max(0, len(l.events)-64); i-- {
		if l.events[i].serial == serial {
			return l.events[i]
		}
	}
	return nil
}

func (l *auditLog) loggedIn(session, addr string) {
	if session == "" {
		return
	}
	if len(l.sessions) >= maxSessions {
		clear(l.sessions)
	}
	l.sessions[session] = addr
}

// remote is where a session came from.
func (l *auditLog) remote(session string) string {
	if session == "" || !l.mu.TryLock() { // the log is being read, and nobody waits for that
		return ""
	}
	defer l.mu.Unlock()
	return l.sessions[session]
}

// find gives the newest event about a file, of one process if pid is not 0. Unless
// it may wait it gives none while the log is being read.
func (l *auditLog) find(q Question, pid int, wait bool) *event {
	if wait {
		l.mu.Lock()
	} else if !l.mu.TryLock() {
		return nil
	}
	defer l.mu.Unlock()
	from, to, after := q.Seen.Add(-Window), q.Seen.Add(Window), q.after()
	var is inode
	for i := len(l.events) - 1; i >= 0; i-- {
		e := l.events[i]
		if e.at.Before(from) || e.at.After(to) || pid != 0 && e.pid != pid { // after: the clock was set back since
			continue
		}
		if pid == 0 && e.at.Before(after) { // it was the answer about the change before
			continue
		}
		if is == (inode{}) {
			is = identify(q.Paths)
		}
		if e.about(q.Paths, is) {
			found := *e // the next record may still come
			found.names = nil
			return &found
		}
	}
	return nil
}

// about tells whether the event is about a file, or about one in a folder.
func (e *event) about(paths []string, is inode) bool {
	for _, n := range e.names {
		if is.ino != 0 && n.inode == is {
			return true
		}
		path := n.path
		if path == "" {
			continue
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(e.cwd, path)
		}
		if among(paths, filepath.Clean(path)) {
			return true
		}
	}
	return false
}

// among tells whether a path is one of these, or lies in one that is a folder.
func among(paths []string, path string) bool {
	return slices.Contains(paths, path) || slices.Contains(paths, filepath.Dir(path))
}

// identify gives the inode of the first of the paths; zero when there is none.
func identify(paths []string) inode {
	var st unix.Stat_t
	if len(paths) == 0 || unix.Lstat(paths[0], &st) != nil {
		return inode{}
	}
	return inode{st.Ino, unix.Major(st.Dev), unix.Minor(st.Dev)}
}
