package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sys/unix"
)

// maxRounds is how often paths are resolved anew because folders moved while
// their watches were made. Whoever moves them on is seen by the watches above.
const maxRounds = 8

// Set makes watches for exactly these paths inside the root: files, which need
// not exist, and folders, where any name counts. What was watched before stays
// watched without a gap, and its watches are renewed. It gives the paths that
// are new: look at them after Set, since nothing reports them for having been
// added. The error lists what could not be watched; the rest is.
func (w *Watcher) Set(files, dirs []string) ([]string, error) {
	w.placing.Lock()
	defer w.placing.Unlock()
	old, added := w.choose(wanted(files, dirs))
	moved, err := w.place(w.table.targets)
	w.drop(old)
	w.handOver()
	w.report(moved, added)
	slices.Sort(added)
	return slices.Compact(added), err
}

// choose brings the list of targets up to date. Old ones stay in the folders'
// tables until the new ones are in place.
func (w *Watcher) choose(want []key) (old []*target, added []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	have := w.table.targets
	w.table.targets = make([]*target, len(want))
	for i, k := range want {
		for len(have) > 0 && have[0].compare(k) < 0 {
			old, have = append(old, have[0]), have[1:]
		}
		if len(have) > 0 && have[0].key == k {
			w.table.targets[i], have = have[0], have[1:]
			continue
		}
		w.table.targets[i] = &target{key: k}
		added = append(added, k.path)
	}
	old = append(old, have...)
	for _, t := range old {
		t.dropped = true
	}
	return old, added
}

// wanted gives the keys of what to watch, in order, each once.
func wanted(files, dirs []string) []key {
	want := make([]key, 0, len(files)+len(dirs))
	for _, path := range files {
		want = append(want, key{path: path})
	}
	for _, path := range dirs {
		want = append(want, key{path: path, dir: true})
	}
	slices.SortFunc(want, key.compare)
	return slices.Compact(want)
}

// drop takes targets out of the table, and the watches that only they needed.
func (w *Watcher) drop(ts []*target) {
	w.mu.Lock()
	for _, t := range ts {
		w.table.unlink(t)
		delete(w.stale, t)
	}
	w.mu.Unlock()
	w.sweep()
}

// place resolves targets and watches every folder that they pass, until a round
// makes no new watch: then each name was looked up while it was watched, and
// whatever happens later is an event. It gives the targets that moved.
func (w *Watcher) place(ts []*target) (moved map[*target]bool, err error) {
	moved = map[*target]bool{}
	errs := map[string]error{}
	for round := range maxRounds {
		fresh := false
		for _, f := range w.resolve(ts, moved, errs) {
			made, err := w.ensure(f, round == 0, moved)
			if err != nil {
				errs[f.path] = err
			}
			fresh = fresh || made
		}
		if !fresh {
			break
		}
		clear(errs)
	}
	w.sweep()
	return moved, joined(errs)
}

func joined(errs map[string]error) error {
	list := make([]error, 0, len(errs))
	for _, name := range slices.Sorted(maps.Keys(errs)) {
		list = append(list, errs[name])
	}
	return errors.Join(list...)
}

// resolve brings the targets' hops up to date and gives the folders in them.
func (w *Watcher) resolve(ts []*target, moved map[*target]bool, errs map[string]error) []*folder {
	var folders []*folder
	seen := map[*folder]bool{nil: true}
	add := func(f *folder) {
		if !seen[f] {
			seen[f] = true
			folders = append(folders, f)
		}
	}
	for _, t := range ts {
		if err := w.follow(t, moved); err != nil {
			errs[t.path] = err
		}
		for _, s := range t.hops {
			add(s.folder)
		}
		add(t.folder)
	}
	return folders
}

