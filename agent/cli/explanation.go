package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
)

// maxExplained is how many columns of one value an explanation shows; it is about
// one rule, so there is more room than in a report.
const maxExplained = 400

// writeExplanation tells all about one rule to a person: what must hold, how that
// is known, what was found and where, how to mend it, and how the text was read.
func writeExplanation(s *screen, x *api.Explanation) {
	r := x.Result
	s.line(0, strong, fmt.Sprintf("%s  %s  CAT %s  %s", safe(r.Rule), safe(r.StigID), roman(r), safe(r.Title)))
	s.WriteString("\n")
	writeVerdict(s, r)
	writePeople(s, r)
	writeWay(s, x)
	if own := strings.TrimSuffix(strings.TrimSuffix(r.Remark, x.Remark), "; "); own != "" { // the reading has a line of its own
		s.entries("remark", strings.Split(safe(own), "; "))
	}
	s.optional("our reading", x.Remark)
	s.entries("site value", siteValues(x.Site))
	s.optional("STIG", strings.Join(append([]string{strings.ToUpper(r.Benchmark), x.SRG}, x.CCIs...), " "))
	writeFacts(s, x)
	if len(x.Diff) > 0 {
		s.WriteString("\nwhat changed last, of the lines that facts are read from (others are not shown):\n")
		writeDiff(s, x.Diff)
	}
	if len(x.Trace) > 0 {
		s.WriteString("\nhow the policy was evaluated, in OPA's words:\n")
	}
	for _, step := range x.Trace {
		s.WriteString(safe(step) + "\n")
	}
}

// writeDiff shows what changed in files, as diff -u does.
func writeDiff(s *screen, diffs []api.FileDiff) {
	for _, d := range diffs {
		for _, l := range unified(d) {
			st := plain
			switch {
			case strings.HasPrefix(l, "---"), strings.HasPrefix(l, "+++"):
			case strings.HasPrefix(l, "-"):
				st = red
			case strings.HasPrefix(l, "+"):
				st = green
			}
			s.line(2, st, l)
		}
	}
}

// unified is a diff in the unified format, as far as lines are known.
func unified(d api.FileDiff) []string {
	out := []string{"--- " + side(d.File, d.Before), "+++ " + side(d.File, d.After)}
	for _, h := range d.Hunks {
		out = append(out, fmt.Sprintf("@@ -%s +%s @@", extent(h.Old, h.OldLines), extent(h.New, h.NewLines)))
		for _, l := range h.Lines {
			out = append(out, safe(l))
		}
	}
	switch {
	case len(d.Hunks) == 0 && len(d.Lines) == 0:
		return append(out, "(what changed is on lines that no fact is read from)")
	case len(d.Hunks) == 0: // too long, or recorded by an earlier stigwatch
		for _, l := range d.Lines {
			out = append(out, safe(l))
		}
	case len(d.Lines) > 0 && strings.HasPrefix(d.Lines[len(d.Lines)-1], "…"):
		out = append(out, "(there is more)")
	}
	return out
}

// side names a file as it was at one end of a diff.
func side(file, digest string) string {
	if digest == "" {
		return "/dev/null"
	}
	return safe(file) + "  " + short(digest)
}

// extent is where the lines of a hunk are, in the unified format.
func extent(line, n int) string {
	if n == 1 {
		return strconv.Itoa(line)
	}
	return fmt.Sprintf("%d,%d", line, n)
}

// writeVerdict tells the result, how it is known, and what was found where.
func writeVerdict(s *screen, r api.Result) {
	word, st := resultWord(r)
	text := word + ", " + assured(r)
	if !r.Since.IsZero() && r.Since != r.Evaluated { // one pass alone knows no before
		text += ", since " + since(r.Since)
	}
	s.entry("result", st, text)
	var found []string
	rest := r.Reason
	for _, e := range r.Evidence {
		if e.Expected == "" || e.Reason == "" {
			continue
		}
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, e.Reason), "; ")
		text := safe(e.Reason)
		if e.File != "" {
			text += " (" + place(e.File, e.Line) + ")"
		}
		if !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	if rest != "" {
		found = append(found, safe(rest))
	}
	s.entries("reason", found)
}

// assured says in words how a result is known.
func assured(r api.Result) string {
	word := cmp.Or(r.Assurance, string(finding.Unknown))
	switch finding.Assurance(word) {
	case finding.Direct:
		return "assurance direct: read where the product keeps it"
	case finding.Proxy:
		return "assurance proxy: inferred from the operating system"
	case finding.Attested:
		return "assurance attested: by what a person says or captured"
	}
	if finding.Outcome(r.Result) == finding.NotChecked {
		return "neither good nor bad is proven"
	}
	return "assurance " + safe(word)
}

// writePeople tells what people attested and accepted.
func writePeople(s *screen, r api.Result) {
	var said []string
	for _, e := range r.Evidence {
		if a := e.Attestation; a != nil {
			said = append(said, fmt.Sprintf("%s: %s: %s (%s, %s, until %s)",
				safe(e.Fact), safe(a.Status), clip(safe(a.Statement), maxExplained), safe(a.By), safe(a.Role), a.Expires.Format(time.DateOnly)))
		}
	}
	s.entries("attested", said)
	if w := r.Waiver; w != nil {
		s.entry("waived", yellow, fmt.Sprintf("%s (%s, %s, until %s)", clip(safe(w.Reason), maxExplained), safe(w.Approver), safe(w.Ticket), w.Expires.Format(time.DateOnly)))
	}
}

