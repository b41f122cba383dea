package watch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

const patience = 20 * time.Second // what no test should ever need

// rig is a watcher on a tree of its own.
type rig struct {
	*testing.T
	*Watcher
	root string
	end  func()
}

// newRig makes a tree of files ("a/b" with content) and folders ("a/"). The
// quiet time is long, so that an event before it is due to the kernel's word.
func newRig(t *testing.T, o Options, tree ...string) *rig {
	t.Helper()
	r := &rig{T: t, root: filepath.Join(t.TempDir(), "root")}
	r.mkdir("")
	for _, name := range tree {
		if name[len(name)-1] == '/' {
			r.mkdir(name)
		} else {
			r.write(name, "old")
		}
	}
	o.Resolver = treeResolver{r.root}
	if o.Quiet == 0 {
		o.Quiet, o.Ceiling = time.Minute, 2*time.Minute
	}
	w, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Watcher = w
	return r
}

// start watches and runs, until the test ends.
func (r *rig) start(files, dirs []string) *rig {
	r.Helper()
	if _, err := r.Set(files, dirs); err != nil {
		r.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Watcher.Run(ctx) }()
	r.end = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				r.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			r.Error("Run does not end")
		}
	})
	r.Cleanup(r.end)
	return r
}

func (r *rig) at(name string) string { return filepath.Join(r.root, name) }

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) mkdir(name string) {
	r.Helper()
	r.must(os.MkdirAll(r.at(name), 0o755))
}

func (r *rig) write(name, content string) {
	r.Helper()
	r.must(os.MkdirAll(filepath.Dir(r.at(name)), 0o755))
	r.must(os.WriteFile(r.at(name), []byte(content), 0o644))
}

func (r *rig) rename(from, to string) {
	r.Helper()
	r.must(os.Rename(r.at(from), r.at(to)))
}

func (r *rig) remove(name string) {
	r.Helper()
	r.must(os.RemoveAll(r.at(name)))
}

func (r *rig) link(to, name string) {
	r.Helper()
	r.must(os.Symlink(to, r.at(name)))
}

// swap puts a link to another place over name, as ln -sfn does.
func (r *rig) swap(to, name string) {
	r.Helper()
	r.link(to, name+".tmp")
	r.rename(name+".tmp", name)
}

// next waits for an event.
func (r *rig) next() Event {
	r.Helper()
	select {
	case e, ok := <-r.Events():
		if !ok {
			r.Fatal("the events ended")
		}
		return e
	case <-time.After(patience):
		r.Fatal("no event came")
	}
	return Event{}
}

// until waits for an event that satisfies want.
func (r *rig) until(what string, want func(Event) bool) Event {
	r.Helper()
	deadline := time.After(patience)
	var seen []string
	for {
		select {
		case e := <-r.Events():
			seen = append(seen, fmt.Sprint(e.Paths, e.All, e.Reason))
			if want(e) {
				return e
			}
		case <-deadline:
			r.Fatalf("no event with %s; there were %q", what, seen)
		}
	}
}

// sees waits until each path was reported.
func (r *rig) sees(paths ...string) {
	r.Helper()
	left := slices.Clone(paths)
	r.until(fmt.Sprint(paths), func(e Event) bool {
		left = slices.DeleteFunc(left, e.has)
		return len(left) == 0
	})
}

// settled waits until path is reported and reads as content, with no later news
// of it outstanding.
func (r *rig) settled(path, content string) {
	r.Helper()
	r.until(path+" = "+content, func(e Event) bool {
		if !e.has(path) {
			return false
		}
		return r.read(path) == content && !r.Busy(path)
	})
}

// read reads a path inside the root, links followed in it.
func (r *rig) read(path string) string {
	hops, _ := treeResolver{r.root}.Hops(path)
	last := hops[len(hops)-1]
	b, _ := os.ReadFile(filepath.Join(last.Dir, last.Name))
	return string(b)
}

// still makes a change of another path and waits for it: what was reported until
// then, besides, is given back.
func (r *rig) still(marker string) []string {
	r.Helper()
	r.write(marker+".new", "x")
	r.rename(marker+".new", marker)
	var others []string
	r.until(marker, func(e Event) bool {
		for _, path := range e.Paths {
			if path != "/"+marker {
				others = append(others, path)
			}
		}
		return e.has("/" + marker)
	})
	return others
}

// eventually waits for something that makes no event.
func (r *rig) eventually(what string, holds func() bool) {
	r.Helper()
	for deadline := time.Now().Add(patience); !holds(); runtime.Gosched() {
		if time.Now().After(deadline) {
			r.Fatalf("it does not come about that %s", what)
		}
	}
}

// watches says that a folder is watched through inotify.
func (r *rig) watches(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.table.folders[r.at(name)]
	return f != nil && f.wd != 0 && !f.gone
}