// follow resolves one target. A path that the resolver cannot follow to its end
// is watched as far as it goes; without any hops it stays as it was.
func (w *Watcher) follow(t *target, moved map[*target]bool) error {
	hops, err := w.opts.Resolver.Hops(t.path)
	if len(hops) == 0 {
		if err == nil {
			err = errors.New("it is the root itself")
		}
		return fmt.Errorf("cannot watch %q: %w", t.path, err)
	}
	last := hops[len(hops)-1]
	real, dir := "", ""
	if t.folder != nil {
		real = t.folder.path
	}
	if path := filepath.Join(last.Dir, last.Name); t.dir && isFolder(path) {
		dir = path
	}
	rooted := hops[0].Dir != "/"
	if rooted {
		hops = withRoot(hops)
	}
	if t.at(hops) && dir == real {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.table.unlink(t)
	t.rooted = rooted
	w.table.link(t, hops, dir)
	moved[t] = true
	return nil
}

// withRoot puts the root folder's own name first, since it too can be renamed.
func withRoot(hops []Hop) []Hop {
	root := hops[0].Dir
	return append([]Hop{{Dir: filepath.Dir(root), Name: filepath.Base(root)}}, hops...)
}

func isFolder(path string) bool {
	fi, err := os.Lstat(path)
	return err == nil && fi.IsDir()
}

// ensure watches a folder by the means it needs. It says whether that folder was
// not watched before, or was another one.
func (w *Watcher) ensure(f *folder, renew bool, moved map[*target]bool) (made bool, err error) {
	w.mu.Lock()
	leaf := f.leaf()
	before := f.wd
	if leaf || before != 0 {
		err = w.watchRaw(f)
	}
	made = f.wd != before
	seamless := made && before == 0 && f.heard != nil // it only changed hands
	w.mu.Unlock()
	if !leaf && before == 0 {
		made, err = w.watchFolder(f, renew)
	}
	if err != nil {
		return false, w.failed(f, err)
	}
	if made && !seamless {
		w.mu.Lock()
		f.failed = false
		for t := range f.all {
			moved[t] = true
		}
		w.mu.Unlock()
	}
	return made, nil
}

// watchRaw watches through inotify, again if need be: the kernel gives the same
// descriptor for the same folder.
func (w *Watcher) watchRaw(f *folder) error {
	if w.closed {
		return os.ErrClosed
	}
	wd, err := unix.InotifyAddWatch(w.fd, f.path, watchMask)
	if err != nil {
		return err
	}
	if old := f.wd; int32(wd) != old {
		last := w.table.unwatched(f)
		w.table.watched(f, int32(wd))
		if last {
			unix.InotifyRmWatch(w.fd, uint32(old)) // it may be gone with its folder
		}
	}
	return nil
}

// watchFolder watches through fsnotify. Adding a folder again costs no event;
// another folder under the same name needs the old watch removed.
func (w *Watcher) watchFolder(f *folder, renew bool) (made bool, err error) {
	id, err := identify(f.path)
	if err != nil {
		return false, err
	}
	made = f.heard == nil || *f.heard != id
	if !made && !renew {
		return false, nil
	}
	if f.heard != nil && made {
		w.fs.Remove(f.path) // it may be gone with its folder
	}
	if err := w.fs.Add(f.path); err != nil {
		f.heard = nil
		return false, err
	}
	f.heard = &id
	return made, nil
}

func identify(path string) (inode, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return inode{}, err
	}
	return inode{dev: uint64(st.Dev), ino: st.Ino}, nil
}

// failed says once that a folder cannot be watched. One that is not there, or is
// no folder any more, is no failure: the hop above tells when it comes.
func (w *Watcher) failed(f *folder, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return nil
	}
	switch {
	case errors.Is(err, unix.ENOSPC):
		err = fmt.Errorf("%w (the limit is fs.inotify.max_user_watches)", err)
	case errors.Is(err, fsnotify.ErrClosed):
		err = os.ErrClosed
	}
	err = fmt.Errorf("cannot watch %q: %w", f.path, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	if !f.failed && !w.closed {
		f.failed = true
		w.lost(err.Error(), w.now())
		w.offer(w.now())
	}
	return err
}

// sweep removes watches that nothing needs any more. mu is not held while
// fsnotify works.
func (w *Watcher) sweep() {
	var idle []*folder
	w.mu.Lock()
	for f := range w.table.loose {
		if f.unused() {
			delete(w.table.folders, f.path)
			w.unwatch(f)
			idle = append(idle, f)
		}
	}
	clear(w.table.loose)
	w.mu.Unlock()
	w.unhear(idle)
}

// handOver ends fsnotify's watch on folders that inotify has got besides. Only
// Set does it, which resolves everything: events that fsnotify has read and not
// passed on yet are lost with the watch.
func (w *Watcher) handOver() {
	var both []*folder
	w.mu.Lock()
	for _, f := range w.table.folders {
		if f.wd != 0 && f.heard != nil {
			both = append(both, f)
		}
	}
	w.mu.Unlock()
	w.unhear(both)
}

func (w *Watcher) unhear(folders []*folder) {
	for _, f := range folders {
		if f.heard != nil {
			f.heard = nil
			w.fs.Remove(f.path) // it may be gone with its folder
		}
	}
}

func (w *Watcher) unwatch(f *folder) {
	wd := f.wd
	if w.table.unwatched(f) && !w.closed {
		unix.InotifyRmWatch(w.fd, uint32(wd)) // it may be gone with its folder
	}
}
