package cli

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"stigwatch/agent/api"
)

// writeExplanation tells all about one rule to a person.
func writeExplanation(s *screen, x *api.Explanation) {
	r := x.Result
	word, st := resultWord(r)
	s.line(0, strong, fmt.Sprintf("%s  %s  CAT %s  %s", safe(r.Rule), safe(r.StigID), roman(r), safe(r.Title)))
	s.WriteString("\n")
	text := word + ", assurance " + safe(cmp.Or(r.Assurance, "unknown"))
	if !r.Since.IsZero() {
		text += ", since " + since(r.Since)
	}
	s.entry("result", st, text)
	s.optional("reason", r.Reason)
	s.optional("remark", strings.TrimSuffix(strings.TrimSuffix(r.Remark, x.Remark), "; ")) // the reading has a line of its own
	s.optional("reading", x.Remark)
	for _, e := range r.Evidence {
		if a := e.Attestation; a != nil {
			s.entry("attested", plain, fmt.Sprintf("%s: %s: %s (%s, %s, until %s)",
				safe(e.Fact), safe(a.Status), clip(safe(a.Statement), maxShown), safe(a.By), safe(a.Role), a.Expires.Format(time.DateOnly)))
		}
	}
	if w := r.Waiver; w != nil {
		s.entry("waived", yellow, fmt.Sprintf("%s (%s, %s, until %s)", clip(safe(w.Reason), maxShown), safe(w.Approver), safe(w.Ticket), w.Expires.Format(time.DateOnly)))
	}
	for _, n := range x.ToPass {
		s.entry("to pass", plain, need(n))
	}
	s.optional("fix in GUI", x.GUI)
	s.optional("fix by CLI", x.CLI)
	s.optional("STIG", strings.Join(append([]string{r.Benchmark, x.SRG}, x.CCIs...), " "))
	for _, v := range x.Site {
		text := v.Key + " = not set"
		if v.Set {
			text = v.Key + " = " + value(v.Value)
		}
		s.entry("site value", plain, clip(safe(text), maxShown))
	}
	writeFacts(s, x.Facts)
	if len(x.Trace) > 0 {
		s.WriteString("\n")
	}
	for _, step := range x.Trace {
		s.WriteString(safe(step) + "\n")
	}
}

// optional writes a labelled line if there is something to say.
func (s *screen) optional(label, text string) {
	if text = strings.TrimSpace(safe(text)); text != "" {
		s.entry(label, plain, text)
	}
}

func need(n api.Need) string {
	switch {
	case n.Expected == "":
		return safe(n.Fact) + ": " + safe(n.Reason)
	case n.Reason == "":
		return fmt.Sprintf("%s: %s", safe(n.Fact), clip(safe(n.Expected), maxShown))
	}
	return fmt.Sprintf("%s: %s (%s)", safe(n.Fact), clip(safe(n.Expected), maxShown), safe(n.Reason))
}

func writeFacts(s *screen, facts []api.Fact) {
	t := table{head: []string{"FACT", "ROLE", "STATE", "VALUE"}}
	for _, f := range facts {
		t.rows = append(t.rows, factRow(f))
	}
	if len(t.rows) > 0 {
		s.WriteString("\n")
	}
	t.write(s)
}

func factRow(f api.Fact) row {
	shown := "-"
	if f.Value != nil {
		shown = clip(value(f.Value), maxShown)
	}
	r := row{cells: []cell{{safe(f.Fact), plain}, {safe(f.Role), plain}, {safe(f.State), stateStyle(f.State)}, {shown, plain}}}
	if f.Reason != "" {
		r.notes = append(r.notes, safe(f.Reason))
	}
	for _, p := range f.Places {
		r.notes = append(r.notes, read(p))
	}
	if f.Mapping != "" {
		r.notes = append(r.notes, safe("mapping "+f.Mapping+", assurance "+cmp.Or(f.Assurance, "unknown")))
	}
	return r
}

// read says where a fact was read and what stood there.
func read(p api.Place) string {
	text := place(p.File, p.Line)
	if p.Raw != "" {
		text += "  " + clip(safe(p.Raw), maxShown)
	}
	return text
}

func stateStyle(state string) style {
	switch state {
	case "known":
		return plain
	case "absent", "missing":
		return yellow
	}
	return purple
}
