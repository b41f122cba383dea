package agent

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/config"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
	"stigwatch/agent/permit"
	"stigwatch/agent/plan"
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
	e := &l.a.parts.Config.Enforce
	var records []journal.Record
	for _, id := range l.a.parts.Engine.Order {
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
	if c.Event != finding.Opened || l.a.parts.Config.Enforce.ModeOf(id) != config.ModeEnforce {
		return
	}
	e := &l.a.parts.Config.Enforce
	stopped := l.enforcement.book.Fell(id, c.At, remedy.Bounds{Times: e.FightTimes, Within: e.FightWithin})
	l.enforcement.touched = true
	if stopped == "" {
		return
	}
	text := fmt.Sprintf("%s is left alone: %s; %s", id, stopped, l.contents(&c.Result))
	if who != nil {
		text += "; who changed it: " + who.Text()
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
	if !l.a.parts.Config.Enforce.On() || l.enforcement.busy {
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
	e := &l.a.parts.Config.Enforce
	var alone []string
	for _, id := range l.a.parts.Engine.Order {
		r, book := l.before[id], l.enforcement.book.Of(id)
		_, window := l.inWindow(id)
		switch {
		case e.ModeOf(id) != config.ModeEnforce || r.Outcome != finding.Fail || r.Waiver != nil || window:
		case !l.enforcement.book.May(id, now):
			if at := book.NotBefore; at.After(now) && (next.IsZero() || at.Before(next)) {
				next = at
			}
		case !plan.Writable(&r):
			l.forPeople(id, whyForPeople(&r), now)
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

// whyForPeople says why a failing result cannot be put right by writing.
func whyForPeople(r *finding.Result) string {
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
