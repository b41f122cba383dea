package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/errand"
	"stigwatch/agent/finding"
)

// enforcing takes orders to the enforcer until ctx ends, and what comes of them back
// to the loop.
func (a *Agent) enforcing(ctx context.Context) error {
	for {
		var o order
		select {
		case <-ctx.Done():
			return nil
		case o = <-a.orders:
		}
		do := a.carryOut(ctx, o)
		select {
		case <-ctx.Done():
			return nil
		case a.requests <- do:
		}
	}
}

// carryOut does an order and gives what the loop has to take note of.
func (a *Agent) carryOut(ctx context.Context, o order) func(*loop) {
	if o.plan {
		p, err := errand.Plan(ctx, a.o.Options, o.rules)
		return func(l *loop) { l.plannedFor(o, p, err) }
	}
	cfg := a.live.Load().Config
	c := api.DialEnforcer(cfg.Enforce.Socket)
	defer c.Close()
	if o.poke {
		_, _ = c.Jobs(ctx) // what matters it says in its file
		return func(l *loop) { l.enforcement.busy = false; l.enforce(time.Now()) }
	}
	got, err := c.Apply(ctx, &api.ApplyRequest{Rules: o.rules, Was: o.was, Auto: true, Reason: "mode enforce"})
	return func(l *loop) { l.ordered(ctx, o, got, err) }
}

// ordered takes note of what came of an order.
func (l *loop) ordered(ctx context.Context, o order, got *api.Applied, err error) {
	if err == nil { // the watch may not have told of it yet
		l.update(ctx, filesOf(o, got))
	}
	now := time.Now()
	l.enforcement.busy, l.enforcement.touched = false, true
	if away := (*api.Unreachable)(nil); errors.As(err, &away) {
		l.enforcerAway(o, away, now)
	} else {
		l.enforcement.away = ""
		l.a.conds.clear("enforcer-away")
		l.answered(o, got, err, now)
	}
	l.keepEnforcement()
	l.publish(now)
	l.enforce(now)
}

