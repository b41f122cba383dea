package agent

import (
	"context"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/facts"
)

// maxRounds bounds how often new includes may lead to newer ones in one go; the
// resync finds the rest.
const maxRounds = 8

// rewatch gives the watch the set of paths that facts look for, when it changed,
// and looks at those that are new: nobody saw what happened to them before.
func (l *loop) rewatch(ctx context.Context) {
	for range maxRounds {
		files, dirs := l.a.parts.Watched()
		if slices.Equal(files, l.files) && slices.Equal(dirs, l.dirs) {
			return
		}
		added := l.watch(files, dirs)
		if len(added) == 0 || l.snap == nil {
			return
		}
		l.update(ctx, added)
	}
}

// watch makes the watches, and renews those that there are.
func (l *loop) watch(files, dirs []string) []string {
	l.files, l.dirs = files, dirs
	own, ownDirs := l.itselfWatched()
	l.itself.dirs = ownDirs
	files, dirs = slices.Concat(files, own), slices.Concat(dirs, ownDirs)
	added, err := l.a.watcher.Set(slices.Concat(files, []string{canaryPath, jobsWatched}), dirs)
	l.a.blame.watch(files, dirs)
	added = slices.DeleteFunc(added, func(p string) bool { return strings.HasPrefix(p, itselfPrefix) })
	if err == nil {
		l.a.conds.clear("watch-incomplete")
		return added
	}
	if l.a.conds.set("watch-incomplete", err.Error(), "") {
		l.agentAlert("watch-incomplete", err.Error())
	}
	return added
}

// update reads these paths again and judges what they can have changed: first
// the rules of facts whose value changed, so that alerts leave at once; then
// those of facts that only stand elsewhere now, whose evidence has to follow.
func (l *loop) update(ctx context.Context, paths []string) {
	start := time.Now()
	snap, changed := l.a.parts.Reader.Update(paths)
	l.earlier, l.snap, l.paths = l.snap, snap, paths
	defer func() { l.paths = nil }()
	if changed.None() {
		return
	}
	engine := l.a.parts.Engine
	first := engine.Affected(changed.Values)
	if len(first) > 0 {
		l.judge(ctx, first)
		if !slices.ContainsFunc(paths, facts.IsLive) {
			l.a.askAgain(first)
		}
	}
	rest := slices.DeleteFunc(engine.Affected(changed.Places), func(id string) bool { return slices.Contains(first, id) })
	if len(rest) > 0 {
		l.judge(ctx, rest)
	}
	l.publish(time.Now())
	l.a.timing.pass(time.Since(start), false)
}
