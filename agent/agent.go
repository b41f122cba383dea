// Package agent is the daemon: the one loop that takes what the watch tells,
// has the facts read and the rules judged again, and hands what changed to the
// sinks, the journal and whoever asks at the socket.
//
//	watch → facts → policy → finding → alert, journal, published report
//
// One goroutine, the loop's, owns the state. Others send it events or read what
// it published. The order in a pass is the product: alerts are offered to the
// sinks first; the journal, the report and the watch's new set come after.
package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/appliance"
	"stigwatch/agent/confine"
	"stigwatch/agent/host"
	"stigwatch/agent/journal"
	"stigwatch/agent/selfwatch"
	"stigwatch/agent/status"
	"stigwatch/agent/watch"
)

// Options of an agent. Nil functions are not called.
type Options struct {
	appliance.Options
	Stdout  io.Writer // for sinks of type stdout; nil: os.Stdout
	Version string

	Confined *confine.State // of this process, which Run fences in; nil: it is not its to confine

	Reload   <-chan struct{} // SIGHUP
	Watchdog time.Duration   // how often Alive is wanted; 0: not at all

	Ready, Reloading, Stopping, Alive func()            // service notifications
	Status                            func(line string) // how everything stands, whenever that is another line
	OnAlert                           func(alert.Message)
}

// Agent is one daemon.
type Agent struct {
	o         Options
	parts     *appliance.Parts // the loop's, once Run runs
	started   time.Time
	conds     conditions
	timing    timing
	losses    chan string   // what sinks dropped, for the loop; never closed
	afresh    chan struct{} // holds one token when a journal was begun afresh while the agent runs; never closed
	faults    chan struct{} // holds one token when the journal's fault is another one; never closed
	ways      atomic.Pointer[[]way]
	leaving   map[string]*alert.Outlet // the loop's: of sinks that were removed and still send
	newSink   func(alert.Options) (alert.Sink, error)
	watcher   *watch.Watcher
	store     store
	live      atomic.Pointer[appliance.Parts] // the same, for the watch's resolver
	published atomic.Pointer[published]
	reloads   atomic.Pointer[reloadState]
	diffs     sync.Map      // rule → []finding.FileDiff of its last change
	asked     chan []string // paths of new answers of the running appliance
	askSoon   chan struct{} // the loop wants it asked; has room for one; never closed
	earlier   earlier
	tests     selfTests
	windows   atomic.Pointer[[]api.Window] // of maintenance that are open; nil: none yet
	requests  chan func(*loop)             // what people, and goroutines that end, ask the loop to do; never closed

	// send and follow start, in Run's errgroup, an outlet and what finds out who changed
	// files; they are the loop's once Run runs.
	send     func(o *alert.Outlet, name string) (end context.CancelCauseFunc)
	follow   func(b *blame)
	blame    *blame
	orders   chan order // for the enforcer; has room for one; never closed
	enforced atomic.Pointer[api.Enforcement]
	itself   *selfwatch.Options // what it consists of, besides its configuration; nil: that is not watched
	glances  chan glance        // at that; has room for one; never closed
}

// reloadState is what status says of the configuration.
type reloadState struct {
	loaded time.Time
	tries  uint64 // of the process to load it anew
	err    string // of the last one; the configuration before it is live
}

// New loads configuration and policies. Its error lists every mistake.
func New(o Options) (*Agent, error) {
	o = o.withDefaults()
	p, err := appliance.Build(o.Options)
	if err != nil {
		return nil, err
	}
	a := &Agent{o: o, parts: p, started: time.Now(), losses: make(chan string, 16), faults: make(chan struct{}, 1), afresh: make(chan struct{}, 1), requests: make(chan func(*loop)), orders: make(chan order, 1), glances: make(chan glance, 1), leaving: map[string]*alert.Outlet{}, newSink: alert.New, asked: make(chan []string), askSoon: make(chan struct{}, 1), tests: newSelfTests()}
	here := selfwatch.Here(o.Version)
	a.itself = &here
	a.live.Store(p)
	a.reloads.Store(&reloadState{loaded: a.started})
	return a, nil
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Stdout == nil {
		o.Stdout = os.Stdout
	}
	for _, f := range []*func(){&o.Ready, &o.Reloading, &o.Stopping, &o.Alive} {
		if *f == nil {
			*f = func() {}
		}
	}
	if o.Status == nil {
		o.Status = func(string) {}
	}
	if o.OnAlert == nil {
		o.OnAlert = func(alert.Message) {}
	}
	return o
}

