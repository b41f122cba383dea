package agent

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/appliance"
	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/history"
	"stigwatch/agent/journal"
	"stigwatch/agent/watch"
)

// resyncEvery is how often everything is read again, because the kernel tells
// of no change in /proc, of expiry, or of a lost event.
const resyncEvery = time.Minute

// loop owns the state.
type loop struct {
	a           *Agent
	snap        finding.Snapshot
	earlier     finding.Snapshot          // the one before, in the pass under way
	before      map[string]finding.Result // nil until there was a pass, of this run or an earlier one
	seq         uint64                    // while there is no journal
	revision    uint64
	lastFull    time.Time
	files       []string
	dirs        []string
	lastState   time.Time
	paths       []string                // that the pass under way began with; nil: everything
	offered     uint64                  // alerts, as a heartbeat counts them
	told        map[string]journal.Told // of earlier runs, by rule, until the first pass
	epoch       string                  // of the journal that has the rules' turns
	windows     windows
	beats       heartbeats
	enforcement enforcement
	line        string // that the service manager was given last
	itself      itself
	inquiry     *inquiry // about the changes of the pass under way; nil: no event began it
}

// published is one immutable state for readers.
type published struct {
	revision uint64
	host     string
	at       time.Time
	lastFull time.Time
	policy   api.Policy
	rules    map[string]*finding.Rule
	results  []finding.Result
	snap     finding.Snapshot
	parts    *appliance.Parts
}

func newLoop(a *Agent) *loop {
	l := &loop{a: a, seq: uint64(time.Now().UnixMilli()), epoch: rand.Text()} // no journal used as many numbers
	if a.store.journal != nil {
		l.epoch = a.store.journal.Epoch()
		if last := a.store.journal.Last(); len(last) > 0 {
			l.before = last
		}
		l.told = a.store.journal.Told()
	}
	l.takeUpWindows()
	l.takeUpEnforcement()
	l.takeUpItself()
	return l
}

// run makes the first pass and then one for each thing that may have changed
// something, until ctx ends.
func (l *loop) run(ctx context.Context) error {
	l.first(ctx)
	l.a.o.Ready()
	l.lookAtItself(time.Time{})
	l.beats.retime(l.a.parts.Config.Sinks, time.Now())
	defer l.beats.stop()
	resync := time.NewTicker(resyncEvery)
	defer resync.Stop()
	alive, stop := watchdog(l.a.o.Watchdog)
	defer stop()
	trim := time.NewTimer(trimAfter)
	defer trim.Stop()
	for {
		select {
		case <-ctx.Done():
			l.a.o.Stopping()
			return nil
		case e, ok := <-l.a.watcher.Events():
			if !ok {
				return ctx.Err()
			}
			l.event(ctx, e)
			trim.Reset(trimAfter)
		case <-l.a.o.Reload:
			l.reload(ctx)
			trim.Reset(trimAfter)
		case <-resync.C:
			l.reopen()
			l.watch(l.files, l.dirs)
			l.full(ctx)
			l.overdue(time.Now())
			l.lookAtItself(time.Time{})
			trim.Reset(trimAfter)
		case paths := <-l.a.asked:
			l.update(ctx, paths)
			trim.Reset(trimAfter)
		case text := <-l.a.losses:
			l.agentAlert(alert.CodeDropped, text)
		case <-l.beats.tick():
			l.heartbeat(l.beats.due(time.Now()))
		case r := <-l.a.tests.done:
			l.selfTested(r)
		case do := <-l.a.requests:
			do(l)
		case <-l.windows.end:
			l.endedByTime()
		case now := <-l.enforcement.retry:
			l.enforce(now)
		case <-alive:
			l.journalFault()
		case <-l.a.faults:
			l.journalFault()
		case <-l.a.afresh:
			l.begunAfresh()
		case <-trim.C:
			l.tellManager()
			trimMemory()
		}
		l.a.o.Alive()
	}
}

// first makes the first pass.
func (l *loop) first(ctx context.Context) {
	l.a.parts.Reader.Hold(l.a.watcher.Busy)
	l.a.parts.Reader.All() // so that the watch knows what is included
	l.watch(l.a.parts.Watched())
	l.begun()
	l.modes(time.Now())
	l.lookAtJobs(ctx)
	l.full(ctx)
	l.overdue(time.Now())
	l.tellManager()
}