// filesOf are those that an order was about, and that were written.
func filesOf(o order, got *api.Applied) []string {
	files := slices.Sorted(maps.Keys(o.was))
	for i := range got.Applied {
		files = append(files, got.Applied[i].Files...)
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// answered takes note of what the enforcer said to an order. When it comes to nothing
// for several rules, each is tried alone at once: the others are not to wait for the
// one that cannot be put right.
func (l *loop) answered(o order, got *api.Applied, err error, now time.Time) {
	why := got.Failed
	if err != nil {
		why = err.Error()
	}
	if why != "" && len(o.rules) > 1 {
		l.enforcement.alone = slices.Clone(o.rules)
		return
	}
	l.enforcement.alone = slices.DeleteFunc(l.enforcement.alone, func(id string) bool { return slices.Contains(o.rules, id) })
	refused := (*api.Refused)(nil)
	switch {
	case errors.As(err, &refused):
		l.refusedOrder(o.rules, refused, now)
	case err == nil && (got.FailedReason == "being-written" || got.FailedReason == "changed"):
		for _, id := range o.rules { // somebody is at the file: its next event comes
			l.enforcement.book.Wait(id, l.enforcement.book.Of(id).Said, now.Add(againAfter))
		}
	case why != "":
		l.came(o.rules, why, now)
	default:
		l.closedBy(o, got, now)
	}
}

// refusedOrder takes note of why the enforcer did not take an order. Some reasons only
// say that it came too early.
func (l *loop) refusedOrder(rules []string, refused *api.Refused, now time.Time) {
	for _, id := range rules {
		switch refused.Reason {
		case "taken-back", "rate", "waived":
			l.leftAlone(id, refused.Reason, refused.Text, now)
		case "mode", "configuration", "waits-for-confirmation", "unfinished":
			l.putOff(id, refused.Text, now)
		case "stale-digest", "changed", "being-written": // the file's next event comes
			l.enforcement.book.Wait(id, l.enforcement.book.Of(id).Said, now.Add(staleAfter))
		default:
			l.came(rules, refused.Text, now)
			return
		}
	}
}

// enforcerAway keeps one condition while the enforcer cannot be reached.
func (l *loop) enforcerAway(o order, away *api.Unreachable, now time.Time) {
	l.enforcement.away = away.Error()
	for _, id := range o.rules {
		l.enforcement.book.Wait(id, away.Error(), now.Add(awayFor))
	}
	if l.a.conds.set("enforcer-away", away.Error(), away.Socket) {
		l.agentAlertAs("enforcer-away", "nothing can be put right: "+away.Error(), finding.Medium)
	}
}

// came takes note of a try that came to nothing.
func (l *loop) came(rules []string, why string, now time.Time) {
	told := false
	for _, id := range rules {
		news, stopped := l.enforcement.book.Failed(id, why, now)
		if stopped != "" {
			l.stopped(id, "enforce-stopped", fmt.Sprintf("%s is left alone: %s", id, stopped), now)
		} else if news && !told {
			told = true
			l.agentAlertAs("enforce-failed", fmt.Sprintf("%s could not be put right: %s", ruleList(rules, ""), why), finding.Medium)
		}
	}
}

// leftAlone takes note that the enforcer leaves a rule to people: for good when
// somebody took back what was written, for a while when it was done too often.
func (l *loop) leftAlone(id, code, why string, now time.Time) {
	if code != "taken-back" {
		if l.enforcement.book.Wait(id, why, now.Add(cannotFor)) {
			l.agentAlertAs("enforce-failed", why, finding.Medium)
		}
		return
	}
	if l.enforcement.book.Stop(id, "what was written was taken back", now) {
		l.stopped(id, "enforce-stopped", id+" is left alone: "+why, now)
	}
}

// putOff tries a rule again after a while, and tells why when that is news.
func (l *loop) putOff(id, why string, now time.Time) {
	if l.enforcement.book.Wait(id, why, now.Add(awayFor)) {
		l.agentAlert("enforce-failed", fmt.Sprintf("%s is not put right yet: %s", id, why))
	}
}

// forPeople tells once that a rule in the mode enforce is not for stigwatch to put right.
func (l *loop) forPeople(id, why string, now time.Time) {
	l.enforcement.touched = true
	if l.enforcement.book.Wait(id, why, now.Add(cannotFor)) {
		l.agentAlert("enforce-manual", fmt.Sprintf("%s is in the mode enforce and is for people to put right: %s", id, why))
	}
}

// closedBy takes note of what was put right, and of what no plan closes.
func (l *loop) closedBy(o order, got *api.Applied, now time.Time) {
	for i := range got.Applied {
		for _, id := range got.Applied[i].Rules {
			l.enforcement.book.Done(id, got.Applied[i].ID, now)
			delete(l.enforcement.missed, id)
		}
	}
	for i := range got.LeftAlone {
		l.leftAlone(got.LeftAlone[i].Rule, got.LeftAlone[i].Code, got.LeftAlone[i].Reason, now)
	}
	for i := range got.Cannot {
		c := &got.Cannot[i]
		if slices.Contains(o.rules, c.Rule) {
			l.forPeople(c.Rule, c.Reason, now)
		}
	}
	for _, id := range o.rules { // the enforcer sees it otherwise: it has read the files later, or other ones
		put := slices.ContainsFunc(got.Applied, func(j api.Job) bool { return slices.Contains(j.Rules, id) })
		if !put && l.before[id].Outcome == finding.Fail && l.enforcement.book.May(id, now) {
			l.missed(id, now)
		}
	}
}

// mostMissed is how often in a row the enforcer may find nothing to do for a rule that
// fails here, before that is told.
const mostMissed = 5

// missed takes note that the enforcer sees a rule otherwise: mostly because the event of
// a file that has just been put right is still on its way.
func (l *loop) missed(id string, now time.Time) {
	if l.enforcement.missed == nil {
		l.enforcement.missed = map[string]int{}
	}
	if l.enforcement.missed[id]++; l.enforcement.missed[id] < mostMissed {
		l.enforcement.book.Wait(id, l.enforcement.book.Of(id).Said, now.Add(againAfter))
		return
	}
	delete(l.enforcement.missed, id)
	l.came([]string{id}, "the enforcer finds nothing to put right", now)
}
