package alert

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	fileSizeMB = 10
	fileKeep   = 5

	// fileWrite is what one write to the file has at most. What of it a crash left
	// behind is looked for in as much of the file's end.
	fileWrite = 1 << 20
)

// fileKind is a file on this machine, one line for each message.
var fileKind = kind{
	keys:    []string{"path", "max_size_mb", "keep"},
	formats: []string{"json", "ocsf", "ecs"},
	fill: func(c *Config) {
		if c.MaxSize == 0 {
			c.MaxSize = fileSizeMB
		}
		if c.Keep == 0 {
			c.Keep = fileKeep
		}
	},
	check: checkFile,
	open:  newFile,
}

func checkFile(c *Config, wrong Wrong) {
	if !filepath.IsAbs(c.Path) || strings.HasSuffix(c.Path, "/") || strings.ContainsRune(c.Path, 0) {
		wrong("path", "%q is not the absolute path of a file: write it like /var/log/stigwatch/alerts.json", c.Path)
	}
	if c.MaxSize < 1 || c.MaxSize > 100_000 {
		wrong("max_size_mb", "%d is not from 1 to 100000", c.MaxSize)
	}
	if c.Keep < 1 || c.Keep > 1000 {
		wrong("keep", "%d is not from 1 to 1000", c.Keep)
	}
}

// file appends lines to a file, and moves it aside when it is large. What it says
// is done is on disk.
//
// The file always consists of whole lines. Half of one, left by a crash or a full
// disk, is cut away and not completed: no line is done before it is on disk as a
// whole, so the outlet sends that message again, and completing it would make a
// line that no reader of JSON takes.
type file struct {
	path   string
	format formatter
	max    int64
	keep   int
	f      *os.File // nil: to be opened
}

func newFile(o Options) (Sink, error) {
	format, err := newFormatter(o.Format, o)
	if err != nil {
		return nil, err
	}
	return &file{path: filepath.Clean(o.Path), format: format, max: int64(o.MaxSize) << 20, keep: o.Keep}, nil
}

// Send writes lines, as many at once as fit into the file, and syncs them.
func (s *file) Send(_ context.Context, batch []*Message) (done int, err error) {
	for done < len(batch) && err == nil {
		var n int
		n, err = s.some(batch[done:])
		done += n
	}
	return done, err
}

// Close closes the file. All that is done was synced before.
func (s *file) Close() error {
	if s.f == nil {
		return nil
	}
	err := s.f.Close()
	s.f = nil
	return err
}

// some writes the first messages of a batch, one at least.
func (s *file) some(batch []*Message) (int, error) {
	size, err := s.ready()
	if err != nil {
		return 0, err
	}
	lines, n, err := s.lines(batch, s.max-size)
	if n == 0 && err == nil {
		if err := s.rotate(); err != nil {
			return 0, err
		}
		if size, err = s.ready(); err != nil {
			return 0, err
		}
		lines, n, err = s.lines(batch, s.max-size)
	}
	if n == 0 {
		return 0, err
	}
	if err := s.append(lines, size); err != nil {
		return 0, err
	}
	return n, nil
}

// lines are the first messages of a batch that fit into room. An error is about
// the one after them.
func (s *file) lines(batch []*Message, room int64) (lines []byte, n int, err error) {
	room = min(room, fileWrite)
	for _, m := range batch {
		line, err := fileLine(s.format, m)
		if err != nil {
			return lines, n, err
		}
		if int64(len(lines)+len(line)) > room {
			break
		}
		lines = append(lines, line...)
		n++
	}
	return lines, n, nil
}

// fileLine is the line of one message.
func fileLine(format formatter, m *Message) ([]byte, error) {
	b, err := format.bytes(m)
	if err != nil {
		return nil, err
	}
	if len(b) >= fileWrite {
		return nil, fmt.Errorf("%w: message %d has %d bytes, and a line at most %d", ErrRejected, m.Seq, len(b), fileWrite-1)
	}
	return append(b, '\n'), nil
}

// append writes whole lines at the end of the file, which is at size. When that
// does not succeed nothing of them stays: they come again.
func (s *file) append(lines []byte, size int64) error {
	_, err := s.f.Write(lines)
	if err == nil {
		err = s.f.Sync()
	}
	if err == nil {
		return nil
	}
	if cut := s.f.Truncate(size); cut != nil {
		err = errors.Join(err, cut) // the next opening mends it
	}
	_ = s.Close() // after a failed sync the kernel may have forgotten what it had: fsync(2)
	return fmt.Errorf("cannot write to %q: %w", s.path, err)
}

// ready gives the size of the file at the path, which it opens when there is
// none, or another one than before: somebody moved it away.
func (s *file) ready() (int64, error) {
	if s.f != nil && !s.isThere() {
		if err := s.Close(); err != nil {
			return 0, fmt.Errorf("cannot close %q: %w", s.path, err)
		}
	}
	if s.f == nil {
		if err := s.open(); err != nil {
			return 0, err
		}
	}
	info, err := s.f.Stat()
	if err != nil {
		return 0, fmt.Errorf("cannot use %q: %w", s.path, err)
	}
	return info.Size(), nil
}

// isThere tells whether the path still leads to the open file.
func (s *file) isThere() bool {
	at, err := os.Lstat(s.path)
	if err != nil {
		return false
	}
	open, err := s.f.Stat()
	return err == nil && os.SameFile(at, open)
}

// open opens the file, for us alone, and leaves whole lines in it. A link is not
// followed: whoever may write to the folder could point it anywhere.
func (s *file) open() error {
	const flags = os.O_RDWR | os.O_APPEND | os.O_CREATE | syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	f, err := os.OpenFile(s.path, flags, 0o640)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("cannot open %q: there is no folder %q: create it, writable for stigwatch", s.path, filepath.Dir(s.path))
	case errors.Is(err, syscall.ELOOP):
		return fmt.Errorf("cannot open %q: it is a link: name the file itself", s.path)
	case errors.Is(err, fs.ErrPermission) && fencedOff(s.path):
		return fmt.Errorf("cannot open %q: modes and owner allow it, a fence around this process (Landlock) does not: its folder took the place of another one: systemctl restart stigwatch", s.path)
	case err != nil:
		return fmt.Errorf("cannot open the file of alerts: %w", err)
	}
	if err := s.adopt(f); err != nil {
		return errors.Join(err, f.Close())
	}
	s.f = f
	return nil
}

// fencedOff tells whether it is not the modes that forbid writing: access(2) knows modes
// and SELinux, and not Landlock.
func fencedOff(path string) bool {
	if unix.Access(path, unix.W_OK) == nil {
		return true
	}
	return unix.Access(path, unix.F_OK) != nil && unix.Access(filepath.Dir(path), unix.W_OK|unix.X_OK) == nil
}

func (s *file) adopt(f *os.File) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("cannot use %q: %w", s.path, err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("cannot use %q: it is no regular file", s.path)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("cannot use %q: another process or sink writes to it: %w", s.path, err)
	}
	if err := mend(f, info.Size()); err != nil {
		return fmt.Errorf("cannot use %q: %w", s.path, err)
	}
	return syncFolder(filepath.Dir(s.path)) // else the file's name could go in a power cut
}
