package replace

import (
	"fmt"
	"io"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"stigwatch/agent/host"
)

// File is a file as it was when it was opened. Close it.
type File struct {
	Path   string
	Bytes  []byte
	Digest string // as host.Digest gives it
	Meta   Meta

	in *folder
	fd *os.File
	st unix.Stat_t
}

// Open reads the file at path, an absolute path inside the root. The error names
// the path and answers errors.Is for one of this package's errors when the file
// is none to be replaced: see Refused.
func (t *Tree) Open(path string) (*File, error) {
	f, err := t.openFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot replace %q: %w", path, err)
	}
	return f, nil
}

func (t *Tree) openFile(path string) (*File, error) {
	in, err := t.folderOf(path)
	if err != nil {
		return nil, err
	}
	f := &File{Path: path, in: in}
	if err := f.load(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Close lets the file and its folder go. Nothing beside the file is removed.
func (f *File) Close() {
	f.in.close()
	if f.fd != nil {
		f.fd.Close()
	}
}

func (f *File) load() (err error) {
	if f.fd, f.st, err = f.in.open(f.in.base); err != nil {
		return err
	}
	if err := f.in.mayReplace(&f.st); err != nil {
		return err
	}
	if f.Bytes, err = f.in.t.readAll(f.fd); err != nil {
		return err
	}
	f.Digest = host.Digest(f.Bytes)
	if f.Meta, err = metaOf(f.fd, &f.st); err != nil {
		return err
	}
	var after unix.Stat_t
	if err := unix.Fstat(int(f.fd.Fd()), &after); err != nil {
		return err
	}
	if after.Size != f.st.Size || after.Ctim != f.st.Ctim || after.Mtim != f.st.Mtim {
		return fmt.Errorf("%w: it changed while it was read", ErrChanged)
	}
	return nil
}

// open opens a name in the folder when a regular file is there: opening a device
// may have effects.
func (f *folder) open(name string) (*os.File, unix.Stat_t, error) {
	var st unix.Stat_t
	switch err := unix.Fstatat(f.fd(), name, &st, unix.AT_SYMLINK_NOFOLLOW); {
	case err == unix.ENOENT:
		return nil, st, ErrMissing
	case err != nil:
		return nil, st, err
	case st.Mode&unix.S_IFMT == unix.S_IFLNK:
		return nil, st, fmt.Errorf("%w: the file itself is one", ErrLink)
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return nil, st, fmt.Errorf("%w: it is %s", ErrNotRegular, host.Kind(st.Mode))
	}
	fd, err := unix.Openat(f.fd(), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, st, err
	}
	var now unix.Stat_t
	file := os.NewFile(uintptr(fd), name)
	if err := unix.Fstat(fd, &now); err != nil || now.Ino != st.Ino || now.Dev != st.Dev {
		file.Close()
		return nil, st, fmt.Errorf("%w: it changed while it was opened", ErrChanged)
	}
	return file, now, nil
}

// mayReplace refuses files that are not one owner's own, whole and alone.
func (f *folder) mayReplace(st *unix.Stat_t) error {
	o := f.t.opts
	switch {
	case st.Nlink > 1:
		return fmt.Errorf("%w: it has %d", ErrHardLinked, st.Nlink)
	case st.Dev != f.st.Dev:
		return fmt.Errorf("%w than its folder", ErrDevice)
	case !f.t.devices[st.Dev]:
		return fmt.Errorf("%w than the root and the mounts that are allowed", ErrDevice)
	case slices.Contains(o.Agent, st.Uid):
		return fmt.Errorf("%w: to uid %d, the agent's own", ErrOwner, st.Uid)
	case st.Uid != o.Owner:
		return fmt.Errorf("%w: to uid %d, not to %d", ErrOwner, st.Uid, o.Owner)
	case st.Size > o.MaxBytes:
		return f.t.tooLarge()
	}
	return nil
}

// readAll reads an open file from its start, whatever its size was said to be.
func (t *Tree) readAll(fd *os.File) ([]byte, error) {
	b, err := io.ReadAll(io.NewSectionReader(fd, 0, t.opts.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > t.opts.MaxBytes {
		return nil, t.tooLarge()
	}
	return b, nil
}

// Fits gives ErrTooLarge for content that no file may have.
func (t *Tree) Fits(b []byte) error {
	if int64(len(b)) > t.opts.MaxBytes {
		return t.tooLarge()
	}
	return nil
}

func (t *Tree) tooLarge() error {
	return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, t.opts.MaxBytes)
}
