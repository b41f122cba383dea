// Package history makes, of the journal's entries, what a person asks of the
// past: what changed when, how long each rule was out of compliance, and how all
// stood at a time.
package history

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
)

// Change is the body of an entry about a change of verdict.
type Change struct {
	Event     finding.Event   `json:"event"`
	Previous  finding.Outcome `json:"previous"`            // empty: the rule was not judged before
	Since     api.Time        `json:"since"`               // of the result before
	Alert     uint64          `json:"alert"`               // sequence number
	Announced string          `json:"announced,omitempty"` // ticket of the window of maintenance that it happened in
	Result    api.Result      `json:"result"`
	Diff      []api.FileDiff  `json:"diff"` // of the files that it rests on
}

// State is the body of an entry that says how everything stands: at each start,
// and each day.
type State struct {
	Host    string       `json:"host"`
	Policy  api.Policy   `json:"policy"`
	Results []api.Result `json:"results"`
}

// Who is the part of an entry about who changed a file that a person reads.
type Who struct {
	Alert uint64 `json:"alert"` // sequence number
	Rule  string `json:"rule"`
	File  string `json:"file"`
	Text  string `json:"text"`
}

// Plan is the part of an entry about a plan, or a mode, that a person reads.
type Plan struct {
	Rule string `json:"rule"` // of a mode
	Plan struct {
		Rules []string `json:"rules"`
	} `json:"plan"`
	Rules []string `json:"rules"` // of a plan that was only worked out
	Text  string   `json:"text"`
}

// about gives the rules that it is about.
func (p *Plan) about() []string {
	if p.Rule != "" {
		return []string{p.Rule}
	}
	return slices.Concat(p.Plan.Rules, p.Rules)
}

// Fold takes entries in order and keeps what the questions need.
type Fold struct {
	from, until time.Time
	host        string
	policy      api.Policy
	at          time.Time // of the newest entry
	rules       map[string]*rule
	lines       []api.HistoryLine
	only        string
}

// rule is one rule so far.
type rule struct {
	result api.Result
	since  time.Time // its outcome has held
	seen   time.Time // its outcome is known
	spans  []span
}

// span is a time in which a rule failed.
type span struct{ from, to time.Time }

// New makes a fold of what happened between two times. A rule, when it is not
// empty, leaves the others' lines out.
func New(from, until time.Time, only string) *Fold {
	return &Fold{from: from, until: until, only: only, rules: map[string]*rule{}}
}

// Add takes the next entry. Entries after the end are left out.
func (f *Fold) Add(e journal.Entry) error {
	if e.At.After(f.until) {
		return nil
	}
	f.at = e.At
	switch e.Kind {
	case journal.Change:
		var c Change
		if err := json.Unmarshal(e.Body, &c); err != nil {
			return fmt.Errorf("cannot read entry %d of the journal: %w", e.N, err)
		}
		f.take(c.Result, e.At)
		f.line(e, c.Result.Rule, string(c.Event), c.Result.Reason, &c)
	case journal.State:
		var s State
		if err := json.Unmarshal(e.Body, &s); err != nil {
			return fmt.Errorf("cannot read entry %d of the journal: %w", e.N, err)
		}
		f.host, f.policy = s.Host, s.Policy
		for _, r := range s.Results {
			f.take(r, e.At)
		}
	case journal.Who:
		var w Who
		if err := json.Unmarshal(e.Body, &w); err != nil {
			return fmt.Errorf("cannot read entry %d of the journal: %w", e.N, err)
		}
		f.line(e, w.Rule, string(e.Kind), w.File+": "+w.Text, nil)
	case journal.Planned, journal.Applied, journal.Undone, journal.Mode:
		var p Plan
		if err := json.Unmarshal(e.Body, &p); err != nil {
			return fmt.Errorf("cannot read entry %d of the journal: %w", e.N, err)
		}
		rule := ""
		if rules := p.about(); len(rules) == 1 || slices.Contains(rules, f.only) {
			rule = cmp.Or(f.only, rules[0])
		}
		f.line(e, rule, string(e.Kind), p.Text, nil)
	case journal.Migrated:
		f.line(e, "", string(e.Kind), migrated(e), nil)
	case journal.Alert, journal.Delivered, journal.Pass, journal.Compacted:
	default:
		f.line(e, "", string(e.Kind), summary(e), nil)
	}
	return nil
}

// take takes the result of a rule as it stands from a time on.
func (f *Fold) take(r api.Result, at time.Time) {
	was := f.rules[r.Rule]
	if was == nil {
		was = &rule{seen: at, since: at}
		f.rules[r.Rule] = was
		if r.Result == string(finding.Fail) {
			was.spans = append(was.spans, span{from: at})
		}
		was.result = r
		return
	}
	failed, fails := was.result.Result == string(finding.Fail), r.Result == string(finding.Fail)
	switch {
	case !failed && fails:
		was.spans = append(was.spans, span{from: at})
	case failed && !fails:
		was.spans[len(was.spans)-1].to = at
	}
	if was.result.Result != r.Result {
		was.since = at
	}
	was.result = r
}

