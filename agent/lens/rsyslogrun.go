package lens

import (
	"maps"
	"slices"
	"strings"
)

const maxSelector = 512 // bytes of a selector, about

// rsyslogRun follows a message of the machine itself through the rulesets.
type rsyslogRun struct {
	splice
	forwards []*rsyslogForward
	byNode   map[*Node]*rsyslogForward
	rulesets map[string]*rsyslogRuleset
	current  string         // the ruleset that statements at the top level go to
	main     string         // the ruleset of inputs that name none
	open     map[*Node]bool // statements that some message gets to; nil: nobody asks
}

// rsyslogRuleset is the statements of one ruleset, from all files.
type rsyslogRuleset struct {
	body   []statementAt
	prefix string // selector of what stands in it
	fed    bool   // an input names it
	queued bool   // it has a queue, so what it discards goes on elsewhere
	done   [2]bool
	stops  bool
}

type statementAt struct {
	f *File
	n *Node
}

// way is what the messages went through before a statement.
type way struct {
	selector string
	shadowed bool
}

// through adds a filter to the selector, in one line and within limits.
func (w way) through(text string) way {
	if len(w.selector) < maxSelector {
		text = text[:min(len(text), maxSelector)]
		w.selector = strings.Join(strings.Fields(w.selector+" "+text), " ")
	}
	return w
}

func newRsyslogRun() *rsyslogRun {
	return &rsyslogRun{
		byNode:   map[*Node]*rsyslogForward{},
		rulesets: map[string]*rsyslogRuleset{},
		current:  rsyslogMain,
		main:     rsyslogMain,
	}
}

func (r *rsyslogRun) follow(files []*File) error {
	if err := r.load(files); err != nil {
		return err
	}
	return r.all()
}

func (r *rsyslogRun) found() []standing {
	var all []standing
	for _, fw := range r.forwards {
		for _, v := range fw.values() {
			all = append(all, standing{v, statementAt{fw.f, fw.n}})
		}
	}
	return all
}

func (r *rsyslogRun) ruleset(name string) *rsyslogRuleset {
	key := strings.ToLower(name)
	set := r.rulesets[key]
	if set == nil {
		set = &rsyslogRuleset{}
		if key != rsyslogMain {
			set.prefix = `ruleset(name="` + name + `")`
		}
		r.rulesets[key] = set
	}
	return set
}

// load sorts the statements of all files into their rulesets.
func (r *rsyslogRun) load(files []*File) error {
	return r.each(files, func(f *File, n *Node) error {
		switch n.Name {
		case "$includeconfig":
			return r.load(f.Included[n])
		case "include":
			if isDisabled(n) {
				return nil
			}
			return r.load(f.Included[n])
		case "$ruleset":
			r.current = n.Value
		case "$defaultruleset":
			r.main = n.Value
		case "input":
			if bound := param(n, "ruleset"); bound != nil && !isDisabled(n) {
				r.ruleset(bound.Value).fed = true
			}
		case "ruleset":
			return r.define(f, n)
		default:
			if strings.HasSuffix(n.Name, "bindruleset") { // $InputUDPServerBindRuleset and its like
				r.ruleset(n.Value).fed = true
			}
			set := r.ruleset(r.current)
			set.body = append(set.body, statementAt{f, n})
			return r.collect(f, n)
		}
		return nil
	})
}

func (r *rsyslogRun) define(f *File, n *Node) error {
	name, block := param(n, "name"), param(n, "block")
	if name == nil || block == nil || isDisabled(n) {
		return nil
	}
	set := r.ruleset(name.Value)
	set.body = append(set.body, statementAt{f, block})
	queue := param(n, "queue.type")
	set.queued = queue != nil && !strings.EqualFold(queue.Value, "direct")
	return r.collect(f, block)
}

// collect lists the forwarding actions below a statement, in order.
func (r *rsyslogRun) collect(f *File, n *Node) error {
	if fw := forwardOf(f, n); fw != nil && r.byNode[n] == nil {
		r.forwards = append(r.forwards, fw)
		r.byNode[n] = fw
	}
	for _, inc := range f.Included[n] {
		if err := r.nodes(inc, inc.Root.Children, r.collect); err != nil {
			return err
		}
	}
	return r.nodes(f, n.Children, r.collect)
}

