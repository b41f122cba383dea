package agent

import (
	"fmt"
	"strings"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
)

// tellManager gives the service manager a line, when it is another one than the last: a
// person who asks it sees how everything stands, without a second command. The loop
// calls it when nothing happens for a while, so that it costs no change its time, and a
// storm of them no more than one line.
func (l *loop) tellManager() {
	pub := l.a.published.Load()
	s := api.FromSummary(finding.Summarize(pub.rules, pub.results))
	parts := []string{standing(s, s.Pass), l.sinksText()}
	if n := l.a.conds.count(); n > 0 {
		parts = append(parts, fmt.Sprintf("conditions: %d", n))
	}
	if line := strings.Join(parts, "; "); line != l.line {
		l.line = line
		l.a.o.Status(line)
	}
}

// sinksText is like "2 sinks well" or "1 of 2 sinks fails: siem".
func (l *loop) sinksText() string {
	var bad []string
	sinks := l.a.sinks()
	for _, s := range sinks {
		if !s.outlet.Healthy() {
			bad = append(bad, s.cfg.Name)
		}
	}
	switch n := len(sinks); {
	case n == 0:
		return "no sink"
	case len(bad) > 0:
		return fmt.Sprintf("%d of %d sinks failing: %s", len(bad), n, strings.Join(bad, ", "))
	case n == 1:
		return "1 sink well"
	default:
		return fmt.Sprintf("%d sinks well", n)
	}
}

// standing is like "3 open (1 CAT I), 12 not checked"; with how many pass, if any is
// given.
func standing(s api.Summary, pass int) string {
	open := fmt.Sprintf("%d open", s.Fail)
	var cats []string
	for i, n := range []int{s.Open.High, s.Open.Medium, s.Open.Low} {
		if n > 0 {
			cats = append(cats, fmt.Sprintf("%d CAT %s", n, strings.Repeat("I", i+1)))
		}
	}
	if len(cats) > 0 {
		open += " (" + strings.Join(cats, ", ") + ")"
	}
	parts := []string{open}
	for _, c := range []struct {
		n    int
		what string
	}{{pass, "pass"}, {s.NotChecked, "not checked"}, {s.Error, "in error"}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	return strings.Join(parts, ", ")
}
