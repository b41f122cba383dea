package lens

import (
	"bytes"
	"slices"
	"sort"
	"strings"
)

// taken is the edit that takes a forward out, with the filter or the condition
// that is there for it alone. It is refused where something else hangs on it.
func (s *rsyslogSteps) taken(g standing) (Edit, error) {
	i := s.of[g.at.n]
	if d, ok := s.pending(i); ok {
		return Edit{}, cannotWrite(g.File, g.Line, "line %d of %s, %s, is for this action and would be for another", d.n.Line, d.f.Name, d.n.Name)
	}
	if a, ok := s.standsBy(i + 1); ok {
		return Edit{}, cannotWrite(g.File, g.Line, "line %d of %s has an action wait for this one to fail", a.n.Line, a.f.Name)
	}
	for s.all[i].up >= 0 {
		around := s.all[i].up
		parent := s.all[around].n
		if len(parent.Children) > 1 {
			break
		}
		switch {
		case parent.Name == "filter":
			i = around
		case parent.Name == "then" && s.only(around):
			i = s.all[around].up
		default:
			return Edit{}, cannotWrite(g.File, g.Line, "nothing would be left of what stands around it")
		}
	}
	return s.cut(i)
}

// only says whether a branch is the one of an if.
func (s *rsyslogSteps) only(branch int) bool {
	parent := s.all[s.all[branch].up].n
	return parent.Name == "if" && len(parent.Children) == 1
}

// cut takes a statement out by its lines.
func (s *rsyslogSteps) cut(i int) (Edit, error) {
	st := s.all[i]
	raw, n := st.f.raw, st.n
	fault := func(why string) (Edit, error) { return Edit{}, cannotWrite(st.f.Name, n.Line, "%s", why) }
	before, behind, left := s.around(i)
	if !left {
		return fault("no statement would be left beside it")
	}
	start, end := wholeLines(raw, n.Start, n.End)
	head, tail := trimmed(string(raw[start:n.Start])), trimmed(string(raw[n.End:end]))
	chained := head == "&"
	switch {
	case !chained && (before || behind):
		return fault("an action hangs on it by &, or it on one")
	case head != "" && !chained, tail != "" && tail[0] != '#':
		return fault("other text stands on its lines")
	case continues(raw[:start]), continues(raw[:end]):
		return fault("a backslash joins its lines with others")
	}
	return Edit{File: st.f.Name, Start: start, End: end}, nil
}

// around says whether a & stands before or behind a statement, and whether there
// is a statement beside it where there has to be one.
func (s *rsyslogSteps) around(i int) (before, behind, left bool) {
	st := s.all[i]
	siblings := st.f.Root.Children
	left = st.up < 0
	if !left {
		siblings = s.all[st.up].n.Children
		left = slices.ContainsFunc(siblings, func(c *Node) bool { return c != st.n && !strings.HasPrefix(c.Name, "$") })
	}
	at := sort.Search(len(siblings), func(j int) bool { return siblings[j].Start >= st.n.Start })
	has := func(from, to int) bool { return bytes.IndexByte(st.f.raw[from:to], '&') >= 0 }
	if at > 0 {
		before = has(siblings[at-1].End, st.n.Start)
	}
	if at+1 < len(siblings) {
		behind = has(st.n.End, siblings[at+1].Start)
	}
	return before, behind, left
}

// continues says whether the last line of b goes on in the next.
func continues(b []byte) bool {
	return strings.HasSuffix(strings.TrimRight(strings.TrimSuffix(string(tailOf(b)), "\n"), whiteSpace), `\`)
}

// tailOf is the last line, with its end.
func tailOf(b []byte) []byte {
	return b[bytes.LastIndexByte(b[:max(0, len(b)-1)], '\n')+1:]
}

// settle checks edits as settled does, and that no filter or branch of a condition
// is left without a statement, which is no syntax of rsyslog's.
func (s *rsyslogSet) settle(edits []Edit, p listPlan) ([]Edit, error) {
	if _, err := settled(s.lens, s.files, s.q, edits, p); err != nil {
		return nil, err
	}
	after, err := edited(s.lens, s.files, edits)
	if err != nil {
		return nil, err
	}
	steps, err := rsyslogStepsOf(after)
	if err != nil {
		return nil, err
	}
	for _, st := range steps.all {
		switch st.n.Name {
		case "filter", "then", "else":
			if !slices.ContainsFunc(st.n.Children, func(c *Node) bool { return !strings.HasPrefix(c.Name, "$") }) {
				return nil, cannotWrite(st.f.Name, st.n.Line, "no statement would be left in it")
			}
		}
	}
	return edits, nil
}
