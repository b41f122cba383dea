package mapping

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"stigwatch/agent/strict"
)

// LoadDir reads each *.yaml of a folder, by name, as one layer. No folder is no
// entries. Hidden files are left alone; a *.yml is a mistake, since whoever put
// it there means it to be read. Each file's bytes go to read, for digests; nil
// wants none. The error, if any, is a strict.Mistakes that lists the mistakes of
// all files.
func LoadDir(dir string, known Known, read func(path string, b []byte)) ([]Entry, error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, strict.Mistakes{{File: dir, Msg: strict.Cannot("read", err)}}
	}
	var entries []Entry
	var wrong strict.Mistakes
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		switch ext := filepath.Ext(path); {
		case strings.HasPrefix(f.Name(), "."):
		case ext == ".yml":
			wrong = append(wrong, strict.Mistake{File: path, Msg: "only *.yaml is read: rename it, or take it out of this folder"})
		case ext == ".yaml":
			more, mistakes := load(path, known, read)
			entries, wrong = append(entries, more...), append(wrong, mistakes...)
		}
	}
	return entries, wrong.Err()
}

func load(path string, known Known, read func(path string, b []byte)) ([]Entry, strict.Mistakes) {
	b, err := strict.ReadFile(path)
	if err != nil {
		return nil, strict.Mistakes{{File: path, Msg: strict.Cannot("read", err)}}
	}
	if read != nil {
		read(path, b)
	}
	entries, err := Parse(path, b, known)
	var wrong strict.Mistakes
	errors.As(err, &wrong)
	return entries, wrong
}
