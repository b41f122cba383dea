package lens

import "strings"

const syslogPort = "514"

// rsyslogForward is one action that sends to another machine.
type rsyslogForward struct {
	f        *File
	n        *Node
	hosts    []string
	port     string
	protocol string
	selector string
	reached  bool // a message that nothing discarded before gets there
	run      bool
}

// passed notes one way to the action. A way that is not shadowed beats one
// that is.
func (fw *rsyslogForward) passed(w way) {
	if !fw.run || !fw.reached && !w.shadowed {
		fw.selector = w.selector
	}
	fw.run = true
	fw.reached = fw.reached || !w.shadowed
}

func (fw *rsyslogForward) values() []Value {
	var vs []Value
	for _, host := range fw.hosts {
		fields := map[string]string{
			"host": host, "port": fw.port, "protocol": fw.protocol, "selector": fw.selector, "shadowed": "true",
		}
		if fw.reached {
			fields["shadowed"] = "false"
		}
		v := recordOf(fw.f, fw.n, fields)
		v.Raw = clip(fw.text())
		vs = append(vs, v)
	}
	return vs
}

// text is the action with what stands before it on its line.
func (fw *rsyslogForward) text() string {
	from := fw.n.Start
	for from > 0 && fw.f.raw[from-1] != '\n' && fw.n.Start-from < maxRaw/2 {
		from--
	}
	return strings.TrimLeft(string(fw.f.raw[from:fw.n.End]), whiteSpace)
}

// forwardOf tells whether a statement forwards, and where to.
func forwardOf(f *File, n *Node) *rsyslogForward {
	fw := &rsyslogForward{f: f, n: n, port: syslogPort}
	switch {
	case n.Name == "legacy" && strings.HasPrefix(n.Value, "@"):
		fw.legacy(n.Value)
	case n.Name == "legacy" && strings.HasPrefix(strings.ToLower(n.Value), ":omrelp:"):
		fw.protocol = "relp"
		fw.target(n.Value[len(":omrelp:"):])
	case n.Name == "action" && !isDisabled(n):
		fw.object(n)
	}
	if len(fw.hosts) == 0 {
		return nil
	}
	return fw
}

// legacy reads @host, @@host, with (options) before the host.
func (fw *rsyslogForward) legacy(text string) {
	fw.protocol = "udp"
	text = text[1:]
	if strings.HasPrefix(text, "@") {
		fw.protocol, text = "tcp", text[1:]
	}
	if strings.HasPrefix(text, "(") {
		_, after, ok := strings.Cut(text, ")")
		if !ok {
			return
		}
		text = after
	}
	fw.target(text)
}

// target reads host[:port][;template].
func (fw *rsyslogForward) target(text string) {
	var host, rest string
	if v6, ok := strings.CutPrefix(text, "["); ok {
		host, rest, _ = strings.Cut(v6, "]")
	} else {
		end := strings.IndexAny(text+";", ":;# \t")
		host, rest = text[:end], text[end:]
	}
	if port, ok := strings.CutPrefix(rest, ":"); ok {
		fw.port = port[:len(port)-len(strings.TrimLeft(port, "0123456789"))]
	}
	if host != "" {
		fw.hosts = []string{host}
	}
}

// object reads action(type="omfwd" …).
func (fw *rsyslogForward) object(n *Node) {
	kind, target := param(n, "type"), param(n, "target")
	if kind == nil || target == nil {
		return
	}
	switch strings.ToLower(kind.Value) {
	case "omfwd":
		fw.protocol = "udp"
		if p := param(n, "protocol"); p != nil {
			fw.protocol = strings.ToLower(p.Value)
		}
	case "omrelp":
		fw.protocol = "relp"
	default:
		return
	}
	if p := param(n, "port"); p != nil && p.Value != "" {
		fw.port = p.Value
	}
	if target.Value != "" {
		fw.hosts = []string{target.Value}
	}
	for _, one := range target.Children {
		fw.hosts = append(fw.hosts, one.Value)
	}
}
