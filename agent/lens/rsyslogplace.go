package lens

import (
	"slices"
	"strings"
)

// place adds lines for the wants in left, at the end of into or, where a message
// does not get that far, before what discards it.
func (s *rsyslogSet) place(p listPlan, edits []Edit, left []int) ([]Edit, error) {
	into, err := findFile(s.files, s.into)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, i := range left {
		w := p.missing[i]
		fields := withDefault(withDefault(withDefault(w.Fields, "selector", "*.*"), "port", syslogPort), "protocol", "tcp")
		if err := checkSelector(fields["selector"]); err != nil {
			return nil, err
		}
		p.missing[i] = Want{Fields: fields}
		lines = append(lines, s.line(into, fields))
	}
	var first error
	for _, c := range s.places(into) {
		done, err := s.placed(p, edits, into, c, lines)
		if err == nil {
			return done, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// line is a forward in the language of the file.
func (s *rsyslogSet) line(into *File, fields map[string]string) string {
	selector := fields["selector"]
	if selector != "" {
		selector += " "
	}
	host, port, protocol := fields["host"], fields["port"], fields["protocol"]
	if s.speaksLegacy(into) {
		prefix := map[string]string{"udp": "@", "tcp": "@@", "relp": ":omrelp:"}[protocol]
		return selector + prefix + written(host, port)
	}
	if protocol == "relp" {
		return selector + `action(type="omrelp" target="` + host + `" port="` + port + `")`
	}
	return selector + `action(type="omfwd" target="` + host + `" port="` + port + `" protocol="` + protocol + `")`
}

// speaksLegacy says whether a file has legacy forwards, or legacy actions only.
func (s *rsyslogSet) speaksLegacy(into *File) bool {
	legacy, object := false, false
	for _, st := range s.steps.all {
		if st.f.Name != into.Name {
			continue
		}
		if st.n.Name == "legacy" && forwardOf(st.f, st.n) != nil {
			return true
		}
		legacy, object = legacy || st.n.Name == "legacy", object || st.n.Name == "action"
	}
	return legacy && !object
}

// somewhere is a place for new lines: before step, at byte pos.
type somewhere struct{ step, pos int }

// places lists where new lines may stand, the best first: the end; before the
// last statement that messages get to, and before the first.
func (s *rsyslogSet) places(into *File) []somewhere {
	all := []somewhere{{s.steps.ends[into.Name], len(into.raw)}}
	kids := into.Root.Children
	first, last := -1, -1
	for i, n := range kids {
		if s.run.open[n] {
			last = i
			if first < 0 {
				first = i
			}
		}
	}
	for _, i := range []int{last, first} {
		if i < 0 {
			continue
		}
		for i > 0 && s.belongs(into, kids[i-1], kids[i]) {
			i--
		}
		start, _ := wholeLines(into.raw, kids[i].Start, kids[i].End)
		if trimmed(string(into.raw[start:kids[i].Start])) == "" && !continues(into.raw[:start]) {
			all = append(all, somewhere{s.steps.of[kids[i]], start})
		}
	}
	return all
}

// belongs says whether a node goes with the one behind it: by an & between them,
// or as a directive for it.
func (s *rsyslogSet) belongs(f *File, n, next *Node) bool {
	return forNextAction(n.Name) || strings.Contains(string(f.raw[n.End:next.Start]), "&")
}

// placed adds the lines at one place, if they count there and take nothing from
// the action behind them.
func (s *rsyslogSet) placed(p listPlan, edits []Edit, into *File, c somewhere, lines []string) ([]Edit, error) {
	if d, ok := s.steps.pending(c.step); ok {
		return nil, cannotWrite(d.f.Name, d.n.Line, "%s is for the next action, which would be the new one", d.n.Name)
	}
	if a, ok := s.steps.standsBy(c.step); ok {
		return nil, cannotWrite(a.f.Name, a.n.Line, "it waits for the action before it to fail, which would be the new one")
	}
	relp := slices.ContainsFunc(p.missing, func(w Want) bool { return w.Fields["protocol"] == "relp" })
	if relp && !s.steps.loads("omrelp", c.step) {
		return nil, refuse("the module omrelp is not loaded before it")
	}
	return s.settle(joined(edits, inserted(into, c.pos, lines)), p)
}

// joined adds an insertion to edits. Where the last line, which has no end, is
// taken out, the new ones come in its place.
func joined(edits []Edit, fresh Edit) []Edit {
	out := append([]Edit{}, edits...)
	for i, e := range out {
		if e.File == fresh.File && e.End == fresh.Start && e.Start < e.End && e.Text == "" && !strings.HasSuffix(fresh.Text, "\n") {
			out[i].Text = strings.TrimLeft(fresh.Text, "\r\n")
			return out
		}
	}
	return append(out, fresh)
}
