package agent

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
	"stigwatch/agent/maintenance"
)

// keptWindows is the name under which the journal keeps the book of windows.
const keptWindows = "maintenance"

// windowPrefix comes before a window's number in its id.
const windowPrefix = "W"

// windows are the loop's windows of maintenance.
type windows struct {
	book    maintenance.Book
	end     <-chan time.Time  // of the next one to end; nil while none is open
	touched bool              // the book changed, and is not kept yet
	ends    int               // so many were told
	ended   map[string]string // by id, how: of earlier runs, until the first pass
}

// windowBody is the body of a journal's entry about a window.
type windowBody struct {
	What   string         `json:"what"` // opened, closed or expired
	Window api.Window     `json:"window"`
	End    *api.WindowEnd `json:"end,omitempty"`
	Text   string         `json:"text"`
}

// takeUpWindows finds the windows that were open when the last run ended. A book
// that cannot be read is left out: alerts then have their full rank.
func (l *loop) takeUpWindows() {
	if l.a.store.journal == nil {
		return
	}
	l.takeUpEnds()
	kept := l.a.store.journal.Kept(keptWindows)
	if kept == nil {
		return
	}
	if err := json.Unmarshal(kept, &l.windows.book); err != nil {
		l.a.o.Log.Warn("the windows of maintenance cannot be read, none is open", "error", err)
		l.windows.book = maintenance.Book{}
	}
	for i := range l.windows.book.Windows {
		if w := &l.windows.book.Windows[i]; w.Was == nil {
			w.Was = map[string]finding.Outcome{}
		}
	}
	l.windowsChanged(time.Now())
}

// inWindow gives the ticket of the open window that a rule is in. Windows whose
// time is over are not open: endWindows has taken them out.
func (l *loop) inWindow(rule string) (ticket string, open bool) {
	return l.windows.book.Covering(rule)
}

// announce marks a message that is about a change in a window, and counts it.
func (l *loop) announce(m *alert.Message, c *finding.Change) {
	ticket, open := l.inWindow(c.Result.Rule)
	if !open {
		return
	}
	m.Announce(ticket)
	l.windows.book.Note(c)
	l.windows.touched = true
}

// keptNow gives what the journal has to keep besides the results: the book, when
// it changed, and while it is not empty at each full pass, for a journal that was
// begun anew.
func (l *loop) keptNow(all bool) map[string]any {
	open := len(l.windows.book.Windows) > 0
	if !l.windows.touched && !(all && open) {
		return nil
	}
	l.windows.touched = false
	l.showWindows()
	if !open {
		return map[string]any{keptWindows: nil}
	}
	return map[string]any{keptWindows: l.windows.book.Clone()}
}

// windowsChanged sees to the next end, after one was opened or has ended.
func (l *loop) windowsChanged(now time.Time) {
	l.windows.touched = true
	l.showWindows()
	l.windows.end = nil
	if at, any := l.windows.book.Next(); any {
		l.windows.end = time.After(max(at.Sub(now.Round(0)), time.Millisecond))
	}
}

// showWindows shows readers what is open.
func (l *loop) showWindows() {
	shown := make([]api.Window, 0, len(l.windows.book.Windows))
	for i := range l.windows.book.Windows {
		shown = append(shown, shownWindow(&l.windows.book.Windows[i]))
	}
	l.a.windows.Store(&shown)
}

// endedByTime is what the loop does when a window's time is over.
func (l *loop) endedByTime() {
	now := time.Now()
	l.endWindows(now)
	l.windowsChanged(now) // the wall clock may not be there yet
	l.publish(now)
	l.enforce(now)
}

// endWindows ends those whose time is over.
func (l *loop) endWindows(now time.Time) {
	l.endAgain(now)
	for _, id := range l.windows.book.Due(now) {
		l.endWindow(id, "expired", "", now)
	}
}

