package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/probe"
	"stigwatch/agent/units"
)

// When the running appliance is asked: soon after the start, which does not wait for
// it, and after something changed in what the answers are compared with; then more
// and more seldom, for a service takes its time to use what was saved.
const (
	firstAsk = time.Second
	askLater = 4 // times the wait before
	askEvery = 10 * time.Minute
)

// settleUnits is how long to wait when systemd tells of a change: there come several
// at once, and whoever makes them without end is not followed without end.
const settleUnits = 20 * time.Millisecond

// asker asks the running appliance what no file says. The loop never waits for
// it: it reads the last answers, and is told of new ones.
type asker struct {
	questions []string // "tls/443", "cert/443", "unit/rsyslog.service"
	concerns  []string // rules that read an answer
	probe     probe.Options
	units     *units.Bus // asked by one goroutine: the one that calls ask

	mu      sync.Mutex // guards answers
	answers map[string]answer
}

type answer struct {
	text []byte
	err  error
}

var errNotAsked = errors.New("it was not asked yet")

// newAsker makes an asker of what the facts ask.
func newAsker(p *parts) *asker {
	a := &asker{answers: map[string]answer{}, units: units.New(units.Options{})}
	var asking []string
	for name, e := range p.mapping {
		for _, src := range e.From {
			for _, f := range src.Files {
				q, ok := strings.CutPrefix(f, facts.LivePrefix)
				if !ok {
					continue
				}
				asking = append(asking, name)
				if !slices.Contains(a.questions, q) {
					a.questions = append(a.questions, q)
				}
			}
		}
	}
	slices.Sort(a.questions)
	a.concerns = p.engine.Affected(asking)
	return a
}

// last gives the last answer; it is a facts.Live.
func (a *asker) last(question string) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	got, ok := a.answers[question]
	if !ok {
		return nil, errNotAsked
	}
	return got.text, got.err
}

// ask asks these questions at once, of ports where the listening sockets say that
// somebody answers, and gives the paths of the answers that are others than before.
func (a *asker) ask(ctx context.Context, snap finding.Snapshot, questions []string) []string {
	var wg sync.WaitGroup
	got := make([]answer, len(questions))
	for i, q := range questions {
		if !strings.HasPrefix(q, unitQuestion) {
			wg.Go(func() { got[i] = a.port(ctx, q, snap[listening]) })
		}
	}
	a.askUnits(ctx, questions, got)
	wg.Wait()
	if ctx.Err() != nil {
		return nil // that is no answer of the appliance
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var changed []string
	for i, q := range questions {
		was, asked := a.answers[q]
		if !asked || string(was.text) != string(got[i].text) || fmt.Sprint(was.err) != fmt.Sprint(got[i].err) {
			changed = append(changed, facts.LivePrefix+q)
		}
		a.answers[q] = got[i]
	}
	return changed
}

// takeOver takes the answers that another asker had, and its line to systemd, at a
// reload.
func (a *asker) takeOver(old *asker) {
	if a == nil || old == nil {
		return
	}
	old.mu.Lock()
	defer old.mu.Unlock()
	a.units = old.units
	for _, q := range a.questions {
		if got, ok := old.answers[q]; ok {
			a.answers[q] = got
		}
	}
}

// asking asks again and again, and tells the loop of what changed. Between the
// questions it waits for systemd and for the loop, and wakes up for nothing else.
func (a *Agent) asking(ctx context.Context) error {
	var line *units.Bus // the one that was asked last
	defer func() { line.Close() }()
	wait := firstAsk
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		var questions []string
		select {
		case <-ctx.Done():
			return nil
		case <-a.askSoon:
			wait = firstAsk
			timer.Reset(wait)
			continue
		case <-line.Changed():
			if !sleep(ctx, settleUnits) {
				return nil
			}
			if asker := a.live.Load().asker; asker != nil {
				questions = asker.unitQuestions()
			}
		case <-timer.C:
			wait = min(wait*askLater, askEvery)
			timer.Reset(wait)
			if asker := a.live.Load().asker; asker != nil {
				questions = asker.questions
			}
		}
		line = a.askNow(ctx, line, questions)
	}
}

// askNow asks these questions, tells the loop of what changed, and gives the line to
// systemd. One that nobody is asked by any more, since a reload, is closed.
func (a *Agent) askNow(ctx context.Context, line *units.Bus, questions []string) *units.Bus {
	asker, pub := a.live.Load().asker, a.published.Load()
	if asker == nil {
		line.Close()
		return nil
	}
	if line != asker.units {
		line.Close()
	}
	if pub == nil {
		return asker.units
	}
	if changed := asker.ask(ctx, pub.snap, questions); len(changed) > 0 {
		select {
		case a.asked <- changed:
		case <-ctx.Done():
		}
	}
	return asker.units
}

// askAgain has the appliance asked soon, when one of these rules compares an answer
// with what was saved.
func (a *Agent) askAgain(rules []string) {
	asker := a.parts.asker
	if asker == nil || !slices.ContainsFunc(rules, func(id string) bool { return slices.Contains(asker.concerns, id) }) {
		return
	}
	select {
	case a.askSoon <- struct{}{}:
	default: // it will be
	}
}

// sleep waits, and says whether ctx is still there.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// lookAround reads everything, and what the running appliance itself says.
func (p *parts) lookAround(ctx context.Context) finding.Snapshot {
	snap, _ := p.reader.All()
	if p.asker == nil {
		return snap
	}
	defer p.asker.units.Close()
	if len(p.asker.ask(ctx, snap, p.asker.questions)) > 0 {
		snap, _ = p.reader.All()
	}
	return snap
}
