package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// newMode is the mode of a file that was not there: root:stigwatch reads it.
const newMode = 0o640

// labelName is the extended attribute that holds SELinux's label.
const labelName = "security.selinux"

var (
	errBusy    = errors.New("another process is writing a file there: try again")
	errChanged = errors.New("somebody changed it in the meantime: try again")
)

// followed gives the file that a path leads to, so that a link stays one when
// its file is replaced. A path where nothing is leads to itself.
func followed(path string) (string, error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("cannot follow %q: %w", path, err)
	}
	return target, nil
}

// lockFolder opens the folder of path and holds it against other writers, until
// it is closed. It does not wait: a lock is held for moments only.
func lockFolder(path string) (*os.File, error) {
	name := filepath.Dir(path)
	dir, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot open the folder of %q: %w", path, err)
	}
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		dir.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errBusy
		}
		return nil, fmt.Errorf("cannot lock the folder %q: %w", name, err)
	}
	return dir, nil
}

// replace puts after in the place of a file that holds before, whole or not at
// all. No before is no file.
func replace(path string, before, after []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(after); err != nil {
		return err
	}
	if err := resemble(f, path); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if now, err := ReadFile(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	} else if !bytes.Equal(now, before) {
		return errChanged
	}
	return os.Rename(f.Name(), path)
}

// resemble gives f the mode, owner and label of the file at path. Where there is
// none, the folder's group, since the agent reads it as that group.
func resemble(f *os.File, path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if folder, err := os.Stat(filepath.Dir(path)); err == nil {
			f.Chown(-1, int(folder.Sys().(*syscall.Stat_t).Gid)) // others than root may not, and keep their own
		}
		return f.Chmod(newMode)
	}
	if err != nil {
		return err
	}
	own, err := f.Stat()
	if err != nil {
		return err
	}
	is, want := own.Sys().(*syscall.Stat_t), info.Sys().(*syscall.Stat_t)
	if is.Uid != want.Uid || is.Gid != want.Gid {
		if err := f.Chown(int(want.Uid), int(want.Gid)); err != nil {
			return fmt.Errorf("cannot keep its owner: %w", err)
		}
	}
	if err := f.Chmod(info.Mode().Perm()); err != nil {
		return err
	}
	return relabel(f.Name(), label(path))
}

// label gives a file's SELinux label; none where there is no SELinux.
func label(path string) []byte {
	b := make([]byte, 1024)
	n, err := syscall.Getxattr(path, labelName, b)
	if err != nil {
		return nil
	}
	return b[:n]
}

func relabel(path string, want []byte) error {
	if want == nil || bytes.Equal(label(path), want) {
		return nil
	}
	if err := syscall.Setxattr(path, labelName, want, 0); err != nil {
		return fmt.Errorf("cannot keep its SELinux label: %w", err)
	}
	return nil
}
