package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
)

const (
	maxNotes = 5   // places that are shown below one finding
	maxShown = 100 // columns of one value
	groupMin = 4   // so many rules with one and the same cause are told together
)

// cause is why a rule is not known to pass.
type cause struct{ result, reason string }

// group is several rules with one cause.
type group struct {
	cause
	rules []api.Result
}

// arrange puts open findings first, the worst category before the others, then
// what is in error, then what is not checked. Many rules with one cause make a
// group, which comes after the rows.
func arrange(results []api.Result) (rows []row, groups []group) {
	var unknown []group
	for _, r := range inOrder(results) {
		if finding.Outcome(r.Result) == finding.Fail {
			rows = append(rows, resultRow(r))
			continue
		}
		c := cause{r.Result, r.Reason}
		i := slices.IndexFunc(unknown, func(g group) bool { return g.cause == c })
		if i < 0 {
			i = len(unknown)
			unknown = append(unknown, group{cause: c})
		}
		unknown[i].rules = append(unknown[i].rules, r)
	}
	var few []api.Result
	for _, g := range unknown {
		if len(g.rules) >= groupMin {
			groups = append(groups, g)
			continue
		}
		few = append(few, g.rules...)
	}
	for _, r := range inOrder(few) {
		rows = append(rows, resultRow(r))
	}
	return rows, groups
}

// inOrder gives the results that need a line, in the order to show them in.
func inOrder(results []api.Result) []api.Result {
	out := slices.DeleteFunc(slices.Clone(results), func(r api.Result) bool { return rank(r) == fine })
	slices.SortStableFunc(out, func(a, b api.Result) int {
		return cmp.Or(rank(a)-rank(b), category(a)-category(b), strings.Compare(a.Rule, b.Rule))
	})
	return out
}

// fine is the rank of what needs no line of its own.
const fine = 3

func rank(r api.Result) int {
	switch finding.Outcome(r.Result) {
	case finding.Fail:
		return 0
	case finding.NotChecked:
		return 2
	case finding.Pass, finding.NotApplicable:
		return fine
	}
	return 1
}

// category is the DISA category; a rule without one comes last.
func category(r api.Result) int {
	if c := finding.Severity(r.Severity).CAT(); c > 0 {
		return c
	}
	return 4
}

func roman(r api.Result) string {
	return []string{"I", "II", "III", "-"}[category(r)-1]
}

func resultRow(r api.Result) row {
	word, st := resultWord(r)
	return row{
		cells: []cell{{safe(r.Rule), plain}, {roman(r), st}, {word, st}, {since(r.Since), plain}, {safe(r.Title), plain}},
		notes: notes(r),
	}
}

func resultWord(r api.Result) (string, style) {
	switch finding.Outcome(r.Result) {
	case finding.Fail:
		if r.Waived {
			return "fail (waived)", yellow
		}
		return "fail", red
	case finding.NotChecked:
		return "not checked", yellow
	case finding.Pass:
		return "pass", green
	case finding.NotApplicable:
		return "not applicable", green
	}
	return safe(r.Result), purple
}

func since(t api.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format("2006-01-02 15:04Z")
}

// notes say where a finding shows, or why a rule is not known.
func notes(r api.Result) []string {
	var out []string
	told := false // the evidence itself says what is wrong
	for _, e := range r.Evidence {
		if e.Expected != "" {
			out = append(out, violation(e))
			told = told || e.Reason != ""
		}
	}
	if len(out) > maxNotes {
		more := fmt.Sprintf("and %d more, see: stigwatch explain %s", len(out)-maxNotes, safe(r.Rule))
		out = append(out[:maxNotes], more)
	}
	if !told && r.Reason != "" {
		out = slices.Insert(out, 0, safe(r.Reason))
	}
	return out
}

// violation says where a fact is wrong, what is wrong with it, and what it
// should be.
func violation(e api.Evidence) string {
	what := safe(cmp.Or(e.Reason, e.Fact))
	text := fmt.Sprintf("%s (expected %s, is %s)", what, clip(safe(e.Expected), maxShown), clip(value(e.Actual), maxShown))
	if at := place(e.File, e.Line); at != "" {
		return at + "  " + text
	}
	return text
}

func place(file string, line int) string {
	if line == 0 {
		return safe(file)
	}
	return fmt.Sprintf("%s:%d", safe(file), line)
}

// write tells a group: its cause, then its rules by category.
func (g group) write(s *screen) {
	word, st := resultWord(g.rules[0])
	reason := safe(g.reason)
	if reason == "" {
		reason = "no reason given"
	}
	s.WriteString("\n")
	s.line(0, st, fmt.Sprintf("%d rules %s: %s", len(g.rules), word, reason))
	byCategory := map[string][]string{}
	for _, r := range g.rules {
		byCategory[roman(r)] = append(byCategory[roman(r)], safe(r.Rule))
	}
	for _, c := range []string{"I", "II", "III", "-"} {
		if rules := byCategory[c]; len(rules) > 0 {
			s.hanging(2, fmt.Sprintf("CAT %-5s", c), strings.Join(rules, " "))
		}
	}
}

// ago says how long before now a time was.
func ago(t api.Time, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	if d := now.Sub(t.Time); d >= time.Second {
		return span(d) + " ago"
	}
	return "now"
}

// span says a duration in its two largest units at most.
func span(d time.Duration) string {
	s := int64(d / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%02dm", s/3600, s%3600/60)
	}
	return fmt.Sprintf("%dd%02dh", s/86400, s%86400/3600)
}
