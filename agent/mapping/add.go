package mapping

import (
	"fmt"
	"path/filepath"

	"stigwatch/agent/strict"
)

// Add appends an entry to a file of the folder dir, which it makes when there is
// none, and gives its path. What stands there stays as it is, byte for byte. When
// the folder could not be loaded with it, the error says so and nothing changes.
func Add(dir, name string, e Entry, known Known) (string, error) {
	e.File, e.Line, e.Also = "", 0, nil
	path := filepath.Join(dir, name)
	there, err := LoadDir(dir, known, nil)
	if err == nil {
		_, err = Merge(append(there, e.as(path)))
	}
	if err == nil {
		err = strict.Append(path, "facts", e, func(b []byte) ([]Entry, error) { return bare(path, b, known) })
	}
	if err != nil {
		return "", fmt.Errorf("cannot add the entry of %q: %w", e.Fact, err)
	}
	return path, nil
}

// as gives the entry a place, for mistakes.
func (e Entry) as(path string) Entry {
	e.File = path
	return e
}

// bare reads a file's entries without their places, which Append must not compare.
func bare(path string, b []byte, known Known) ([]Entry, error) {
	if len(b) == 0 {
		return nil, nil // it is not there yet
	}
	entries, err := Parse(path, b, known)
	for i := range entries {
		entries[i].File, entries[i].Line = "", 0
	}
	return entries, err
}
