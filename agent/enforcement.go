package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/config"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
	"stigwatch/agent/permit"
	"stigwatch/agent/remedy"
)

// keptEnforcement is the name under which the journal keeps the book of enforcement.
const keptEnforcement = "enforcement"

// awayFor is how long an enforcer that cannot be reached, or a rule that no plan
// closes, is left in peace.
const (
	awayFor   = time.Minute
	cannotFor = 10 * time.Minute

	staleAfter = 100 * time.Millisecond // when a file was another one than the loop saw
	againAfter = time.Second            // when the enforcer found nothing to do for a rule that fails
)

// order is what the loop wants of the goroutine that asks the enforcer.
type order struct {
	rules []string
	was   map[string]string // path → digest that the loop saw
	plan  bool              // only work out what could be done
	poke  bool              // only have the enforcer's process start
}

// enforcement is the loop's side of putting rules right.
type enforcement struct {
	book    remedy.Book
	known   bool           // the book was kept by an earlier run
	touched bool           // the book changed, and is not kept yet
	busy    bool           // an order is under way
	planned []string       // rules in the mode plan that wait for their turn
	alone   []string       // rules that are tried one at a time, for one of them keeps the others from it
	missed  map[string]int // rule → how often in a row the enforcer found nothing to do for it
	jobs    []api.Job
	retry   <-chan time.Time // when a rule that has to wait may be tried; nil: none has to
	away    string           // why the enforcer cannot be asked
}

// takeUpEnforcement finds what an earlier run tried. A book that cannot be read is
// begun anew: bounds then count from now.
func (l *loop) takeUpEnforcement() {
	if l.a.store.journal == nil {
		return
	}
	kept := l.a.store.journal.Kept(keptEnforcement)
	if kept == nil {
		return
	}
	if err := json.Unmarshal(kept, &l.enforcement.book); err != nil {
		l.a.o.Log.Warn("what was enforced before cannot be read, it is begun anew", "error", err)
		l.enforcement.book = remedy.Book{}
		return
	}
	l.enforcement.known = true
}

// keepEnforcement has the journal keep the book, when it changed.
func (l *loop) keepEnforcement(records ...journal.Record) {
	var kept map[string]any
	if l.enforcement.touched {
		l.enforcement.touched = false
		kept = map[string]any{keptEnforcement: l.enforcement.book.Clone()}
	}
	if kept != nil || len(records) > 0 {
		l.a.store.putKept(kept, nil, records...)
	}
	l.showEnforcement()
}

// modes tells which rules are in another mode than before.
func (l *loop) modes(now time.Time) {
	e := &l.a.parts.cfg.Enforce
	var records []journal.Record
	for _, id := range l.a.parts.engine.Order {
		was, changed := l.enforcement.book.Changed(id, e.ModeOf(id))
		if !changed {
			continue
		}
		l.enforcement.touched = true
		l.enforcement.book.Resume(id)
		records = append(records, modeRecord(now, id, fmt.Sprintf("%s is in the mode %s now, was %s", id, e.ModeOf(id), was)))
	}
	if len(records) == 0 {
		return
	}
	l.keepEnforcement(records...)
	l.agentAlert("enforce-mode", modesText(records))
}

// modeBody is the body of an entry about a mode.
type modeBody struct {
	Rule string `json:"rule"`
	Text string `json:"text"`
}

func modeRecord(now time.Time, rule, text string) journal.Record {
	return journal.Record{Kind: journal.Mode, At: now, Body: modeBody{rule, text}}
}

// modesText tells several changes of mode in one sentence.
func modesText(records []journal.Record) string {
	var texts []string
	for _, r := range records {
		texts = append(texts, r.Body.(modeBody).Text)
	}
	const most = 5
	if n := len(texts); n > most {
		texts = append(texts[:most], fmt.Sprintf("and %d more", n-most))
	}
	return strings.Join(texts, "; ")
}

// fell takes note of a rule that fails anew. Set back too often, it is left alone,
// and that is told with what was written, what is there now, and who did it.
func (l *loop) fell(c *finding.Change, who *alert.Who) {
	id := c.Result.Rule
	if c.Event != finding.Opened || l.a.parts.cfg.Enforce.ModeOf(id) != config.ModeEnforce {
		return
	}
	e := &l.a.parts.cfg.Enforce
	stopped := l.enforcement.book.Fell(id, c.At, remedy.Bounds{Times: e.FightTimes, Within: e.FightWithin})
	l.enforcement.touched = true
	if stopped == "" {
		return
	}
	text := fmt.Sprintf("%s is left alone: %s; %s", id, stopped, l.contents(&c.Result))
	if who != nil {
		text += "; changed by " + who.Text()
	}
	l.stopped(id, "enforce-fight", text, c.At)
}

// contents says of each offending fact what it was and is.
func (l *loop) contents(r *finding.Result) string {
	var out []string
	for i := range r.Evidence {
		it := &r.Evidence[i]
		if it.Expected == "" {
			continue
		}
		was := "not set"
		if f := l.earlier[it.Fact]; f != nil && f.State == finding.Known {
			was = asText(f.ForPeople())
		}
		now := "not set"
		if it.Actual != nil {
			now = asText(it.Actual)
		}
		out = append(out, fmt.Sprintf("%s was %s and is %s", it.Fact, was, now))
	}
	return strings.Join(slices.Compact(out), ", ")
}

func asText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	const most = 200
	if len(b) > most {
		b = append(b[:most], "…"...)
	}
	return string(b)
}

