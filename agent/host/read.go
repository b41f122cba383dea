package host

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"golang.org/x/sys/unix"
)

const (
	nameOnly  = unix.O_PATH | unix.O_CLOEXEC
	forRead   = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC | unix.O_NOCTTY
	firstRead = 4096 // for files that do not tell their size, as procfs's
)

// File is a regular file as it was when it was read.
type File struct {
	Bytes    []byte
	Digest   string      // "sha256:" and hex
	Size     int64       // of Bytes; procfs says 0 to whoever asks for the size
	Mode     fs.FileMode // permission bits, setuid, setgid, sticky
	ModTime  time.Time
	Resolved string // path inside the root, links resolved
}

// Read reads the regular file at path, an absolute path inside the root. The
// error names the path and answers errors.Is for fs.ErrNotExist,
// fs.ErrPermission, ErrNotRegular, ErrTooLarge, ErrLoop and ErrDangling. A path
// through something that is no folder is an error of its own, and so is a link
// whose target is not there: somebody means a file to be at that name.
func (h *Host) Read(path string) (*File, error) {
	f, err := h.read(path)
	if errors.Is(err, fs.ErrNotExist) {
		if target, ok := h.linkAt(path); ok {
			err = fmt.Errorf("%w: it points to %q", ErrDangling, target)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %q: %w", path, reason(err))
	}
	return f, nil
}

// read opens regular files only: opening a device may have effects (a watchdog).
func (h *Host) read(path string) (*File, error) {
	if err := errors.Join(check(path), h.fault(path)); err != nil {
		return nil, err
	}
	if f := h.overlaid(path); f != nil {
		return f, nil
	}
	if f := h.readPlain(path); f != nil {
		return f, nil
	}
	return h.readCarefully(path)
}

// readPlain is the short way for nearly every file: a clean path without links
// to what is seen to be a regular file. Nil says that it has to be the long way.
// Between the look and the opening only somebody who may make device nodes could
// put one there.
func (h *Host) readPlain(p string) *File {
	if h.walk || path.Clean(p) != p || p == "/" {
		return nil
	}
	var st unix.Stat_t
	if unix.Fstatat(h.fd(), p[1:], &st, unix.AT_SYMLINK_NOFOLLOW) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil
	}
	fd, err := h.openat2(p, forRead, unix.RESOLVE_NO_SYMLINKS)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	now, err := h.regular(fd)
	if err != nil {
		return nil
	}
	b, err := h.readAll(fd, now.Size)
	if err != nil {
		return nil
	}
	return newFile(b, now, p)
}

// readCarefully first takes a handle that opens nothing, so that no link can
// lead to a device.
func (h *Host) readCarefully(path string) (*File, error) {
	name, at, err := h.open(path, nameOnly)
	if err != nil {
		return nil, err
	}
	defer unix.Close(name)
	st, err := h.regular(name)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Open(procPath(name), forRead, 0)
	if err == unix.ENOENT { // no /proc
		fd, st, err = h.openAgain(at)
	}
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	b, err := h.readAll(fd, st.Size)
	if err != nil {
		return nil, err
	}
	return newFile(b, st, at), nil
}

// linkAt gives what the symbolic link at a clean path points to, and whether
// there is one.
func (h *Host) linkAt(p string) (string, bool) {
	if path.Clean(p) != p || h.fault(p) != nil {
		return "", false
	}
	dir, name := path.Split(p)
	fd, _, err := h.open(dir, nameOnly|unix.O_DIRECTORY)
	if err != nil {
		return "", false
	}
	defer unix.Close(fd)
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, name, buf)
	if err != nil {
		return "", false
	}
	return string(buf[:n]), true
}

// regular refuses what is no regular file, or too large a one.
func (h *Host) regular(fd int) (*unix.Stat_t, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, notRegular(st.Mode)
	}
	if st.Size > h.opts.MaxBytes {
		return nil, h.tooLarge()
	}
	return &st, nil
}

// openAgain opens by path what was seen to be a regular file, and looks again.
func (h *Host) openAgain(path string) (int, *unix.Stat_t, error) {
	fd, _, err := h.open(path, forRead)
	if err != nil {
		return -1, nil, err
	}
	st, err := h.regular(fd)
	if err != nil {
		unix.Close(fd)
		return -1, nil, err
	}
	return fd, st, nil
}

// readAll reads to the end or the cap, whatever the size was said to be. Then it
// waits for a truncation that is under way: a file looks empty long before the
// kernel queues the event of its truncation, but it does both under the inode's
// lock, and looking for a hole takes that lock too (on XFS reading itself does).
// Whoever reads and then finds no event to take has read no half of a truncation.
func (h *Host) readAll(fd int, size int64) ([]byte, error) {
	if size == 0 {
		size = min(firstRead, h.opts.MaxBytes)
	}
	b := make([]byte, 0, size+1) // one more: a full file ends without growing
	for {
		n, err := unix.Read(fd, b[len(b):cap(b)])
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return nil, err
		case n == 0:
			_, _ = unix.Seek(fd, 0, unix.SEEK_HOLE) // an empty file has none: the lock was taken all the same
			return b, nil
		}
		b = b[:len(b)+n]
		if int64(len(b)) > h.opts.MaxBytes {
			return nil, h.tooLarge()
		}
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
	}
}

func (h *Host) tooLarge() error {
	return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, h.opts.MaxBytes)
}

func newFile(b []byte, st *unix.Stat_t, at string) *File {
	return &File{
		Bytes:    b,
		Digest:   Digest(b),
		Size:     int64(len(b)),
		Mode:     fileMode(st.Mode),
		ModTime:  time.Unix(st.Mtim.Unix()),
		Resolved: at,
	}
}

// Digest gives "sha256:" and hex.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	digest := append(make([]byte, 0, 80), "sha256:"...)
	return string(hex.AppendEncode(digest, sum[:]))
}

func fileMode(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	if mode&unix.S_ISUID != 0 {
		m |= fs.ModeSetuid
	}
	if mode&unix.S_ISGID != 0 {
		m |= fs.ModeSetgid
	}
	if mode&unix.S_ISVTX != 0 {
		m |= fs.ModeSticky
	}
	return m
}
