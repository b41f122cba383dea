package agent

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/config"
	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/history"
	"stigwatch/agent/journal"
	"stigwatch/agent/watch"
	"stigwatch/agent/who"
)

// Who changed a file is best effort. An alert leaves with what is known at once,
// or is held for it as long as the configuration has it, and never longer. What
// the logs say within followFor after that is recorded beside the change.
const (
	followFor   = 500 * time.Millisecond
	followEvery = 50 * time.Millisecond
	holdEvery   = 5 * time.Millisecond
	maxSeen     = 4096
	maxFollowed = 64 // at once; of those beyond, only what was known at once is recorded
)

// blame finds out who changed files.
type blame struct {
	cfg    config.Who
	finder *who.Finder
	paths  watch.Resolver
	root   func() string        // that is live
	seen   map[string]time.Time // the loop's: when the last change that was asked about was seen, by path
	late   chan followUp        // never closed
	end    func()               // of its goroutines
}

// followUp is an alert that left before all was known.
type followUp struct {
	q     who.Question
	until time.Time
	m     *alert.Message
	file  string
}

func newBlame(cfg config.Who, paths watch.Resolver, root func() string) *blame {
	from := func(source string) bool { return slices.Contains(cfg.Sources, source) }
	return &blame{
		cfg: cfg, paths: paths, root: root, seen: map[string]time.Time{}, late: make(chan followUp, maxFollowed),
		finder: who.New(who.Options{Audit: from("audit"), Fanotify: from("fanotify"), Packages: from("packages"), AuditLog: cfg.AuditLog}),
	}
}

// askWho asks as a new configuration says. What was asked before is answered as
// before.
func (l *loop) askWho(cfg config.Who) {
	old := l.a.blame
	if reflect.DeepEqual(old.cfg, cfg) {
		return
	}
	next := newBlame(cfg, old.paths, old.root)
	next.seen = old.seen // or a record of the change before could answer for the next one
	l.a.blame = next
	l.a.follow(next)
	time.AfterFunc(2*followFor, old.end)
}

// watch follows the watcher's set of paths. Folders that fanotify does not take
// are those where nobody will be known.
func (b *blame) watch(files, dirs []string) {
	folders := map[string]bool{}
	add := func(p string, whole bool) {
		hops, _ := b.paths.Hops(p)
		if len(hops) == 0 {
			return
		}
		last := hops[len(hops)-1]
		folders[last.Dir] = true
		if real := filepath.Join(last.Dir, last.Name); whole && isDir(real) {
			folders[real] = true
		}
	}
	for _, p := range files {
		add(p, false)
	}
	for _, p := range dirs {
		add(p, true)
	}
	list := make([]string, 0, len(folders))
	for dir := range folders {
		if dir != "/proc" && dir != "/sys" && !strings.HasPrefix(dir, "/proc/") && !strings.HasPrefix(dir, "/sys/") { // the kernel itself writes there
			list = append(list, dir)
		}
	}
	slices.Sort(list)
	_ = b.finder.Watch(list)
}

func isDir(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}

// inquiry asks about the changes of one pass, about each path once. A nil one
// asks nothing.
type inquiry struct {
	*blame
	ctx     context.Context
	event   watch.Event
	until   time.Time // alerts may be held; zero: none was yet
	answers map[string]blamed
	late    []followUp
}

type blamed struct {
	q     who.Question
	who   *alert.Who
	final bool
}

// begin makes an inquiry for the pass that an event begins.
func (b *blame) begin(ctx context.Context, e watch.Event) *inquiry {
	if len(b.cfg.Sources) == 0 || slices.ContainsFunc(e.Paths, facts.IsLive) {
		return nil
	}
	return &inquiry{blame: b, ctx: ctx, event: e, answers: map[string]blamed{}}
}

// answer puts into a message who changed the file that it is about, and gives
// what has to be recorded of that.
func (i *inquiry) answer(m *alert.Message, c *finding.Change) []journal.Record {
	if i == nil {
		return nil
	}
	file := changedFile(i.event.Paths, m.File, c)
	if file == "" {
		return nil
	}
	got, asked := i.answers[file]
	if !asked {
		got = i.ask(file)
		i.answers[file] = got
	}
	m.Who = got.who
	if !got.final {
		i.late = append(i.late, followUp{q: got.q, m: m, file: file})
	}
	if m.Who == nil {
		return nil
	}
	return []journal.Record{whoRecord(c.At, m, file, m.Who)}
}

