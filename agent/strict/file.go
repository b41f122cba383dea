package strict

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// MaxBytes is the largest file that is read.
const MaxBytes = 1 << 20

var (
	errNotRegular = errors.New("it is not a regular file")
	errTooLarge   = fmt.Errorf("it is larger than %d bytes", MaxBytes)
)

// ReadFile reads a regular file of at most MaxBytes. It does not wait on a pipe
// that somebody put in the file's place. The error wraps fs.ErrNotExist when
// there is no such file.
func ReadFile(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if fi, err := f.Stat(); err != nil {
		return nil, err
	} else if !fi.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errNotRegular}
	}
	b, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err == nil && len(b) > MaxBytes {
		err = &fs.PathError{Op: "read", Path: path, Err: errTooLarge}
	}
	return b, err
}

// Cannot says as a mistake's message that a file could not be read (verb), and
// why. The mistake names the file itself, so the message does not.
func Cannot(verb string, err error) string {
	reason := err.Error()
	var p *fs.PathError
	if errors.As(err, &p) {
		reason = p.Err.Error()
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		reason += ": create it, or correct the path"
	case errors.Is(err, fs.ErrPermission):
		reason += ": files of stigwatch are root:stigwatch, mode 0640"
	}
	return "cannot " + verb + " it: " + reason
}
