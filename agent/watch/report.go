package watch

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// finding is what a look at a path gave, before it is settled.
type finding struct {
	path string
	now  bool          // report it at once
	same bool          // it is the file that it was
	age  time.Duration // else: since it was last written
}

// replace brings stale targets' watches up to date and reports the targets.
func (w *Watcher) replace(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.redo:
			w.replaceStale()
		}
	}
}

func (w *Watcher) replaceStale() {
	w.placing.Lock()
	defer w.placing.Unlock()
	w.mu.Lock()
	stale := w.stale
	w.stale = map[*target]why{}
	w.mu.Unlock()
	ts := make([]*target, 0, len(stale))
	for t := range stale {
		if !t.dropped {
			ts = append(ts, t)
		}
	}
	since := w.now()
	moved, _ := w.place(ts) // what cannot be watched was said, and counted
	var found []finding
	for _, t := range ts {
		if stale[t] != verify || moved[t] {
			found = append(found, w.findings(t, stale[t])...)
		}
		delete(moved, t)
	}
	for t := range moved {
		found = append(found, w.findings(t, verify)...)
	}
	w.settleFound(found, since)
}

// report is for targets that moved while Set renewed their watches, except those
// that Set added.
func (w *Watcher) report(moved map[*target]bool, added []string) {
	isNew := make(map[string]bool, len(added))
	for _, path := range added {
		isNew[path] = true
	}
	since := w.now()
	var found []finding
	for t := range moved {
		if !isNew[t.path] && !t.dropped {
			found = append(found, w.findings(t, verify)...)
		}
	}
	w.settleFound(found, since)
}

func (w *Watcher) settleFound(found []finding, since time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	for _, f := range found {
		if f.now {
			w.settle.finished(f.path, now)
		} else {
			w.settle.found(f.path, f.age, f.same, since, now)
		}
	}
	w.offer(now)
}

// findings looks at what a target leads to now. A folder gives its own path,
// so that it is listed again, and each name in it.
func (w *Watcher) findings(t *target, reason why) []finding {
	if !t.dir {
		last := t.hops[len(t.hops)-1]
		return []finding{probe(t.path, filepath.Join(last.folder.path, last.name), reason)}
	}
	found := []finding{{path: t.path, now: true}}
	if t.folder == nil {
		return found
	}
	for _, name := range w.names(t.folder.path) {
		path := strings.TrimSuffix(t.path, "/") + "/" + name
		found = append(found, probe(path, filepath.Join(t.folder.path, name), reason))
	}
	return found
}

// names lists a folder, one name beyond the limit at most, which makes an All.
func (w *Watcher) names(dir string) []string {
	f, err := os.Open(dir)
	if err != nil {
		return nil // whoever reads it meets the same error
	}
	defer f.Close()
	names, _ := f.Readdirnames(w.opts.QueueLimit + 1)
	return names
}

// probe says when to report a path that was found at a real place. A file that
// was written just now may still be open.
func probe(path, real string, reason why) finding {
	fi, err := os.Lstat(real)
	if reason == swapped || err != nil || !fi.Mode().IsRegular() {
		return finding{path: path, now: true}
	}
	return finding{path: path, age: age(fi), same: reason == touched}
}

func age(fi fs.FileInfo) time.Duration { return max(0, time.Since(fi.ModTime())) }
