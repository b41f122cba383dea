package facts

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// index says what a changed path can change, so that an event costs what it
// touches and not what there is. It is made anew when a tree looks elsewhere or a
// fact is made of other trees than before.
type index struct {
	byPath   map[string][]*tree // trees that look for this path
	byFolder map[string][]*tree // trees with a pattern that looks in this folder
	wild     []*tree            // trees with a pattern whose folder is a pattern too

	files, dirs []string // what to watch, sorted
}

func (r *Reader) makeIndex() *index {
	ix := &index{byPath: map[string][]*tree{}, byFolder: map[string][]*tree{}}
	for _, t := range r.trees {
		ix.add(t)
	}
	for name, u := range r.uses {
		for _, t := range u.trees {
			t.facts = append(t.facts, name)
		}
	}
	ix.files, ix.dirs = slices.Sorted(maps.Keys(ix.byPath)), slices.Sorted(maps.Keys(ix.byFolder))
	ix.files = slices.DeleteFunc(ix.files, func(p string) bool { return strings.HasPrefix(p, LivePrefix) })
	return ix
}

func (ix *index) add(t *tree) {
	t.facts = nil
	for p := range t.paths {
		ix.byPath[p] = append(ix.byPath[p], t)
	}
	for _, pattern := range t.patterns {
		dir := folderOf(pattern)
		ix.byFolder[dir] = append(ix.byFolder[dir], t)
		if strings.ContainsAny(dir, "*?[") {
			ix.wild = append(ix.wild, t)
		}
	}
}

// trees gives those that a change of these paths can change: they looked for the
// path by name, or with a pattern that matches it or looks in it.
func (ix *index) trees(paths []string) map[*tree]bool {
	hit := map[*tree]bool{}
	for _, p := range paths {
		for _, t := range ix.byPath[p] {
			hit[t] = true
		}
		for _, t := range ix.byFolder[p] {
			hit[t] = true
		}
		for _, ts := range [][]*tree{ix.byFolder[folderOf(p)], ix.wild} {
			for _, t := range ts {
				hit[t] = hit[t] || t.matches(p)
			}
		}
	}
	maps.DeleteFunc(hit, func(_ *tree, yes bool) bool { return !yes })
	return hit
}

func (t *tree) matches(p string) bool {
	return slices.ContainsFunc(t.patterns, func(pattern string) bool {
		ok, _ := path.Match(pattern, p)
		return ok
	})
}

// folderOf is the folder that a path or pattern looks in.
func folderOf(p string) string {
	if i := strings.LastIndexByte(p, '/'); i > 0 {
		return p[:i]
	}
	if strings.HasPrefix(p, EvidencePrefix) {
		return EvidencePrefix
	}
	return "/"
}
