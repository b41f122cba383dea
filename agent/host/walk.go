package host

import (
	"strings"

	"golang.org/x/sys/unix"
)

const (
	maxLinks   = 40  // as the kernel
	maxFolders = 256 // one below the other; each costs a file descriptor
	procRoot   = 1   // inode of procfs's top folder
)

// walker resolves a path as openat2 with RESOLVE_IN_ROOT does, by looking up one
// component after the other without following links. The folders between the
// root and where it is stay open, so that ".." needs no trust in the tree.
type walker struct {
	root  int
	dirs  []int
	names []string
	links int
	seen  func(dir, name string) // each lookup, dir as clean path inside the root; may be nil
}

// openWalk is open without openat2. seen, if not nil, hears of each lookup.
func (h *Host) openWalk(p string, flags int, seen func(dir, name string)) (int, string, error) {
	if len(p) >= unix.PathMax {
		return -1, "", unix.ENAMETOOLONG
	}
	w := &walker{root: h.fd(), seen: seen}
	defer w.up(maxFolders)
	return w.open(p, flags)
}

func (w *walker) open(rest string, flags int) (int, string, error) {
	var name string
	for rest != "" {
		name, rest = next(rest)
		switch name {
		case "", ".":
			continue
		case "..":
			w.up(1)
			continue
		}
		fd, mode, err := w.lookup(name)
		if err != nil {
			return -1, "", err
		}
		switch {
		case mode == unix.S_IFLNK && (rest != "" || flags&unix.O_NOFOLLOW == 0):
			rest, err = w.follow(fd, rest)
		case mode == unix.S_IFDIR:
			err = w.enter(fd, name)
		case rest != "":
			unix.Close(fd)
			err = unix.ENOTDIR
		default:
			return w.finish(fd, name, flags)
		}
		if err != nil {
			return -1, "", err
		}
	}
	return w.finishFolder(flags)
}

// next cuts the first component off. What is left starts with a slash or is
// empty; a slash after the last component says that it must be a folder.
func next(p string) (name, rest string) {
	p = strings.TrimLeft(p, "/")
	if i := strings.IndexByte(p, '/'); i >= 0 {
		return p[:i], p[i:]
	}
	return p, ""
}

func (w *walker) lookup(name string) (fd int, kind uint32, err error) {
	if w.seen != nil {
		w.seen(w.path(""), name)
	}
	fd, err = openat(w.here(), name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC)
	if err != nil {
		return -1, 0, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return -1, 0, err
	}
	return fd, st.Mode & unix.S_IFMT, nil
}

// follow gives what is left to resolve after a link, which it closes.
func (w *walker) follow(fd int, rest string) (string, error) {
	defer unix.Close(fd)
	if w.links++; w.links > maxLinks || w.magic() {
		return "", unix.ELOOP
	}
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, "", buf)
	switch {
	case err != nil:
		return "", err
	case n == 0:
		return "", unix.ENOENT
	case n == len(buf):
		return "", unix.ENAMETOOLONG
	case buf[0] == '/':
		w.up(maxFolders)
	}
	return string(buf[:n]) + rest, nil
}

// magic says whether the links in this folder are of the kind that the kernel
// follows by other means than their text: all of procfs, its top folder aside.
// Kernels before 3.12 do not tell of a folder that is only named; the text of
// such a link is then resolved inside the root like any other, which is safe.
func (w *walker) magic() bool {
	var fs unix.Statfs_t
	if err := unix.Fstatfs(w.here(), &fs); err != nil || fs.Type != unix.PROC_SUPER_MAGIC {
		return false
	}
	var st unix.Stat_t
	return unix.Fstat(w.here(), &st) != nil || st.Ino != procRoot
}

func (w *walker) enter(fd int, name string) error {
	if len(w.dirs) == maxFolders {
		unix.Close(fd)
		return unix.ENAMETOOLONG
	}
	w.dirs, w.names = append(w.dirs, fd), append(w.names, name)
	return nil
}

// up leaves n folders; at the root it stays.
func (w *walker) up(n int) {
	for ; n > 0 && len(w.dirs) > 0; n-- {
		last := len(w.dirs) - 1
		unix.Close(w.dirs[last])
		w.dirs, w.names = w.dirs[:last], w.names[:last]
	}
}

func (w *walker) here() int {
	if len(w.dirs) == 0 {
		return w.root
	}
	return w.dirs[len(w.dirs)-1]
}

// path is the clean path inside the root of a name here; of here itself for "".
func (w *walker) path(name string) string {
	dir := "/" + strings.Join(w.names, "/")
	switch {
	case name == "":
		return dir
	case dir == "/":
		return dir + name
	}
	return dir + "/" + name
}

// finish turns the handle of the last component into what flags ask for.
func (w *walker) finish(fd int, name string, flags int) (int, string, error) {
	if flags&^(unix.O_CLOEXEC|unix.O_NOFOLLOW) == unix.O_PATH {
		return fd, w.path(name), nil
	}
	unix.Close(fd)
	fd, err := openat(w.here(), name, flags|unix.O_NOFOLLOW)
	return fd, w.path(name), err
}

func (w *walker) finishFolder(flags int) (int, string, error) {
	at, name := w.path(""), "."
	if last := len(w.names) - 1; last >= 0 {
		name = w.names[last] // by its name: "." would need search permission in it
		w.up(1)
	}
	fd, err := openat(w.here(), name, flags|unix.O_NOFOLLOW)
	return fd, at, err
}

func openat(dir int, name string, flags int) (int, error) {
	for {
		fd, err := unix.Openat(dir, name, flags, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}