// all runs the main ruleset, then those that inputs name, then, as out of
// reach, the rest.
func (r *rsyslogRun) all() error {
	if _, err := r.enter(r.ruleset(r.main), way{}); err != nil {
		return err
	}
	for _, fed := range []bool{true, false} {
		for _, name := range slices.Sorted(maps.Keys(r.rulesets)) {
			set := r.rulesets[name]
			if set.fed != fed {
				continue
			}
			if _, err := r.enter(set, way{shadowed: !fed}); err != nil {
				return err
			}
		}
	}
	return nil
}

// enter runs a ruleset, unless it has been run like that already. A ruleset
// that calls itself counts as one that stops nothing.
func (r *rsyslogRun) enter(set *rsyslogRuleset, w way) (stops bool, err error) {
	done := &set.done[0]
	if w.shadowed {
		done = &set.done[1]
	}
	if *done || len(set.body) == 0 {
		return set.stops, nil
	}
	*done = true
	if r.depth++; r.depth > 4*MaxDepth {
		return false, &SyntaxError{File: set.body[0].f.Name, Line: set.body[0].n.Line, Msg: "rulesets call each other too deep"}
	}
	defer func() { r.depth-- }()
	stops, err = r.run(set.body, way{shadowed: w.shadowed}.through(set.prefix))
	set.stops = stops && !set.queued
	return set.stops, err
}

// run follows statements in order; stops says that no message comes out.
func (r *rsyslogRun) run(body []statementAt, w way) (stops bool, err error) {
	for _, s := range body {
		if r.visits++; r.visits > 4*maxVisits {
			return false, &SyntaxError{File: s.f.Name, Line: s.n.Line, Msg: "rulesets call each other too often"}
		}
		here := w
		here.shadowed = w.shadowed || stops
		discards, err := r.statement(s, here)
		if err != nil {
			return false, err
		}
		stops = stops || discards
	}
	return stops, nil
}

func (r *rsyslogRun) below(s statementAt, w way) (bool, error) {
	body := make([]statementAt, len(s.n.Children))
	for i, n := range s.n.Children {
		body[i] = statementAt{s.f, n}
	}
	return r.run(body, w)
}

// statement runs one statement and says whether it discards every message.
func (r *rsyslogRun) statement(s statementAt, w way) (bool, error) {
	if r.open != nil && !w.shadowed {
		r.open[s.n] = true
	}
	if fw := r.byNode[s.n]; fw != nil {
		fw.passed(w)
		return false, nil
	}
	switch s.n.Name {
	case "stop":
		return true, nil
	case "legacy":
		return strings.HasPrefix(s.n.Value, "~"), nil
	case "call":
		return r.enter(r.ruleset(s.n.Value), w)
	case "block":
		return r.below(s, w)
	case "filter":
		stops, err := r.below(s, w.through(s.n.Value))
		return stops && passesAll(s.n.Value), err
	case "if", "foreach":
		return r.branches(s, w)
	case "include", "$includeconfig":
		return r.included(s, w)
	}
	return false, nil
}

// passesAll says whether a filter lets everything through.
func passesAll(filter string) bool { return filter == "*.*" || strings.EqualFold(filter, "*.debug") }

func (r *rsyslogRun) branches(s statementAt, w way) (bool, error) {
	stops, some := true, 0
	for _, branch := range s.n.Children {
		word := branch.Name
		if s.n.Name == "foreach" {
			word = "do"
		}
		discards, err := r.below(statementAt{s.f, branch}, w.through(s.n.Name+" "+s.n.Value+" "+word))
		if err != nil {
			return false, err
		}
		some++
		if branch.Name == "then" && discards && isTrue(s.n.Value) {
			return true, nil
		}
		stops = stops && discards
	}
	return stops && some == 2, nil
}

// isTrue knows the conditions that are numbers.
func isTrue(condition string) bool {
	number := strings.Trim(condition, "() \t\r\n")
	return strings.Trim(number, "0123456789") == "" && strings.Trim(number, "0") != ""
}

func (r *rsyslogRun) included(s statementAt, w way) (stops bool, err error) {
	if isDisabled(s.n) {
		return false, nil
	}
	for _, inc := range s.f.Included[s.n] {
		here := w
		here.shadowed = w.shadowed || stops
		discards, err := r.below(statementAt{inc, inc.Root}, here)
		if err != nil {
			return false, err
		}
		stops = stops || discards
	}
	return stops, nil
}