// watchdog gives a channel that ticks twice in each interval; nil for none.
func watchdog(interval time.Duration) (<-chan time.Time, func()) {
	if interval <= 0 {
		return nil, func() {}
	}
	t := time.NewTicker(interval / 2)
	return t.C, t.Stop
}

// event judges what the watch told of.
func (l *loop) event(ctx context.Context, e watch.Event) {
	if e = l.itselfSaid(l.jobsSaid(ctx, l.canary(ctx, e))); len(e.Paths) == 0 && !e.All {
		return
	}
	if e.All {
		l.a.conds.set("watch-overflow", e.Reason, "")
		l.agentAlert("watch-overflow", "events were lost, everything was read again: "+e.Reason)
		l.reopen()
		l.watch(l.files, l.dirs)
		l.full(ctx)
		return
	}
	if slices.ContainsFunc(e.Paths, func(p string) bool { return strings.HasPrefix(p, facts.EvidencePrefix) }) {
		l.reopen() // the folder may be another one now
		if slices.ContainsFunc(e.Paths, l.a.parts.ShownBy) {
			l.full(ctx)
			return
		}
	}
	l.inquiry = l.a.blame.begin(ctx, e)
	l.update(ctx, e.Paths)
	l.inquiry = nil
	l.rewatch(ctx)
}

// full reads and judges everything.
func (l *loop) full(ctx context.Context) {
	start := time.Now()
	l.earlier = l.snap
	l.snap, _ = l.a.parts.Reader.All()
	l.lastFull = start
	l.a.parts.Attest(start)
	l.judge(ctx, nil)
	l.expiring(start)
	l.publish(time.Now())
	l.state(start)
	l.a.timing.pass(time.Since(start), true)
	l.rewatch(ctx)
}

// stateEvery is how often the journal is told how everything stands.
const stateEvery = 24 * time.Hour

// state records how everything stands, at the first pass and each day, so that
// the past can be told when the entries before are gone.
func (l *loop) state(now time.Time) {
	if !l.lastState.IsZero() && now.Sub(l.lastState) < stateEvery {
		return
	}
	l.lastState = now
	pub := l.a.published.Load()
	r := api.FromResults(pub.host, pub.at, pub.policy, pub.rules, pub.results)
	l.a.store.put(nil, journal.Record{Kind: journal.State, At: now, Body: history.State{Host: r.Host, Policy: r.Policy, Results: r.Results}})
}

// reopen takes the root and the evidence folder as they stand now. While there
// is none, the old one stays: its files are gone, and that is what is told.
func (l *loop) reopen() {
	next, err := l.a.parts.Reopened()
	if err != nil {
		l.a.conds.set("root-unusable", err.Error(), l.a.parts.Config.Root)
		return
	}
	l.a.conds.clear("root-unusable")
	old := l.a.parts
	l.a.parts = next
	l.a.live.Store(next)
	old.Close()
}

// judge evaluates these rules, all when nil, and tells what changed.
func (l *loop) judge(ctx context.Context, rules []string) {
	now := time.Now()
	l.settle(l.a.parts.Engine.Evaluate(ctx, l.snap, rules, now), now, rules == nil)
}

// settle takes results in and tells what they change.
func (l *loop) settle(evaluated []finding.Result, now time.Time, all bool) {
	l.endWindows(now)
	p := l.a.parts
	p.Mark(evaluated, now)
	l.takeUpTold(evaluated)
	finding.Carry(l.before, evaluated, now)
	changes := finding.Diff(p.Engine.Rules, l.before, evaluated, now)
	var records []journal.Record
	for i := range changes {
		records = append(records, l.change(&changes[i])...)
	}
	if l.before == nil {
		l.before = map[string]finding.Result{}
	}
	for _, r := range evaluated {
		l.before[r.Rule] = r
	}
	if len(changes) > 0 {
		records = append(records, journal.Record{Kind: journal.Pass, At: now, Body: passBody{
			Rules: len(evaluated), Changes: len(changes), Paths: l.paths, Policy: p.Engine.Digest,
		}})
	}
	if len(changes) > 0 || all {
		l.a.store.putKept(l.keptNow(all), evaluated, records...)
		l.wake()
		l.inquiry.follow()
	}
	l.policyFaults(evaluated)
	l.enforce(now)
}

