package lens

import (
	"slices"
	"strconv"
	"strings"
)

// Set writes forwards. A new one gets the action of one that goes, of which only
// host, port and protocol change, or a line of its own where nothing discards
// before it, for all messages ("*.*") unless the want has a selector. It joins no
// forwards over TLS: nobody is to believe that it is one. A want that does not say
// "shadowed" is for a forward that messages get to.
func (l Rsyslog) Set(files []*File, q Query, want []Want, into *File) ([]Edit, error) {
	if q.Path != "forwards" {
		return nil, unknownPath("rsyslog", q.Path)
	}
	run := newRsyslogRun()
	run.open = map[*Node]bool{}
	if err := run.follow(files); err != nil {
		return nil, err
	}
	p, err := planList(run.found(), inReach(want), "host", "port", "protocol", "selector", "shadowed")
	if err != nil || p.empty() {
		return nil, err
	}
	if err := p.oneOfMany(); err != nil {
		return nil, err
	}
	steps, err := rsyslogStepsOf(files)
	if err != nil {
		return nil, err
	}
	s := rsyslogSet{lens: l, files: files, into: into, q: q, run: run, steps: steps}
	return s.set(p)
}

type rsyslogSet struct {
	lens  Rsyslog
	files []*File
	into  *File
	q     Query
	run   *rsyslogRun
	steps rsyslogSteps
}

func (s *rsyslogSet) set(p listPlan) ([]Edit, error) {
	var left []int // of p.missing
	for i, w := range p.missing {
		if err := checkForward(w.Fields); err != nil {
			return nil, err
		}
		left = append(left, i)
	}
	edits, left, gone := s.swap(p, left)
	if err := s.mayJoin(left, gone); err != nil {
		return nil, err
	}
	if err := s.leavesActions(len(p.missing), len(p.gone)); err != nil {
		return nil, err
	}
	for _, g := range gone {
		e, err := s.steps.taken(g)
		if err != nil {
			return nil, err
		}
		edits = append(edits, e)
	}
	if len(left) == 0 {
		return s.settle(edits, p)
	}
	return s.place(p, edits, left)
}

// inReach says of wants what they leave unsaid.
func inReach(want []Want) []Want {
	var out []Want
	for _, w := range want {
		if w.Fields != nil {
			w.Fields = withDefault(w.Fields, "shadowed", "false")
		}
		out = append(out, w)
	}
	return out
}

func withDefault(fields map[string]string, name, text string) map[string]string {
	out := map[string]string{name: text}
	for name, text := range fields {
		out[name] = text
	}
	return out
}

// mayJoin refuses a new line that would do without what the others have.
func (s *rsyslogSet) mayJoin(left []int, gone []standing) error {
	if len(left) == 0 {
		return nil
	}
	if at, ok := s.steps.encrypts(); ok {
		return cannotWrite(at.f.Name, at.n.Line, "TLS is set up here, and a new forward would go without it")
	}
	for _, g := range gone {
		if what := weight(g.at.n); what != "" {
			return cannotWrite(g.File, g.Line, "a new forward would go without its %q", clip(what))
		}
	}
	return nil
}

// leavesActions keeps one action at least: rsyslogd does not start without any.
func (s *rsyslogSet) leavesActions(more, fewer int) error {
	for _, st := range s.steps.all {
		if isAction(st.n) && !isDisabled(st.n) {
			more++
		}
	}
	if more <= fewer {
		return refuse("no action would be left, and rsyslogd does not start without one")
	}
	return nil
}

// checkForward refuses values that a new forward cannot have.
func checkForward(fields map[string]string) error {
	if err := checkHost(fields["host"]); err != nil {
		return err
	}
	if port, ok := fields["port"]; ok {
		if err := checkPort(port); err != nil {
			return err
		}
	}
	if protocol, ok := fields["protocol"]; ok && protocol != "udp" && protocol != "tcp" && protocol != "relp" {
		return refuse("%q is no protocol of a forward", clip(protocol))
	}
	if fields["shadowed"] != "false" {
		return refuse("a forward that no message reaches is not written")
	}
	return nil
}

// checkPort refuses what is no port.
func checkPort(port string) error {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return refuse("%q is no port", clip(port))
	}
	return nil
}

// checkSelector lets only selectors through that rsyslog.conf(5) has, or none.
func checkSelector(selector string) error {
	if selector == "" {
		return nil
	}
	for part := range strings.SplitSeq(selector, ";") {
		facilities, priority, _ := strings.Cut(part, ".")
		priority = strings.TrimPrefix(strings.TrimPrefix(priority, "!"), "=")
		for facility := range strings.SplitSeq(facilities, ",") {
			if !slices.Contains(facilityNames(), facility) {
				return refuse("%q is no selector that is written", clip(selector))
			}
		}
		if !slices.Contains(priorityNames(), priority) {
			return refuse("%q is no selector that is written", clip(selector))
		}
	}
	return nil
}

func facilityNames() []string {
	return []string{"*", "auth", "authpriv", "cron", "daemon", "ftp", "kern", "lpr", "mail", "news", "syslog", "user", "uucp",
		"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}
}

func priorityNames() []string {
	return []string{"*", "none", "debug", "info", "notice", "warning", "warn", "err", "error", "crit", "alert", "emerg", "panic"}
}