// openWindow opens one, and tells so.
func (l *loop) openWindow(q *api.WindowRequest, by string, uid uint32) (*api.Window, error) {
	rules, err := l.a.parts.RuleIDs(q.Rules)
	if err != nil {
		return nil, &api.Refused{Code: http.StatusBadRequest, Text: err.Error()}
	}
	now, seq := time.Now(), l.nextSeq()
	w := maintenance.Window{
		ID: windowPrefix + strconv.FormatUint(seq, 10), Ticket: q.Ticket, Reason: q.Reason, Rules: rules, By: by, UID: uid,
		Opened: now, Until: now.Add(time.Duration(q.Seconds) * time.Second),
	}
	if err := l.windows.book.Open(w); err != nil {
		return nil, &api.Refused{Code: http.StatusConflict, Text: fmt.Sprintf(
			"%d windows are open already, no more can be: close one with \"stigwatch maintenance close ID\"", maintenance.MostOpen)}
	}
	l.windowsChanged(now)
	shown := shownWindow(&w)
	text := fmt.Sprintf("maintenance %s opened by %s until %s for %s", w.Ticket, w.By, shown.Until, ruleList(w.Rules, "all rules"))
	if w.Reason != "" {
		text += ": " + w.Reason
	}
	m := alert.WindowMessage("maintenance-opened", w.Ticket, w.Reason, text, w.ID, l.a.parts.Name, nil, seq, now)
	l.a.store.telling(journal.Told{Seq: seq})
	l.offer(&m)
	l.a.store.putKept(l.keptNow(true), nil,
		journal.Record{Kind: journal.Window, At: now, Body: windowBody{What: "opened", Window: shown, Text: text}},
		journal.Record{Kind: journal.Alert, At: now, Seq: seq, Body: &m})
	l.wake()
	l.publish(now)
	return &shown, nil
}

// endWindow ends one: it tells what changed, and then, at full rank, whatever was
// told for information only and still holds, unless another window covers it.
func (l *loop) endWindow(id, how, by string, now time.Time) (*api.WindowEnd, bool) {
	w, uncovered, ok := l.windows.book.End(id)
	if !ok {
		return nil, false
	}
	l.windowsChanged(now)
	end := l.summary(&w, how, by, now)
	m := alert.WindowMessage("maintenance-"+how, w.Ticket, w.Reason, end.Text, w.ID, l.a.parts.Name,
		map[string]uint64{"changes": w.Changes, "rules": uint64(len(end.Changed)), "opened": uint64(len(end.Opened))}, l.nextSeq(), now)
	l.tellingEnd(id, how, m.Seq)
	l.offer(&m)
	records := []journal.Record{
		{Kind: journal.Window, At: now, Body: windowBody{What: how, Window: end.Window, End: end, Text: end.Text}},
		{Kind: journal.Alert, At: now, Seq: m.Seq, Body: &m},
	}
	var results []finding.Result
	for _, c := range maintenance.Left(l.a.parts.Engine.Rules, uncovered, l.before, now) {
		c.Epoch = l.epoch
		again := alert.FromChange(c, l.a.parts.Name, l.nextSeq())
		again.Left(w.Ticket)
		l.a.store.telling(journal.Told{Rule: c.Result.Rule, Was: c.Was.Outcome, Outcome: c.Result.Outcome, Turn: c.Result.Turn, Seq: again.Seq})
		l.offer(&again)
		l.before[c.Result.Rule] = c.Result
		results = append(results, c.Result)
		records = append(records, journal.Record{Kind: journal.Alert, At: now, Seq: again.Seq, Body: &again})
	}
	l.a.store.putKept(l.keptNow(true), results, records...)
	l.wake()
	return end, true
}

func shownWindow(w *maintenance.Window) api.Window {
	return api.Window{
		ID: w.ID, Ticket: w.Ticket, Reason: w.Reason, Rules: append([]string{}, w.Rules...), By: w.By, UID: w.UID,
		Opened: api.At(w.Opened), Until: api.At(w.Until), Changes: w.Changes,
	}
}
