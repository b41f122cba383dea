package cli

import (
	"fmt"
	"strings"

	"stigwatch/agent/api"
)

// writeReport shows a report to a person: the verdict, how the agent is when
// there is one, what is open, what is not known, and a count of the rest.
func (e *env) writeReport(s *screen, r *api.Report) {
	st := green
	if r.Summary.Fail > 0 {
		st = red
	}
	s.line(0, st, safe(r.Host)+": "+verdictLine(r.Summary))
	if r.Agent != nil {
		e.writeAgent(s, r)
	}
	rows, groups := arrange(r.Results)
	if len(rows) > 0 {
		s.WriteString("\n")
	}
	t := table{head: []string{"RULE", "CAT", "RESULT", "SINCE", "TITLE"}, rows: rows}
	t.write(s)
	for _, g := range groups {
		g.write(s)
	}
	if rest := restLine(r.Summary); rest != "" && len(rows)+len(groups) > 0 {
		s.WriteString("\n")
		s.line(0, plain, rest)
	}
}

// verdictLine says it all in one line.
func verdictLine(s api.Summary) string {
	parts := []string{"nothing open"}
	if s.Fail > 0 {
		parts[0] = fmt.Sprintf("%d open%s", s.Fail, categories(s.Open))
	}
	parts = count(parts, s.NotChecked, "not checked")
	parts = count(parts, s.Error, "in error")
	parts = count(parts, s.Pass, "pass")
	parts = count(parts, s.NotApplicable, "not applicable")
	return strings.Join(parts, ", ")
}

// restLine counts the results that have no line of their own.
func restLine(s api.Summary) string {
	return strings.Join(count(count(nil, s.Pass, "pass"), s.NotApplicable, "not applicable"), ", ")
}

func categories(o api.Open) string {
	parts := count(nil, o.High, "CAT I")
	parts = count(parts, o.Medium, "CAT II")
	parts = count(parts, o.Low, "CAT III")
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func count(parts []string, n int, what string) []string {
	if n == 0 {
		return parts
	}
	return append(parts, fmt.Sprintf("%d %s", n, what))
}
