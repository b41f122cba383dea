package appliance

import (
	"errors"
	"fmt"
	"io/fs"

	"stigwatch/agent/finding"
	"stigwatch/agent/lens"
	"stigwatch/agent/mapping"
	"stigwatch/agent/strict"
	"stigwatch/policies"
)

// loadMapping reads the shipped mappings and lays the site's over them, whose files go
// to read.
func loadMapping(dirs []string, schema finding.Schema, read func(path string, b []byte)) (map[string]mapping.Entry, error) {
	known := mapping.Known{Facts: schema, Lenses: lens.Names()}
	shipped, err := fs.Glob(policies.FS, "mappings/*.yaml")
	if err != nil {
		return nil, err
	}
	var base []mapping.Entry
	for _, name := range shipped {
		b, err := fs.ReadFile(policies.FS, name)
		if err != nil {
			return nil, err
		}
		entries, err := mapping.Parse(name, b, known)
		if err != nil {
			return nil, err
		}
		base = append(base, entries...)
	}
	layers := [][]mapping.Entry{base}
	var mistakes strict.Mistakes
	for _, dir := range dirs {
		entries, err := mapping.LoadDir(dir, known, read)
		if m := (strict.Mistakes)(nil); errors.As(err, &m) {
			mistakes = append(mistakes, m...)
		} else if err != nil {
			return nil, fmt.Errorf("cannot load the mappings in %q: %w", dir, err)
		}
		layers = append(layers, entries)
	}
	if err := mistakes.Err(); err != nil {
		return nil, err
	}
	return mapping.Merge(layers...)
}
