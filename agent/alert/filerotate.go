package alert

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// rotate moves the file aside, to path.1, and those before it one further; the
// oldest goes. All in them was synced before. A crash between two of the steps
// leaves a gap in the numbers, which the next rotation fills: no file goes that
// need not.
func (s *file) rotate() error {
	if err := s.Close(); err != nil {
		return fmt.Errorf("cannot close %q: %w", s.path, err)
	}
	for n := s.gap(); n > 0; n-- {
		if err := os.Rename(s.numbered(n-1), s.numbered(n)); err != nil {
			return fmt.Errorf("cannot move the file of alerts aside: %w", err)
		}
	}
	return s.open() // which syncs the folder
}

// gap is the first number that is free, or the last that is kept.
func (s *file) gap() int {
	for n := 1; n < s.keep; n++ {
		if _, err := os.Lstat(s.numbered(n)); errors.Is(err, fs.ErrNotExist) {
			return n
		}
	}
	return s.keep
}

func (s *file) numbered(n int) string {
	if n == 0 {
		return s.path
	}
	return s.path + "." + strconv.Itoa(n)
}

// syncFolder makes the names in a folder survive a power cut.
func syncFolder(path string) error {
	dir, err := os.Open(filepath.Clean(path))
	if err != nil {
		return fmt.Errorf("cannot sync the folder: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("cannot sync the folder %q: %w", path, err)
	}
	return nil
}