// change tells one change, and gives what has to be recorded of it.
func (l *loop) change(c *finding.Change) []journal.Record {
	c.Epoch = l.epoch
	m := alert.FromChange(*c, l.a.parts.Name, l.nextSeq())
	by := l.inquiry.answer(&m, c)
	l.fell(c, m.Who)
	l.wantPlan(c)
	l.announce(&m, c)
	l.a.store.telling(journal.Told{Rule: c.Result.Rule, Was: c.Was.Outcome, Outcome: c.Result.Outcome, Turn: c.Result.Turn, Seq: m.Seq})
	l.offer(&m)
	var diff []finding.FileDiff
	if l.earlier != nil { // the first pass knows no before
		diff = finding.FileDiffs(l.earlier, l.snap, c.Was, c.Result)
		l.a.diffs.Store(c.Result.Rule, diff)
	}
	return append([]journal.Record{
		{Kind: journal.Change, At: c.At, Body: &lateChange{*c, m.Seq, m.Announced, diff}},
		{Kind: journal.Alert, At: c.At, Seq: m.Seq, Body: &m},
	}, by...)
}

// offer hands a message to every sink that can send it without waiting. Who calls
// it puts the message into the store after that, and wakes the sinks.
func (l *loop) offer(m *alert.Message) {
	for _, s := range l.a.sinks() {
		s.outlet.Offer(m)
	}
	if counts(m) {
		l.offered++
	}
	l.a.o.OnAlert(*m)
}

func (l *loop) wake() {
	for _, s := range l.a.sinks() {
		s.outlet.Wake()
	}
}

// tell offers and records a message that stands for itself.
func (l *loop) tell(m alert.Message) {
	l.a.store.telling(journal.Told{Seq: m.Seq})
	l.offer(&m)
	l.a.store.put(nil, journal.Record{Kind: journal.Alert, At: m.Time, Seq: m.Seq, Body: &m})
	l.wake()
}

func (l *loop) agentAlert(code, text string) { l.agentAlertAs(code, text, "") }

// agentAlertAs tells news about the agent that rank higher than a warning.
func (l *loop) agentAlertAs(code, text string, severity finding.Severity) {
	l.a.o.Log.Warn(text, "code", code)
	l.tell(alert.AgentMessage(code, text, severity, l.a.parts.Name, l.nextSeq(), time.Now()))
}

func (l *loop) nextSeq() uint64 {
	if l.a.store.journal != nil {
		return l.a.store.journal.Seq()
	}
	l.seq++
	return l.seq
}

// publish hands readers what is now. The results are those of rules that the
// engine knows: a journal of another version may hold others.
func (l *loop) publish(now time.Time) {
	p := l.a.parts
	l.revision++
	results := make([]finding.Result, 0, len(p.Engine.Order))
	for _, id := range p.Engine.Order {
		results = append(results, l.before[id])
	}
	l.unreadable()
	l.journalFault()
	l.a.published.Store(&published{
		revision: l.revision, host: p.Name, at: now, lastFull: l.lastFull, rules: p.Engine.Rules,
		policy:  api.Policy{Digest: p.Engine.Digest, Source: p.Engine.Source},
		results: results, snap: l.snap, parts: p,
	})
}

// begunAfresh brings the rules' turns into a journal that took the place of a broken
// one. Until they are on disk there, ids go on as those of the old one: a turn that
// a crash would begin anew must not be told under the new epoch.
func (l *loop) begunAfresh() {
	j := l.a.store.journal
	epoch := j.Epoch()
	kept := map[string]any{keptVersion: l.a.o.Version}
	maps.Copy(kept, l.keptNow(true))
	if l.itself.looked {
		kept[keptItself] = l.itself.picture
	}
	j.PutKept(kept, slices.Collect(maps.Values(l.before)))
	l.tellCondition(journalFresh)
	if err := j.Flush(); err == nil && j.Epoch() == epoch {
		l.epoch = epoch
	}
}
