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
	byPath   []look             // by path
	byFolder map[string][]*tree // trees with a pattern that looks in this folder
	wild     []*tree            // trees with a pattern whose folder is a pattern too

	files, dirs []string // what to watch, sorted
}

// look is a path that a tree looks for.
type look struct {
	path string
	tree *tree
}

func (l look) compare(path string) int { return strings.Compare(l.path, path) }

func (r *Reader) makeIndex() *index {
	ix := &index{byPath: make([]look, 0, len(r.trees)), byFolder: map[string][]*tree{}}
	for _, t := range r.trees {
		ix.add(t)
	}
	for name, u := range r.uses {
		for _, t := range u.trees {
			t.facts = append(t.facts, name)
		}
	}
	slices.SortFunc(ix.byPath, func(a, b look) int { return a.compare(b.path) })
	for _, l := range ix.byPath {
		if !strings.HasPrefix(l.path, LivePrefix) {
			ix.files = append(ix.files, l.path)
		}
	}
	ix.files, ix.dirs = slices.Compact(ix.files), slices.Sorted(maps.Keys(ix.byFolder))
	return ix
}

func (ix *index) add(t *tree) {
	t.facts = nil
	for _, p := range t.looks {
		if !isPattern(p) {
			ix.byPath = append(ix.byPath, look{p, t})
			continue
		}
		dir := folderOf(p)
		ix.byFolder[dir] = append(ix.byFolder[dir], t)
		if isPattern(dir) {
			ix.wild = append(ix.wild, t)
		}
	}
}

// trees gives those that a change of these paths can change: they looked for the
// path by name, or with a pattern that matches it or looks in it.
func (ix *index) trees(paths []string) map[*tree]bool {
	hit := map[*tree]bool{}
	for _, p := range paths {
		i, _ := slices.BinarySearchFunc(ix.byPath, p, look.compare)
		for ; i < len(ix.byPath) && ix.byPath[i].path == p; i++ {
			hit[ix.byPath[i].tree] = true
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
	return slices.ContainsFunc(t.looks, func(pattern string) bool {
		ok, _ := path.Match(pattern, p)
		return ok && isPattern(pattern)
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
