// Package ownership owns the question who could change what a path leads to. A
// process that writes as root, or believes what it reads, asks before it does:
// whoever owns any folder on the way decides what the path means in the end.
package ownership

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrOthers is why a path is not to be trusted; the wrapping error names what on
// the way others can change.
var ErrOthers = errors.New("others than root can change it")

const (
	folderMode = 0o755
	mostLinks  = 40 // as many as the kernel follows: path_resolution(7)
)

// Alone gives nil when nobody but root can change what path leads to: the file or
// folder itself, each folder on the way, and the links that are followed. What is
// not there yet, and only root can make, is root's. A folder with the sticky bit,
// such as /tmp, may be on the way to what is root's, but be neither the end nor
// where something is still to be made. The path is made absolute first. The error
// wraps ErrOthers, or says what the kernel refused.
//
// The walk starts at the top and goes on only from what nobody else can change, so
// that each answer still holds when the next one is asked.
func Alone(path string) error {
	if err := walkTo(path, false); err != nil {
		return fmt.Errorf("cannot trust %q: %w", path, err)
	}
	return nil
}

// Folder makes a folder, with those above it that are not there, for a process that
// will write into it by its path. Where the process is root's, nobody else may be
// able to change what the path leads to: the error then wraps ErrOthers, and nothing
// is made where others decide. Another user has no power that somebody could borrow.
func Folder(path string) error {
	if os.Geteuid() != 0 {
		return os.MkdirAll(path, folderMode)
	}
	if err := walkTo(path, true); err != nil {
		return fmt.Errorf("cannot use the folder %q: %w", path, err)
	}
	return nil
}

func walkTo(path string, make bool) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	w := walk{left: parts(abs), make: make}
	return w.all()
}

type walk struct {
	at     string   // where it is; what is before it is in order
	left   []string // names still to go through
	make   bool     // folders that are not there
	links  int
	sticky bool // anybody may make files where it is
}

func parts(abs string) []string {
	return strings.FieldsFunc(abs, func(r rune) bool { return r == '/' })
}

func (w *walk) all() error {
	if err := w.look("/"); err != nil {
		return err
	}
	for len(w.left) > 0 {
		next := filepath.Join(w.at, w.left[0])
		w.left = w.left[1:]
		err := w.look(next)
		if errors.Is(err, fs.ErrNotExist) {
			if !w.make {
				break
			}
			err = w.made(next)
		}
		if err != nil {
			return err
		}
	}
	if w.sticky {
		return fmt.Errorf("%w: anybody may make files in %q", ErrOthers, w.at)
	}
	return nil
}

// made makes a folder. Where anybody may, somebody else can have been first.
func (w *walk) made(path string) error {
	if err := os.Mkdir(path, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return w.look(path)
}

// look goes to a file, a folder or a link, when it is nobody else's.
func (w *walk) look(path string) error {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return fmt.Errorf("cannot look at %q: %w", path, err)
	}
	kind, open := st.Mode&unix.S_IFMT, st.Mode&0o022 != 0 // with an ACL, the group's bits are the most that any entry gives
	sticky := kind == unix.S_IFDIR && st.Mode&unix.S_ISVTX != 0
	switch {
	case st.Uid != 0:
		return fmt.Errorf("%w: %q belongs to uid %d: chown root", ErrOthers, path, st.Uid)
	case kind == unix.S_IFLNK:
		return w.follow(path)
	case open && !sticky:
		return fmt.Errorf("%w: %q has mode %04o: chmod go-w", ErrOthers, path, st.Mode&0o7777)
	}
	w.at, w.sticky = path, open
	return nil
}

func (w *walk) follow(path string) error {
	if w.links++; w.links > mostLinks {
		return fmt.Errorf("cannot follow %q: %w", path, unix.ELOOP)
	}
	to, err := os.Readlink(path)
	if err != nil {
		return fmt.Errorf("cannot follow %q: %w", path, err)
	}
	if !filepath.IsAbs(to) {
		to = filepath.Join(filepath.Dir(path), to)
	}
	w.left = slices.Concat(parts(filepath.Clean(to)), w.left)
	w.at, w.sticky = "/", false
	return nil
}