// changedFile is which of the paths that an event named a change is about: the
// file that the message shows, else another of the evidence, now or before, else
// the only one.
func changedFile(paths []string, shown string, c *finding.Change) string {
	files := []string{shown}
	for _, evidence := range [][]finding.Item{c.Result.Evidence, c.Was.Evidence} {
		for i := range evidence {
			files = append(files, evidence[i].File)
		}
	}
	for _, file := range files {
		if file == "" {
			continue
		}
		if slices.Contains(paths, file) || slices.Contains(paths, path.Dir(file)) {
			return file
		}
	}
	if len(paths) == 1 {
		return paths[0]
	}
	return ""
}

// ask asks at once, and holds the alert for more as long as it may be held.
func (i *inquiry) ask(file string) blamed {
	hops, err := i.paths.Hops(file)
	if err != nil || len(hops) == 0 {
		return blamed{final: true}
	}
	last := hops[len(hops)-1]
	q := who.Question{
		Paths: []string{filepath.Join(last.Dir, last.Name), filepath.Join(i.root(), file)},
		Seen:  i.event.At, After: i.seen[file],
	}
	if len(i.seen) >= maxSeen {
		clear(i.seen)
	}
	i.seen[file] = i.event.At
	a, final := i.finder.AtOnce(q)
	if i.until.IsZero() {
		i.until = time.Now().Add(i.cfg.Wait)
	}
	for !final && time.Now().Before(i.until) {
		select {
		case <-time.After(min(holdEvery, time.Until(i.until))):
		case <-i.ctx.Done():
			i.until = time.Now()
		}
		a, final = i.finder.Look(q)
	}
	return blamed{q, i.told(a), final}
}

// told is an answer as alerts tell it.
func (b *blame) told(a *who.Answer) *alert.Who {
	if a == nil {
		return nil
	}
	w := &alert.Who{
		Source: a.Source, Login: a.Login, User: a.User, PID: a.PID, Command: a.Command,
		Terminal: a.Terminal, Remote: a.Remote, Package: a.Package,
	}
	if b.cfg.Arguments && a.Title != "" {
		w.Command = a.Title
	}
	return w
}

// follow hands over what the logs may still tell, after all else is done.
func (i *inquiry) follow() {
	if i == nil {
		return
	}
	for _, f := range i.late {
		f.until = time.Now().Add(followFor)
		select {
		case i.blame.late <- f:
		default: // maxFollowed says what that means
		}
	}
	i.late = nil
}

// following records what the logs tell after alerts left, until ctx ends.
func (b *blame) following(ctx context.Context, s *store) error {
	var open []followUp
	var tick <-chan time.Time // nil: nothing is open
	for {
		late := b.late
		if len(open) >= maxFollowed {
			late = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case f := <-late:
			open = append(open, f)
		case <-tick:
			tick = nil
			open = slices.DeleteFunc(open, func(f followUp) bool { return b.followed(f, s) })
		}
		if tick == nil && len(open) > 0 {
			tick = time.After(followEvery)
		}
	}
}

// followed looks once more, and tells whether that is over.
func (b *blame) followed(f followUp, s *store) bool {
	a, final := b.finder.Look(f.q)
	if !final && time.Now().Before(f.until) {
		return false
	}
	if w := b.told(a); w != nil && !reflect.DeepEqual(w, f.m.Who) {
		s.put(nil, whoRecord(time.Now(), f.m, f.file, w))
	}
	return true
}

// whoBody is who changed the file of an alert.
type whoBody struct {
	history.Who
	By *alert.Who `json:"who"`
}

func whoRecord(at time.Time, m *alert.Message, file string, w *alert.Who) journal.Record {
	return journal.Record{Kind: journal.Who, At: at, Body: whoBody{
		Who: history.Who{Alert: m.Seq, Rule: m.Rule, File: file, Text: w.Text()}, By: w,
	}}
}
