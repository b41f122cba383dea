package alert

import (
	"bytes"
	"errors"
	"fmt"
	"os"
)

// mend cuts away what a crash left of a write at the end of a file of lines.
func mend(f *os.File, size int64) error {
	tail := make([]byte, min(size, fileWrite))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return fmt.Errorf("cannot read its end: %w", err)
	}
	whole := wholeLines(tail)
	if whole == len(tail) {
		return nil
	}
	if rest := tail[whole]; rest != '{' && rest != 0 || whole == 0 && size > fileWrite {
		return errors.New("its last line is not one of stigwatch's: choose another path, or end that line")
	}
	if err := f.Truncate(size - int64(len(tail)-whole)); err != nil {
		return fmt.Errorf("cannot cut away half a line at its end: %w", err)
	}
	return nil
}

// wholeLines gives how much of a file's end is whole lines: up to the last
// newline, or the last one before a NUL, which no line has. A power cut leaves
// those where the file had grown already and the data had not arrived.
func wholeLines(tail []byte) int {
	if nul := bytes.IndexByte(tail, 0); nul >= 0 {
		tail = tail[:nul]
	}
	return bytes.LastIndexByte(tail, '\n') + 1
}
