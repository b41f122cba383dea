package watch

import (
	"slices"
	"strings"
)

// table says what each name in each folder means to whom.
type table struct {
	folders map[string]*folder   // by real path
	wds     map[int32]*folder    // by watch descriptor
	targets []*target            // by key
	loose   map[*folder]struct{} // may have lost their last use
}

// key is what makes a target: one path may be watched as a file and as a folder.
type key struct {
	path string
	dir  bool
}

func (k key) compare(o key) int {
	if c := strings.Compare(k.path, o.path); c != 0 || k.dir == o.dir {
		return c
	}
	if o.dir {
		return -1
	}
	return 1
}

// target is one path to watch.
type target struct {
	key
	rooted  bool    // the first hop is the root folder's own name
	dropped bool    // nobody wants it any more
	hops    []*spot // in the table
	folder  *folder // that it is, when it is one and exists
}

// at tells whether the target is in the table at these hops.
func (t *target) at(hops []Hop) bool {
	return slices.EqualFunc(t.hops, hops, func(s *spot, h Hop) bool { return s.name == h.Name && s.folder.path == h.Dir })
}

// folder is one folder on the machine.
type folder struct {
	path   string
	spots  []*spot   // by name
	inside []*target // folder targets that are this folder
	twin   *folder   // the next one with this watch descriptor: it is mounted twice
	heard  *inode    // what fsnotify watches; nil: nothing
	ends   int32     // targets whose last hop is here
	wd     int32     // 0: not watched through inotify
	gone   bool      // removed or renamed: its watch may end
	failed bool      // it cannot be watched, and that was said
}

// spot is one name in a folder.
type spot struct {
	folder *folder
	name   string
	ends   []*target // this name is the path's last hop
	passes []*target // this name is on the path's way
	root   bool      // it is the root folder's own name
}

// inode tells whether two paths lead to the same folder.
type inode struct{ dev, ino uint64 }

func newTable() table {
	return table{folders: map[string]*folder{}, wds: map[int32]*folder{}, loose: map[*folder]struct{}{}}
}

// leaf says that writes in the folder matter, not only its names.
func (f *folder) leaf() bool { return f.ends > 0 || len(f.inside) > 0 }

func (f *folder) unused() bool { return len(f.spots) == 0 && len(f.inside) == 0 }

// all gives each target that depends on the folder, some more than once.
func (f *folder) all(yield func(*target) bool) {
	for _, s := range f.spots {
		for _, ts := range [][]*target{s.ends, s.passes} {
			for _, t := range ts {
				if !yield(t) {
					return
				}
			}
		}
	}
	for _, t := range f.inside {
		if !yield(t) {
			return
		}
	}
}

// link puts t in the table at its hops; unlink takes it out.
func (tb *table) link(t *target, hops []Hop, dir string) {
	t.hops = make([]*spot, len(hops))
	for i, h := range hops {
		s := tb.folder(h.Dir).spot(h.Name)
		t.hops[i] = s
		if i == len(hops)-1 {
			s.ends = append(s.ends, t)
			s.folder.ends++
			continue
		}
		s.passes = append(s.passes, t)
		s.root = s.root || t.rooted && i == 0
	}
	if dir != "" {
		t.folder = tb.folder(dir)
		t.folder.inside = append(t.folder.inside, t)
	}
}

func (tb *table) unlink(t *target) {
	for i, s := range t.hops {
		f := s.folder
		if i == len(t.hops)-1 {
			s.ends = without(s.ends, t)
			f.ends--
		} else {
			s.passes = without(s.passes, t)
		}
		if len(s.ends)+len(s.passes) == 0 {
			f.spots = without(f.spots, s)
		}
		tb.loose[f] = struct{}{}
	}
	if f := t.folder; f != nil {
		f.inside = without(f.inside, t)
		tb.loose[f] = struct{}{}
	}
	t.hops, t.folder = nil, nil
}

func (tb *table) folder(path string) *folder {
	f := tb.folders[path]
	if f == nil {
		f = &folder{path: path}
		tb.folders[path] = f
	}
	return f
}

// spot gives what a name in the folder means, after making it if need be; find
// gives nil when it means nothing.
func (f *folder) spot(name string) *spot {
	i, ok := f.search(name)
	if !ok {
		f.spots = slices.Insert(f.spots, i, &spot{folder: f, name: name})
	}
	return f.spots[i]
}

func (f *folder) find(name string) *spot {
	if i, ok := f.search(name); ok {
		return f.spots[i]
	}
	return nil
}

func (f *folder) search(name string) (int, bool) {
	return slices.BinarySearchFunc(f.spots, name, func(s *spot, name string) int { return strings.Compare(s.name, name) })
}

// watched notes the descriptor that the kernel gave for a folder.
func (tb *table) watched(f *folder, wd int32) {
	tb.unwatched(f)
	f.wd, f.gone, f.twin = wd, false, tb.wds[wd]
	tb.wds[wd] = f
}

// unwatched forgets it; true when no other folder shares it.
func (tb *table) unwatched(f *folder) (last bool) {
	if f.wd == 0 {
		return false
	}
	first := tb.wds[f.wd]
	at := &first
	for *at != f {
		at = &(*at).twin
	}
	*at = f.twin
	if first == nil {
		delete(tb.wds, f.wd)
	} else {
		tb.wds[f.wd] = first
	}
	f.wd, f.twin = 0, nil
	return first == nil
}

// without removes one occurrence of v.
func without[T comparable](list []T, v T) []T {
	if i := slices.Index(list, v); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}
