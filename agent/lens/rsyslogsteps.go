package lens

import "strings"

// rsyslogStep is one statement, object or directive, in the order in which
// rsyslog reads them.
type rsyslogStep struct {
	statementAt
	up  int  // the step around it in its file, or -1
	tls bool // a directive before it has legacy forwards over TCP encrypted
}

// maxPeers bounds the directives that are searched for the name of a host.
const maxPeers = 64

type rsyslogSteps struct {
	splice
	all   []rsyslogStep
	of    map[*Node]int
	ends  map[string]int // by file: the step behind its last
	peers []string       // whose certificates legacy forwards ask for
	tls   bool
}

func rsyslogStepsOf(files []*File) (rsyslogSteps, error) {
	s := rsyslogSteps{of: map[*Node]int{}, ends: map[string]int{}}
	err := s.read(files)
	return s, err
}

func (s *rsyslogSteps) read(files []*File) error {
	for _, f := range files {
		if err := s.below(f, f.Root.Children, -1); err != nil {
			return err
		}
		s.ends[f.Name] = len(s.all)
	}
	return nil
}

func (s *rsyslogSteps) below(f *File, nodes []*Node, up int) error {
	return s.nodes(f, nodes, func(f *File, n *Node) error {
		here := len(s.all)
		s.of[n] = here
		s.all = append(s.all, rsyslogStep{statementAt{f, n}, up, s.tls})
		switch n.Name {
		case "$actionsendstreamdrivermode":
			s.tls = trimmed(n.Value) == "1"
		case "$actionsendstreamdriverpermittedpeer":
			s.peers = append(s.peers, n.Value)
		case "include", "$includeconfig":
			return s.read(f.Included[n])
		case "filter", "if", "foreach", "then", "else", "ruleset", "block":
			return s.below(f, n.Children, here)
		}
		return nil
	})
}

// isAction knows what takes the $Action… directives before it for itself.
func isAction(n *Node) bool {
	return n.Name == "action" || n.Name == "legacy" && !strings.HasPrefix(n.Value, "~")
}

// pending gives a directive that stands before step i and is for the next action.
func (s *rsyslogSteps) pending(i int) (statementAt, bool) {
	for i--; i >= 0 && !isAction(s.all[i].n); i-- {
		if forNextAction(s.all[i].n.Name) {
			return s.all[i].statementAt, true
		}
	}
	return statementAt{}, false
}

// forNextAction knows the directives that are for one action only, and takes
// those for such that it does not know.
func forNextAction(directive string) bool {
	switch directive {
	case "$actionfiledefaulttemplate", "$actionforwarddefaulttemplate", "$actionforwarddefaulttemplatename", "$actionfileenablesync":
		return false
	}
	return strings.HasPrefix(directive, "$action")
}

const standby = "action.execonlywhenpreviousissuspended"

// standsBy gives the action at or behind step i, when it waits for the one before
// it to fail.
func (s *rsyslogSteps) standsBy(i int) (statementAt, bool) {
	for ; i < len(s.all); i++ {
		n := s.all[i].n
		waits := param(n, standby)
		if n.Name == "$"+strings.Replace(standby, ".", "", 1) || n.Name == "action" && waits != nil && waits.Value != "off" {
			return s.all[i].statementAt, true
		}
		if isAction(n) {
			break
		}
	}
	return statementAt{}, false
}

// encrypts gives what sets TLS up for what is sent.
func (s *rsyslogSteps) encrypts() (statementAt, bool) {
	for _, st := range s.all {
		n := st.n
		const driver = "defaultnetstreamdriver"
		switch {
		case strings.HasPrefix(n.Name, "$actionsendstreamdriver"),
			strings.HasPrefix(n.Name, "$"+driver) && trimmed(n.Value) != "ptcp",
			n.Name == "global" && hasParam(n, driver) && !isPlainDriver(param(n, driver)),
			n.Name == "action" && (param(n, "tls") != nil || hasParam(n, "streamdriver")):
			return st.statementAt, true
		}
	}
	return statementAt{}, false
}

func isPlainDriver(n *Node) bool { return n != nil && n.Value == "ptcp" }

func hasParam(n *Node, prefix string) bool {
	for _, c := range n.Children {
		if strings.HasPrefix(c.Name, prefix) {
			return true
		}
	}
	return false
}

// encrypted says whether the forward at step i goes over TLS.
func (s *rsyslogSteps) encrypted(i int) bool {
	n := s.all[i].n
	if n.Name == "action" {
		mode, tls := param(n, "streamdrivermode"), param(n, "tls")
		return mode != nil && mode.Value == "1" || tls != nil && strings.EqualFold(tls.Value, "on")
	}
	return s.all[i].tls && strings.HasPrefix(n.Value, "@@")
}

// loads says whether a module is loaded before step end.
func (s *rsyslogSteps) loads(module string, end int) bool {
	for _, st := range s.all[:end] {
		name := ""
		switch load := param(st.n, "load"); {
		case st.n.Name == "module" && load != nil && !isDisabled(st.n):
			name = load.Value
		case st.n.Name == "$modload":
			name, _, _ = strings.Cut(st.n.Value+" ", " ")
		}
		name = name[strings.LastIndexByte(name, '/')+1:]
		if strings.TrimSuffix(name, ".so") == module {
			return true
		}
	}
	return false
}

// weight names a parameter of a forward that a plain one would lack, or "".
func weight(n *Node) string {
	if n.Name == "action" {
		for _, c := range n.Children {
			switch c.Name {
			case "type", "target", "port", "protocol", "name":
			default:
				return c.Name
			}
		}
		return ""
	}
	a, ok := addressOf(n.Value)
	if !ok {
		return n.Value
	}
	if rest := trimmed(n.Value[a.to:]); rest != "" && rest[0] != '#' {
		return rest
	}
	return a.options
}
