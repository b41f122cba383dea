package agent

import (
	"context"
	"time"

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
			if asker := a.live.Load().Asker; asker != nil {
				questions = asker.UnitQuestions()
			}
		case <-timer.C:
			wait = min(wait*askLater, askEvery)
			timer.Reset(wait)
			if asker := a.live.Load().Asker; asker != nil {
				questions = asker.Questions()
			}
		}
		line = a.askNow(ctx, line, questions)
	}
}

// askNow asks these questions, tells the loop of what changed, and gives the line to
// systemd. One that nobody is asked by any more, since a reload, is closed.
func (a *Agent) askNow(ctx context.Context, line *units.Bus, questions []string) *units.Bus {
	asker, pub := a.live.Load().Asker, a.published.Load()
	if asker == nil {
		line.Close()
		return nil
	}
	if line != asker.Units() {
		line.Close()
	}
	if pub == nil {
		return asker.Units()
	}
	if changed := asker.Ask(ctx, pub.snap, questions); len(changed) > 0 {
		select {
		case a.asked <- changed:
		case <-ctx.Done():
		}
	}
	return asker.Units()
}

// askAgain has the appliance asked soon, when one of these rules compares an answer
// with what was saved.
func (a *Agent) askAgain(rules []string) {
	if !a.parts.Concerned(rules) {
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
