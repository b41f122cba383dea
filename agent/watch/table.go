package watch

import "slices"

// table says what each name in each folder means to whom.
type table struct {
	folders map[string]*folder  // by real path
	wds     map[int32][]*folder // by watch descriptor; several when a folder is mounted twice
	targets map[key]*target
	loose   map[*folder]struct{} // may have lost their last use
}

// key is what makes a target: one path may be watched as a file and as a folder.
type key struct {
	path string
	dir  bool
}

// target is one path to watch.
type target struct {
	key
	rooted bool // the first hop is the root folder's own name
	hops   []Hop
	folder string // real path of the folder, when it is one and exists
}

// folder is one folder on the machine.
type folder struct {
	path   string
	spots  map[string]*spot
	inside []*target // folder targets that are this folder
	ends   int       // targets whose last hop is here
	wd     int32     // 0: not watched through inotify
	gone   bool      // removed or renamed: its watch may end
	fs     bool      // watched through fsnotify
	id     inode     // what fsnotify watches
	failed bool      // it cannot be watched, and that was said
}

// spot is one name in a folder.
type spot struct {
	ends   []*target // this name is the path's last hop
	passes []*target // this name is on the path's way
	root   bool      // it is the root folder's own name
}

// inode tells whether two paths lead to the same folder.
type inode struct{ dev, ino uint64 }

func newTable() table {
	return table{targets: map[key]*target{}, folders: map[string]*folder{}, wds: map[int32][]*folder{}, loose: map[*folder]struct{}{}}
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
	t.hops, t.folder = hops, dir
	for i, h := range hops {
		f := tb.folder(h.Dir)
		s := f.spot(h.Name)
		if i == len(hops)-1 {
			s.ends = append(s.ends, t)
			f.ends++
			continue
		}
		s.passes = append(s.passes, t)
		s.root = s.root || t.rooted && i == 0
	}
	if dir != "" {
		f := tb.folder(dir)
		f.inside = append(f.inside, t)
	}
}

func (tb *table) unlink(t *target) {
	for i, h := range t.hops {
		f := tb.folder(h.Dir)
		s := f.spot(h.Name)
		if i == len(t.hops)-1 {
			s.ends = without(s.ends, t)
			f.ends--
		} else {
			s.passes = without(s.passes, t)
		}
		if len(s.ends)+len(s.passes) == 0 {
			delete(f.spots, h.Name)
		}
		tb.loose[f] = struct{}{}
	}
	if t.folder != "" {
		f := tb.folder(t.folder)
		f.inside = without(f.inside, t)
		tb.loose[f] = struct{}{}
	}
	t.hops, t.folder = nil, ""
}

func (tb *table) folder(path string) *folder {
	f := tb.folders[path]
	if f == nil {
		f = &folder{path: path, spots: map[string]*spot{}}
		tb.folders[path] = f
	}
	return f
}

func (f *folder) spot(name string) *spot {
	s := f.spots[name]
	if s == nil {
		s = &spot{}
		f.spots[name] = s
	}
	return s
}

// watched notes the descriptor that the kernel gave for a folder.
func (tb *table) watched(f *folder, wd int32) {
	tb.unwatched(f)
	f.wd, f.gone = wd, false
	tb.wds[wd] = append(tb.wds[wd], f)
}

// unwatched forgets it; true when no other folder shares it.
func (tb *table) unwatched(f *folder) (last bool) {
	if f.wd == 0 {
		return false
	}
	rest := slices.DeleteFunc(tb.wds[f.wd], func(o *folder) bool { return o == f })
	if len(rest) > 0 {
		tb.wds[f.wd] = rest
	} else {
		delete(tb.wds, f.wd)
	}
	f.wd = 0
	return len(rest) == 0
}

// without removes one occurrence of t.
func without(ts []*target, t *target) []*target {
	if i := slices.Index(ts, t); i >= 0 {
		return slices.Delete(ts, i, i+1)
	}
	return ts
}