// Run is the daemon's life; it returns when ctx ends, or when a part of it
// cannot go on.
func (a *Agent) Run(ctx context.Context) error {
	defer func() { a.parts.Close() }()
	a.fence()
	if err := a.openJournal(); err != nil {
		return err
	}
	server := status.New(a.statusOptions())
	if err := server.Listen(); err != nil {
		return errors.Join(err, a.closeJournal())
	}
	opened, err := a.open()
	if err != nil {
		return errors.Join(err, server.Close(), a.closeJournal())
	}
	defer holdCollector()()
	group, gctx := errgroup.WithContext(ctx)
	sending, told := context.WithCancel(context.WithoutCancel(ctx)) // the outlets stop after the last message
	defer told()
	a.send = func(o *alert.Outlet, name string) context.CancelCauseFunc {
		own, end := context.WithCancelCause(sending)
		group.Go(func() error { return a.sending(own, sending, o, name) })
		return end
	}
	a.follow = func(b *blame) {
		own, end := context.WithCancel(gctx)
		b.end = end
		group.Go(func() error { return b.finder.Run(own) })
		group.Go(func() error { return b.following(own, &a.store) })
	}
	a.serveSinks(a.parts.Config.Sinks, opened)
	a.follow(a.blame)
	group.Go(func() error { return a.watcher.Run(gctx) })
	group.Go(func() error { return server.Run(gctx) })
	if a.store.journal != nil {
		group.Go(func() error { return a.store.journal.Run(gctx) })
	}
	group.Go(func() error { return a.asking(gctx) })
	group.Go(func() error { return a.selfTesting(gctx) })
	group.Go(func() error { defer told(); return a.looping(ctx, gctx) })
	group.Go(func() error { return a.enforcing(gctx) })
	group.Go(func() error { return a.lookingAtItself(gctx) })
	err = group.Wait()
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = nil
	}
	return errors.Join(err, a.closeJournal())
}

func (a *Agent) statusOptions() status.Options {
	o := status.Options{Socket: a.parts.Config.Socket, Log: a.o.Log, Snapshot: a.Report, Explain: a.explain, SelfTest: a.SelfTest, Maintenance: windowDesk{a}}
	if j := a.store.journal; j != nil {
		o.Journal = func(after uint64, w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetEscapeHTML(false) // entries stay the bytes that they are
			return j.Walk(after, func(x journal.Extent) error { return e.Encode(x) }, func(s journal.Sealed) error { return e.Encode(s) })
		}
	}
	return o
}

// open makes the sinks, which are not served yet, and the watcher.
func (a *Agent) open() (map[string]alert.Sink, error) {
	opened, err := a.openSinks(a.parts.Config.Sinks)
	if err != nil {
		return nil, err
	}
	machine, err := host.New(host.Options{})
	if err != nil {
		return nil, err
	}
	a.tests.machine, a.tests.file = machine, filepath.Join(a.parts.Config.RuntimeDir, canaryName)
	paths := resolver{a, machine}
	if a.watcher, err = watch.New(watch.Options{Resolver: paths}); err != nil {
		return nil, err
	}
	a.blame = newBlame(a.parts.Config.Who, paths, func() string { return a.live.Load().Config.Root })
	a.o.Log.Info("who changed a file is asked of", "sources", a.blame.finder.Sources())
	return opened, nil
}

// dropped hands the loop the news that a sink lost alerts. It does not block:
// the condition stays when the loop has too many such news already.
func (a *Agent) dropped(sink string, n uint64) {
	text := fmt.Sprintf("sink %q was away for too long: %d alerts were dropped", sink, n)
	a.conds.set(alert.CodeDropped+" "+sink, text, "")
	select {
	case a.losses <- text:
	default:
	}
}

// openJournal goes on without a journal when the folder takes none, and says
// so: watching and judging matter more.
func (a *Agent) openJournal() error {
	dir := a.parts.Config.StateDir
	j, err := journal.Open(journal.Options{
		Dir: dir, Sinks: bounds(a.parts.Config.Sinks), Version: a.o.Version, OnDropped: a.dropped,
		OnFault: func() {
			select {
			case a.faults <- struct{}{}:
			default:
			}
		},
		OnFresh: func(why string) {
			a.conds.set(journalFresh, why, dir)
			a.o.Log.Warn(why, "code", journalFresh)
			select {
			case a.afresh <- struct{}{}:
			default:
			}
		},
	})
	if errors.Is(err, journal.ErrHeld) {
		return err
	}
	if err != nil {
		text := fmt.Sprintf("nothing is recorded, and changes made while the agent is down will not be told: %v", err)
		a.conds.set(noJournal, text, dir)
		a.o.Log.Warn(text, "code", noJournal)
		a.store.memory = alert.NewMemorySpool(a.dropped)
		return nil
	}
	a.store.journal = j
	a.conds.changed = func(code, message string, began bool) {
		j.Put(nil, journal.Record{Kind: journal.Condition, At: time.Now(), Body: conditionBody{code, message, began}})
	}
	a.beginLife(j)
	a.recordPeople(time.Now())
	return nil
}

func (a *Agent) closeJournal() error {
	if a.store.journal == nil {
		return nil
	}
	a.store.put(nil, lifeRecord(a.parts, journal.Stop, a.o.Version, ""))
	return a.store.journal.Close()
}

// Report is the newest report, nil until the first full pass. Any goroutine may
// ask.
func (a *Agent) Report() *api.Report {
	p := a.published.Load()
	if p == nil {
		return nil
	}
	r := api.FromResults(p.host, p.at, p.policy, p.rules, p.results)
	r.Agent = a.self(p)
	return r
}