// stopped tells that a rule is left alone.
func (l *loop) stopped(id, code, text string, now time.Time) {
	l.enforcement.touched = true
	l.agentAlertAs(code, text, finding.High)
	l.keepEnforcement(modeRecord(now, id, text))
}

// enforce orders what has to be put right, and may be, now. It waits for nothing.
func (l *loop) enforce(now time.Time) {
	if !l.a.parts.cfg.Enforce.On() || l.enforcement.busy {
		return
	}
	rules, next := l.toPutRight(now)
	l.enforcement.retry = nil
	if !next.IsZero() {
		l.enforcement.retry = time.After(next.Sub(now))
	}
	o := order{rules: rules, was: map[string]string{}}
	for _, id := range rules {
		r := l.before[id]
		seen(o.was, &r)
	}
	if len(rules) == 0 && len(l.enforcement.planned) > 0 {
		o.plan, o.rules, l.enforcement.planned = true, l.enforcement.planned, nil
	}
	if len(o.rules) == 0 {
		return
	}
	select {
	case l.a.orders <- o:
		l.enforcement.busy = true
	default: // the one before is about to be taken
	}
}

// toPutRight gives the rules that the next order is about, and when the first of those
// that have to wait may be tried. A rule that came to nothing before is tried alone,
// after the others.
func (l *loop) toPutRight(now time.Time) (rules []string, next time.Time) {
	e := &l.a.parts.cfg.Enforce
	var alone []string
	for _, id := range l.a.parts.engine.Order {
		r, book := l.before[id], l.enforcement.book.Of(id)
		_, window := l.inWindow(id)
		switch {
		case e.ModeOf(id) != config.ModeEnforce || r.Outcome != finding.Fail || r.Waiver != nil || window:
		case !l.enforcement.book.May(id, now):
			if at := book.NotBefore; at.After(now) && (next.IsZero() || at.Before(next)) {
				next = at
			}
		case !writable(&r):
			l.forPeople(id, forPeople(&r), now)
		case book.Failures > 0 || slices.Contains(l.enforcement.alone, id):
			alone = append(alone, id)
		default:
			rules = append(rules, id)
		}
	}
	if len(rules) == 0 && len(alone) > 0 {
		rules = alone[:1]
	}
	return rules, next
}

// forPeople tells once that a rule in the mode enforce is not for stigwatch to put right.
func (l *loop) forPeople(id, why string, now time.Time) {
	l.enforcement.touched = true
	if l.enforcement.book.Wait(id, why, now.Add(cannotFor)) {
		l.agentAlert("enforce-manual", fmt.Sprintf("%s is in the mode enforce and is for people to put right: %s", id, why))
	}
}

// forPeople says why a failing result cannot be put right by writing.
func forPeople(r *finding.Result) string {
	var why []string
	for i := range r.Evidence {
		it := &r.Evidence[i]
		if _, ok := permit.Of(it.Fact); it.Expected == "" || ok {
			continue
		}
		if text := it.Fact + ": " + permit.Never(it.Fact); !slices.Contains(why, text) {
			why = append(why, text)
		}
	}
	if len(why) == 0 {
		return "it is set in a file that stigwatch does not write"
	}
	return strings.Join(why, "; ")
}

// seen notes the files that a result rests on, as they were read.
func seen(was map[string]string, r *finding.Result) {
	for i := range r.Evidence {
		if it := &r.Evidence[i]; it.Digest != "" && strings.HasPrefix(it.File, "/") && !strings.HasPrefix(it.File, "/proc/") && len(was) < api.MaxApplyFiles {
			was[it.File] = it.Digest
		}
	}
}

// wantPlan has a plan worked out for a rule in the mode plan that fails anew, or on
// other evidence.
func (l *loop) wantPlan(c *finding.Change) {
	id := c.Result.Rule
	if (c.Event == finding.Opened || c.Event == finding.Changed) && l.a.parts.cfg.Enforce.ModeOf(id) == config.ModePlan && !slices.Contains(l.enforcement.planned, id) {
		l.enforcement.planned = append(l.enforcement.planned, id)
	}
}

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
		p, err := Plan(ctx, a.o, o.rules)
		return func(l *loop) { l.plannedFor(o, p, err) }
	}
	cfg := a.live.Load().cfg
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

// planBody is the body of an entry about a plan that was worked out.
type planBody struct {
	Rules []string       `json:"rules"`
	Files []api.PlanFile `json:"files"`
	Text  string         `json:"text"`
}

// plannedFor tells what would put rules right.
func (l *loop) plannedFor(o order, p *api.Plan, err error) {
	now := time.Now()
	l.enforcement.busy = false
	text := ""
	switch {
	case err != nil:
		text = fmt.Sprintf("no plan could be made for %s: %v", ruleList(o.rules, ""), err)
	case len(p.Files) == 0:
		text = fmt.Sprintf("no plan closes %s", ruleList(o.rules, ""))
	default:
		var closes, files []string
		for i := range p.Closes {
			closes = append(closes, p.Closes[i].Rule)
		}
		for i := range p.Files {
			files = append(files, p.Files[i].Path)
		}
		text = fmt.Sprintf("%s could be put right in %s: stigwatch plan %s", ruleList(closes, ""), strings.Join(files, ", "), strings.Join(closes, " "))
	}
	body := planBody{Rules: o.rules, Files: []api.PlanFile{}, Text: text}
	if p != nil {
		body.Files = p.Files
	}
	l.agentAlert("enforce-plan", text)
	l.keepEnforcement(journal.Record{Kind: journal.Planned, At: now, Body: body})
	l.enforce(now)
}