func (f *Fold) line(e journal.Entry, ruleID, what, text string, c *Change) {
	if e.At.Before(f.from) || f.only != "" && ruleID != f.only {
		return
	}
	l := api.HistoryLine{N: e.N, At: api.At(e.At), What: what, Rule: ruleID, Text: text, Evidence: []api.Evidence{}, Diff: []api.FileDiff{}}
	if c != nil {
		l.Announced = c.Announced
		l.Previous, l.Result, l.Severity, l.Title = string(c.Previous), c.Result.Result, c.Result.Severity, c.Result.Title
		l.Evidence, l.Diff = append(l.Evidence, c.Result.Evidence...), append(l.Diff, c.Diff...)
	}
	f.lines = append(f.lines, l)
}

// summary is one line about an entry that is about no rule.
func summary(e journal.Entry) string {
	var b struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Began   *bool  `json:"began"`
		Error   string `json:"error"`
		Version string `json:"version"`
		Before  string `json:"previous"`
		Sink    string `json:"sink"`
		Alerts  uint64 `json:"alerts"`
		Lost    uint64 `json:"unrecorded"`
		Why     string `json:"why"`
		Text    string `json:"text"`
	}
	if json.Unmarshal(e.Body, &b) != nil {
		return ""
	}
	switch {
	case b.Began != nil && *b.Began:
		return b.Code + ": " + b.Message
	case b.Began != nil:
		return b.Code + " is over"
	case b.Error != "":
		return "refused: " + b.Error
	case b.Sink != "":
		return fmt.Sprintf("sink %q will not get %d alerts", b.Sink, b.Alerts)
	case b.Lost > 0:
		return fmt.Sprintf("%d entries could not be recorded", b.Lost)
	}
	if b.Before != "" {
		b.Version += ", it was " + b.Before + " before"
	}
	return cmp.Or(b.Text, b.Why, b.Version)
}

// migrated says how a journal was brought to a newer schema.
func migrated(e journal.Entry) string {
	var m journal.Migration
	if json.Unmarshal(e.Body, &m) != nil {
		return ""
	}
	return fmt.Sprintf("the journal, from schema %d to %d; what it was is kept as %s", m.From, m.To, m.Copy)
}

// History is what changed, and how long each rule was out of compliance.
func (f *Fold) History() *api.History {
	h := &api.History{Schema: api.Schema, Host: f.host, From: api.At(f.from), Until: api.At(f.until), Changes: []api.HistoryLine{}, Exposure: []api.Exposure{}}
	h.Changes = append(h.Changes, f.lines...)
	for _, id := range slices.Sorted(maps.Keys(f.rules)) {
		if r := f.rules[id]; f.only == "" && len(r.spans) > 0 || id == f.only {
			h.Exposure = append(h.Exposure, f.exposure(r))
		}
	}
	return h
}

// exposure adds up the times in which a rule failed, as far as they lie between
// the ends.
func (f *Fold) exposure(r *rule) api.Exposure {
	x := api.Exposure{
		Rule: r.result.Rule, Title: r.result.Title, Severity: r.result.Severity, Result: r.result.Result,
		Since: api.At(r.since), Known: api.At(later(r.seen, f.from)), Months: []api.Month{},
	}
	for _, s := range r.spans {
		from, to := later(s.from, f.from), s.to
		if to.IsZero() {
			to = f.until
			x.NowSeconds = seconds(to.Sub(s.from))
		}
		if !from.Before(to) {
			continue
		}
		x.Times++
		x.TotalSeconds += seconds(to.Sub(from))
		x.LongestSeconds = max(x.LongestSeconds, seconds(to.Sub(from)))
		x.Months = addMonths(x.Months, from, to)
	}
	return x
}

// addMonths spreads a time over the months, in UTC, that it lies in.
func addMonths(months []api.Month, from, to time.Time) []api.Month {
	for from = from.UTC(); from.Before(to); {
		next := time.Date(from.Year(), from.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		end := next
		if to.Before(end) {
			end = to
		}
		name := from.Format("2006-01")
		if n := len(months); n > 0 && months[n-1].Month == name {
			months[n-1].Seconds += seconds(end.Sub(from))
		} else {
			months = append(months, api.Month{Month: name, Seconds: seconds(end.Sub(from))})
		}
		from = next
	}
	return months
}

// Report is how everything stood at the end; nil when the journal does not reach
// back that far.
func (f *Fold) Report() *api.Report {
	if len(f.rules) == 0 || f.host == "" {
		return nil
	}
	r := &api.Report{
		Schema: api.Schema, Host: f.host, Time: api.At(f.until), Policy: f.policy,
		Results: []api.Result{},
	}
	for _, id := range slices.Sorted(maps.Keys(f.rules)) {
		one := f.rules[id].result
		one.Since = api.At(f.rules[id].since)
		r.Results = append(r.Results, one)
	}
	r.Summary = api.Summarize(r.Results)
	return r
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }
