package lens

import (
	"strings"
)

// Rsyslog reads rsyslog.conf in both its languages, mixed as rsyslog mixes
// them.
//
// Path "forwards" gives a record for each action that sends to another
// machine: host, port, protocol (udp, tcp, relp), selector (the text before
// the action, conditions around it included) and shadowed ("true" when the
// messages of the machine itself never get there: an earlier statement
// discards everything, or no input and no call feeds the ruleset).
type Rsyslog struct{}

const rsyslogMain = "rsyslog_defaultruleset"

// Parse reads one file into statements: "filter", "if" with "then" and
// "else", "action" and other objects with their parameters, "legacy" actions,
// "stop", "call", "block", and $directives.
func (Rsyslog) Parse(name string, b []byte) (*Doc, error) {
	text, err := rsyslogText(name, b)
	if err != nil {
		return nil, err
	}
	p := &rsyslogParser{g: newGrow(name, b), rsyslogSource: text}
	if err := p.script(p.g.doc.Root, false); err != nil {
		return nil, err
	}
	return p.g.doc, nil
}

// Includes lists $IncludeConfig and include(file=…).
func (Rsyslog) Includes(doc *Doc) []Include {
	return rsyslogIncludes(doc.Root, nil)
}

func rsyslogIncludes(parent *Node, all []Include) []Include {
	for _, n := range parent.Children {
		all = rsyslogIncludes(n, all)
		switch n.Name {
		case "$includeconfig":
			all = append(all, rsyslogInclude(n, n.Value, false))
		case "include":
			file, mode := param(n, "file"), param(n, "mode")
			if file != nil && !isDisabled(n) {
				all = append(all, rsyslogInclude(n, file.Value, mode != nil && mode.Value == "optional"))
			}
		}
	}
	return all
}

// rsyslogInclude makes a folder's name a glob, and lets a glob match nothing,
// as rsyslog does.
func rsyslogInclude(n *Node, file string, optional bool) Include {
	file = under("/", file)
	if strings.HasSuffix(file, "/") {
		file += "*"
	}
	return Include{Node: n, Pattern: file, Optional: optional || hasGlob(file)}
}

// param gives a parameter of an object. Names know no case.
func param(n *Node, name string) *Node {
	for _, c := range n.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// isDisabled says whether config.enabled turns an object off.
func isDisabled(n *Node) bool {
	enabled := param(n, "config.enabled")
	return enabled != nil && enabled.Value != "on"
}

// Get lists the forwarding actions in the order of the files.
func (Rsyslog) Get(files []*File, q Query) ([]Value, error) {
	if q.Path != "forwards" {
		return nil, unknownPath("rsyslog", q.Path)
	}
	run := newRsyslogRun()
	if err := run.follow(files); err != nil {
		return nil, err
	}
	return valuesOf(run.found()), nil
}
