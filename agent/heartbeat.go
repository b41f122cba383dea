package agent

import (
	"fmt"
	"slices"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/finding"
)

// heartbeats say which sinks get word, and when, that the agent lives. The first
// one comes right after the first pass, so that whoever watches for silence learns
// of the appliance; the next ones follow at each sink's own interval.
type heartbeats struct {
	beats []beat
	timer *time.Timer // to the next one; nil: no sink wants any, and nothing wakes up
}

// beat is when one sink gets its next heartbeat.
type beat struct {
	sink  string
	every time.Duration
	next  time.Time
}

// retime follows a configuration: a sink whose interval is the same keeps its beat,
// and any other one that wants heartbeats gets the first at once.
func (h *heartbeats) retime(sinks []alert.Config, now time.Time) {
	was := h.beats
	h.beats = nil
	h.stop()
	h.timer = nil
	for i := range sinks {
		b := beat{sinks[i].Name, sinks[i].Every(), now}
		if b.every == 0 {
			continue
		}
		if at := slices.IndexFunc(was, func(w beat) bool { return w.sink == b.sink && w.every == b.every }); at >= 0 {
			b.next = was[at].next
		}
		h.beats = append(h.beats, b)
	}
	if len(h.beats) > 0 {
		h.timer = time.NewTimer(h.first().Sub(now))
	}
}

// first is when the next one is due.
func (h *heartbeats) first() time.Time {
	return slices.MinFunc(h.beats, func(a, b beat) int { return a.next.Compare(b.next) }).next
}

// tick is for the loop's select; nil when no sink wants a heartbeat.
func (h *heartbeats) tick() <-chan time.Time {
	if h.timer == nil {
		return nil
	}
	return h.timer.C
}

// due gives the sinks whose time has come, and sets the timer to the next. What
// was missed is not made up for, and the ones after it come when they would have
// come anyway.
func (h *heartbeats) due(now time.Time) []string {
	var sinks []string
	for i := range h.beats {
		b := &h.beats[i]
		if !b.next.After(now) {
			sinks = append(sinks, b.sink)
			b.next = b.next.Add((now.Sub(b.next)/b.every + 1) * b.every)
		}
	}
	if h.timer != nil {
		h.timer.Reset(h.first().Sub(now))
	}
	return sinks
}

func (h *heartbeats) stop() {
	if h.timer != nil {
		h.timer.Stop()
	}
}

// heartbeat tells these sinks, by the same way as every alert, that the agent
// lives and how everything stands.
func (l *loop) heartbeat(sinks []string) {
	if len(sinks) == 0 {
		return
	}
	now := time.Now()
	p := l.a.published.Load()
	s := api.FromSummary(finding.Summarize(p.rules, p.results))
	head, shown := l.head()
	m := alert.NewsMessage(finding.Heartbeat, aliveText(s)+"; "+shown, p.host, l.nextSeq(), now)
	m.Sinks, m.Head, m.Counters = sinks, head, l.counters(s, now)
	l.tell(m)
}

// aliveText is like "alive: 3 open (1 CAT I), 12 not checked".
func aliveText(s api.Summary) string { return "alive: " + standing(s, 0) }

// headShown is how many digits of the journal's hash the text shows.
const headShown = 12

// head is the newest entry of the journal that is on disk, as number:hash, and in
// words. Whoever keeps it elsewhere can tell later that nothing before it was
// changed.
func (l *loop) head() (whole, words string) {
	if l.a.store.journal == nil {
		return "", "no journal"
	}
	e := l.a.store.journal.Head()
	hash := e.Hash.String()
	return fmt.Sprintf("%d:%s", e.N, hash), fmt.Sprintf("journal %d:%s…", e.N, hash[:headShown])
}

// counters are how much was seen, done and lost since the start, and how many
// rules stand how.
func (l *loop) counters(s api.Summary, now time.Time) map[string]uint64 {
	var lost uint64
	var queued int
	for _, s := range l.a.sinks() {
		st := s.outlet.Stats()
		lost += st.Dropped
		queued += st.Queued
	}
	l.a.timing.mu.Lock()
	passes := l.a.timing.count
	l.a.timing.mu.Unlock()
	out := map[string]uint64{
		"events": l.a.watcher.Stats().Events, "passes": passes, "alerts": l.offered, "lost": lost,
		"uptimeSeconds": uint64(now.Sub(l.a.started).Seconds()),
	}
	for name, n := range map[string]int{
		"pass": s.Pass, "fail": s.Fail, "notchecked": s.NotChecked, "notapplicable": s.NotApplicable, "error": s.Error,
		"openHigh": s.Open.High, "openMedium": s.Open.Medium, "openLow": s.Open.Low, "queued": queued,
		"conditions": l.a.conds.count(),
	} {
		out[name] = uint64(n)
	}
	return out
}

// counts tells whether a message is among the alerts that a heartbeat counts.
func counts(m *alert.Message) bool {
	return m.Event != finding.Heartbeat && m.Event != finding.SelfTest
}
