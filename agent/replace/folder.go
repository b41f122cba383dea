package replace

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"stigwatch/agent/host"
)

// folder is an open folder that holds a file.
type folder struct {
	t    *Tree
	dir  *os.File
	st   unix.Stat_t
	path string // the file's, inside the root
	base string
}

// folderOf walks to the folder of a path, and refuses whatever another user could
// turn into something else: links, and folders that others own or may write to.
func (t *Tree) folderOf(p string) (*folder, error) {
	if len(p) < 2 || p[0] != '/' || path.Clean(p) != p || strings.ContainsRune(p, 0) {
		return nil, ErrPath
	}
	parts := strings.Split(p[1:], "/")
	f := &folder{t: t, path: p, base: parts[len(parts)-1]}
	fd, err := unix.FcntlInt(t.dir.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f.dir = os.NewFile(uintptr(fd), t.root)
	at := "/"
	for i := 0; ; i++ {
		if err := f.check(at); err != nil {
			f.close()
			return nil, err
		}
		if i == len(parts)-1 {
			return f, nil
		}
		at = path.Join(at, parts[i])
		if err := f.enter(parts[i], at); err != nil {
			f.close()
			return nil, err
		}
	}
}

// check looks at who may write to the folder that the walk is in.
func (f *folder) check(at string) error {
	if err := unix.Fstat(f.fd(), &f.st); err != nil {
		return err
	}
	o := f.t.opts
	switch {
	case slices.Contains(o.Agent, f.st.Uid):
		return fmt.Errorf("%w: %q belongs to uid %d, the agent's own", ErrFolder, at, f.st.Uid)
	case f.st.Uid != o.Owner && f.st.Uid != 0:
		return fmt.Errorf("%w: %q belongs to uid %d, not to %d", ErrFolder, at, f.st.Uid, o.Owner)
	case f.st.Mode&0o022 != 0: // with an ACL, the group's bits are the most that any entry gives
		return fmt.Errorf("%w: %q has mode %04o, others may write to it", ErrFolder, at, f.st.Mode&0o7777)
	}
	return nil
}

// enter goes one folder further down.
func (f *folder) enter(name, at string) error {
	fd, err := unix.Openat(f.fd(), name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return f.whyNot(name, at, err)
	}
	f.dir.Close()
	f.dir = os.NewFile(uintptr(fd), at)
	return nil
}

func (f *folder) whyNot(name, at string, err error) error {
	var st unix.Stat_t
	switch lerr := unix.Fstatat(f.fd(), name, &st, unix.AT_SYMLINK_NOFOLLOW); {
	case lerr == unix.ENOENT:
		return fmt.Errorf("%w: there is no %q", ErrMissing, at)
	case lerr == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK:
		return fmt.Errorf("%w: %q is one", ErrLink, at)
	case lerr == nil && st.Mode&unix.S_IFMT != unix.S_IFDIR:
		return fmt.Errorf("%w: there is no folder %q, it is %s", ErrMissing, at, host.Kind(st.Mode))
	}
	return fmt.Errorf("cannot open folder %q: %w", at, err)
}

// again says whether the path still leads to this folder.
func (f *folder) again() error {
	now, err := f.t.folderOf(f.path)
	if err != nil {
		return err
	}
	defer now.close()
	if now.st.Ino != f.st.Ino || now.st.Dev != f.st.Dev {
		return fmt.Errorf("%w: its folder is another one now", ErrChanged)
	}
	return nil
}

func (f *folder) fd() int {
	return int(f.dir.Fd())
}

func (f *folder) close() {
	f.dir.Close()
}

func (f *folder) step(name string) error {
	return f.t.step(name, f.path)
}

func (f *folder) sync() error {
	if err := f.step("sync folder of"); err != nil {
		return err
	}
	return f.dir.Sync()
}

func (f *folder) unlink(name string) error {
	if err := f.step("remove what is beside"); err != nil {
		return err
	}
	return unix.Unlinkat(f.fd(), name, 0)
}
