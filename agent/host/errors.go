package host

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// What can be wrong with a path, for errors.Is, besides fs.ErrNotExist and
// fs.ErrPermission.
var (
	ErrNotRegular = errors.New("not a regular file")
	ErrTooLarge   = errors.New("it is too large")
	ErrLoop       = errors.New("too many symbolic links, or one that only the kernel can follow")
	ErrTooMany    = errors.New("there are too many")
	ErrDangling   = errors.New("it is a link to nothing inside the root")
)

// reason strips what the standard library puts before an error number, and
// names the one error number that callers branch on by our word.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if errors.Is(err, unix.ELOOP) {
		return ErrLoop
	}
	return err
}

func notRegular(mode uint32) error {
	return fmt.Errorf("it is %s, %w", Kind(mode), ErrNotRegular)
}

// Kind says in words what a file is, by the type bits of its st_mode: see inode(7).
func Kind(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return "a file"
	case unix.S_IFDIR:
		return "a folder"
	case unix.S_IFIFO:
		return "a FIFO"
	case unix.S_IFSOCK:
		return "a socket"
	case unix.S_IFCHR:
		return "a character device"
	case unix.S_IFBLK:
		return "a block device"
	case unix.S_IFLNK:
		return "a symbolic link"
	}
	return "of an unknown kind"
}
