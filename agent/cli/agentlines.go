package cli

import (
	"fmt"
	"strings"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/fips"
)

// digestShown is how many digits of a digest people are shown.
const digestShown = 12

// writeAgent tells how the agent itself is.
func (e *env) writeAgent(s *screen, r *api.Report) {
	a, now := r.Agent, e.now()
	s.entry("agent", plain, fmt.Sprintf("pid %d, up %s, version %s, FIPS mode %s",
		a.PID, span(time.Duration(a.UptimeSeconds)*time.Second), safe(a.Version), fipsOf(a)))
	writeConfinement(s, a.Confinement)
	s.entry("watch", plain, fmt.Sprintf("%d folders, %d files, %d events, %d overflows; last event %s",
		a.Watch.Folders, a.Watch.Files, a.Watch.Events, a.Watch.Overflows, ago(a.Watch.LastEvent, now)))
	s.entry("passes", plain, fmt.Sprintf("%d, %d of them full; last %s, last full one %s; evaluation p50 %s, p99 %s",
		a.Passes.Count, a.Passes.Full, ago(a.Passes.Last, now), ago(a.Watch.LastFullPass, now), micros(a.Passes.EvalP50us), micros(a.Passes.EvalP99us)))
	s.entry("policy", plain, fmt.Sprintf("%s %s", safe(r.Policy.Source), short(r.Policy.Digest)))
	s.entry("config", plain, fmt.Sprintf("%s %s, loaded %s; site profile %s",
		safe(a.Config.Path), short(a.Config.Digest), ago(a.Config.Loaded, now), short(a.Site.Digest)))
	for _, line := range lines(a.Config.Error) {
		s.entry("", yellow, "not reloaded: "+line)
	}
	for i := range a.Maintenance {
		w := &a.Maintenance[i]
		s.entry("window", yellow, fmt.Sprintf("%s %s, ends in %s, opened by %s, changes so far: %d; %s",
			safe(w.ID), safe(w.Ticket), e.left(w), safe(w.By), w.Changes, rulesOf(w)))
	}
	e.writeEnforcement(s, a)
	for _, k := range a.Sinks {
		writeSink(s, k, now)
	}
	writeJournal(s, a.Journal)
	if a.SelfTest != nil {
		style := plain
		if !a.SelfTest.OK {
			style = yellow
		}
		s.entry("self-test", style, ago(a.SelfTest.At, now)+": "+selfTestLine(a.SelfTest))
	}
	for _, c := range a.Conditions {
		writeCondition(s, c, now)
	}
}

func writeConfinement(s *screen, c *api.Confinement) {
	if c == nil {
		return
	}
	s.entry("confined", plain, safe(c.Summary))
	for _, m := range c.Missing {
		s.entry("", plain, "not: "+safe(m))
	}
}

func writeSink(s *screen, k api.Sink, now time.Time) {
	text := fmt.Sprintf("%s (%s) %d sent, %d queued, %d dropped; last success %s", safe(k.Name),
		safe(strings.TrimSpace(k.Type+" "+k.Address)), k.Sent, k.Queued, k.Dropped, ago(k.LastSuccess, now))
	if k.Healthy {
		s.entry("sink", plain, text)
		return
	}
	if k.Circuit == "open" {
		text += fmt.Sprintf("; %d failures in a row, next try at %s", k.Failures, k.NextTry.Format("15:04:05Z"))
	}
	s.entry("sink", yellow, text+"; failing: "+safe(k.LastError))
}

func writeJournal(s *screen, j *api.Journal) {
	switch {
	case j == nil:
		return // a condition tells why
	case j.KeyWaits:
		s.entry("journal", yellow, fmt.Sprintf("%d entries; nobody has taken its verification key: stigwatch journal key", j.Entries))
	default:
		s.entry("journal", plain, fmt.Sprintf("%d entries, head %s", j.Entries, short(j.Head)))
	}
}

func writeCondition(s *screen, c api.Condition, now time.Time) {
	text := safe(c.Code) + ": " + safe(c.Message)
	if c.File != "" {
		text += " in " + safe(c.File)
	}
	if !c.Since.IsZero() {
		text += " (" + ago(c.Since, now) + ")"
	}
	s.entry("condition", yellow, text)
}

// lines makes each line of a text safe.
func lines(text string) []string {
	if text == "" {
		return nil
	}
	out := strings.Split(text, "\n")
	for i := range out {
		out[i] = safe(out[i])
	}
	return out
}

// short cuts a digest to what is enough to compare by eye.
func short(digest string) string {
	kind, digits, ok := strings.Cut(digest, ":")
	switch {
	case digest == "":
		return "none"
	case !ok || len(digits) <= digestShown:
		return safe(digest)
	}
	return safe(kind + ":" + digits[:digestShown])
}

func micros(us int64) string {
	if us < 1000 {
		return fmt.Sprintf("%d µs", us)
	}
	return fmt.Sprintf("%.1f ms", float64(us)/1000)
}

// fipsOf tells the mode; an agent of before said only whether it is on.
func fipsOf(a *api.Agent) string {
	switch {
	case a.FIPSMode != "":
		return safe(fips.State{Mode: fips.Mode(a.FIPSMode), Module: a.FIPSModule}.String())
	case a.FIPS:
		return string(fips.On)
	}
	return string(fips.Off)
}