// writeWay tells what has to change and how.
func writeWay(s *screen, x *api.Explanation) {
	var needed, next []string
	asked := map[string]int{}
	for _, n := range x.ToPass {
		if text := need(n); !slices.Contains(needed, text) {
			needed = append(needed, text)
		}
		asked[n.Next]++
		if text := safe(n.Next); text != "" && !slices.Contains(next, text) {
			next = append(next, text)
		}
	}
	s.entries("to pass", needed)
	s.steps("next step", next)
	for command, needs := range asked {
		if needs > 1 && strings.HasPrefix(command, "stigwatch attest ") {
			s.entry("", plain, fmt.Sprintf("(that answers all %d; with --fact NAME it answers one)", needs))
		}
	}
	if x.NotApplicableWhen != "" && len(next) > 0 {
		s.entry("", plain, "or attest it with --status notapplicable, when this is so: "+safe(x.NotApplicableWhen))
	}
	verb := "fix"
	if len(x.ToPass) == 0 {
		verb = "set"
	}
	s.optional(verb+" in GUI", cmp.Or(x.GUI, "no page for this is known"))
	switch {
	case x.CLI != "":
		s.steps(verb+" by CLI", strings.Split(safe(x.CLI), "; "))
	case slices.ContainsFunc(x.Facts, func(f api.Fact) bool { return !f.OffBox }):
		s.entry(verb+" by CLI", plain, "no command for this is known")
	}
	if x.Plan != "" {
		s.entry("edits", plain, safe(x.Plan)+" shows what would put it right")
	}
}

func siteValues(values []api.SiteValue) []string {
	var out []string
	for _, v := range values {
		text := "not set"
		switch {
		case v.Set:
			text = value(v.Value)
		case v.Optional:
			text = "not set (need not be)"
		}
		out = append(out, clip(safe(v.Key)+" = "+text, maxExplained))
	}
	return out
}

// optional writes a labelled line if there is something to say.
func (s *screen) optional(label, text string) {
	if text = strings.TrimSpace(safe(text)); text != "" {
		s.entry(label, plain, text)
	}
}

// entries writes texts below one label, marked when there are several.
func (s *screen) entries(label string, texts []string) {
	lead := ""
	if len(texts) > 1 {
		lead = "- "
	}
	for _, text := range texts {
		mark := lead
		for _, l := range fold(text, s.room(labelWidth+len(lead))) {
			fmt.Fprintf(s, "%s%s%s\n", s.paint(faint, pad(label, labelWidth)), mark, l)
			label, mark = "", pad("", len(lead))
		}
	}
}

// steps writes one command after the other, unmarked: they are to be copied.
func (s *screen) steps(label string, texts []string) {
	for _, text := range texts {
		s.entry(label, plain, text)
		label = ""
	}
}

// need tells what has to become true. What is wrong now stands in the reason.
func need(n api.Need) string {
	switch {
	case n.Expected == "":
		return safe(n.Fact) + ": " + safe(n.Reason)
	case n.Next == "":
		return fmt.Sprintf("%s: %s", safe(n.Fact), clip(safe(n.Expected), maxExplained))
	}
	return fmt.Sprintf("%s: %s (%s)", safe(n.Fact), clip(safe(n.Expected), maxExplained), safe(n.Reason))
}

func writeFacts(s *screen, x *api.Explanation) {
	attested := map[string]bool{}
	for _, e := range x.Result.Evidence {
		attested[e.Fact] = e.Attestation != nil
	}
	t := table{head: []string{"FACT", "ROLE", "STATE", "VALUE"}}
	for _, f := range x.Facts {
		t.rows = append(t.rows, factRow(f, attested[f.Fact]))
	}
	if len(t.rows) > 0 {
		s.WriteString("\n")
	}
	t.write(s)
}

func factRow(f api.Fact, attested bool) row {
	shown, state := "-", f.State
	if f.Value != nil {
		shown = clip(value(f.Value), maxExplained)
	}
	switch {
	case attested:
		state = "attested"
	case f.OffBox: // "unmapped" would ask for a mapping
		state = "not attested"
	}
	r := row{cells: []cell{{safe(f.Fact), plain}, {safe(f.Role), plain}, {safe(state), stateStyle(state)}, {shown, plain}}}
	for _, text := range []string{f.About, f.Reason} {
		if text != "" {
			r.notes = append(r.notes, safe(text))
		}
	}
	for _, p := range f.Places {
		r.notes = append(r.notes, read(p))
	}
	if f.Mapping != "" {
		note := "mapping " + f.Mapping
		if f.Assurance != "" && f.Assurance != string(finding.Unknown) {
			note += ", assurance " + f.Assurance
		}
		r.notes = append(r.notes, safe(note))
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
	case "known", "attested":
		return plain
	case "absent", "missing":
		return yellow
	}
	return purple
}
