package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/config"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
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
	known   bool     // the book was kept by an earlier run
	touched bool     // the book changed, and is not kept yet
	busy    bool     // an order is under way
	planned []string // rules in the mode plan that wait for their turn
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
	e := &l.a.parts.cfg.Enforce
	if !e.On() || l.enforcement.busy {
		return
	}
	o := order{was: map[string]string{}}
	var next time.Time
	for _, id := range l.a.parts.engine.Order {
		r := l.before[id]
		_, window := l.inWindow(id)
		if e.ModeOf(id) != config.ModeEnforce || r.Outcome != finding.Fail || r.Waiver != nil || window {
			continue
		}
		if l.enforcement.book.May(id, now) {
			o.rules = append(o.rules, id)
			seen(o.was, &r)
		} else if at := l.enforcement.book.Of(id).NotBefore; at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	l.enforcement.retry = nil
	if !next.IsZero() {
		l.enforcement.retry = time.After(next.Sub(now))
	}
	if len(o.rules) == 0 && len(l.enforcement.planned) > 0 {
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
	if err == nil && len(got.Applied) > 0 {
		l.update(ctx, got.Applied[0].Files) // the watch may not have told of them yet
	}
	now := time.Now()
	l.enforcement.busy, l.enforcement.touched = false, true
	away, refused := (*api.Unreachable)(nil), (*api.Refused)(nil)
	switch {
	case errors.As(err, &away):
		l.enforcerAway(o, away, now)
	case errors.As(err, &refused) && slices.Contains([]string{"taken-back", "rate", "waived"}, refused.Reason):
		for _, id := range o.rules {
			l.leftAlone(id, refused.Reason, refused.Text, now)
		}
	case errors.As(err, &refused) && (refused.Reason == "mode" || refused.Reason == "configuration"):
		l.putOff(o.rules, refused.Text, now) // it reads the configuration at another time
	case errors.As(err, &refused) && refused.Reason == "stale-digest":
		for _, id := range o.rules { // somebody is at the file: its next event comes
			l.enforcement.book.Wait(id, l.enforcement.book.Of(id).Said, now.Add(staleAfter))
		}
	case err != nil:
		l.enforcement.away = ""
		l.came(o.rules, err.Error(), now)
	case got.Failed != "":
		l.enforcement.away = ""
		l.came(o.rules, got.Failed, now)
	default:
		l.enforcement.away = ""
		l.a.conds.clear("enforcer-away")
		l.closedBy(o, got, now)
	}
	l.keepEnforcement()
	l.publish(now)
	l.enforce(now)
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

// putOff tries rules again after a while, and tells why when that is news.
func (l *loop) putOff(rules []string, why string, now time.Time) {
	for _, id := range rules {
		if l.enforcement.book.Wait(id, why, now.Add(awayFor)) {
			l.agentAlert("enforce-failed", fmt.Sprintf("%s is not put right yet: %s", id, why))
		}
	}
}

// closedBy takes note of what was put right, and of what no plan closes.
func (l *loop) closedBy(o order, got *api.Applied, now time.Time) {
	for i := range got.Applied {
		for _, id := range got.Applied[i].Rules {
			l.enforcement.book.Done(id, got.Applied[i].ID, now)
		}
	}
	for i := range got.LeftAlone {
		l.leftAlone(got.LeftAlone[i].Rule, got.LeftAlone[i].Code, got.LeftAlone[i].Reason, now)
	}
	for i := range got.Cannot {
		c := &got.Cannot[i]
		if slices.Contains(o.rules, c.Rule) && l.enforcement.book.Wait(c.Rule, c.Reason, now.Add(cannotFor)) {
			l.agentAlert("enforce-manual", fmt.Sprintf("%s is in the mode enforce and is for people to put right: %s", c.Rule, c.Reason))
		}
	}
	for _, id := range o.rules { // the enforcer sees it otherwise: it has read the files later, or other ones
		put := slices.ContainsFunc(got.Applied, func(j api.Job) bool { return slices.Contains(j.Rules, id) })
		if !put && l.before[id].Outcome == finding.Fail && l.enforcement.book.May(id, now) {
			l.enforcement.book.Wait(id, l.enforcement.book.Of(id).Said, now.Add(againAfter))
		}
	}
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
