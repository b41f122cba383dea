package policy

import (
	"reflect"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"stigwatch/agent/finding"
)

// input is the Rego input, kept from one snapshot to the next: a fact whose value
// did not change keeps its term, and only the objects above one that did are made
// anew. Terms that were handed out are never changed.
type input struct {
	facts map[string]*finding.Fact
	clock uint64            // grows with each change that Rego sees
	since map[string]uint64 // fact → the clock when it last changed
	root  *node
	paths map[string][]*node // fact → the nodes from below the root to its own
}

// node is one name of the input: a fact, or an object of further names.
type node struct {
	key      *ast.Term
	children []*node
	term     *ast.Term // nil: Rego must not see it
	stale    bool
}

func newInput() *input {
	return &input{
		facts: map[string]*finding.Fact{}, since: map[string]uint64{}, paths: map[string][]*node{},
		root: &node{term: ast.NewTerm(ast.NewObject())},
	}
}

// set takes one fact in; nil when there is none of that name.
func (in *input) set(name string, f *finding.Fact) {
	was := in.facts[name]
	if was == f || f == nil {
		return
	}
	in.facts[name] = f
	if was == nil || !sameToRego(was, f) {
		in.put(name, f)
	}
}

// term is the input for what was set.
func (in *input) term() *ast.Term {
	in.root.rebuild()
	return in.root.term
}

// sameToRego tells whether Rego sees no difference between two facts.
func sameToRego(a, b *finding.Fact) bool {
	if visible(a) != visible(b) {
		return false
	}
	switch a.Value.(type) {
	case int64, bool, string, nil:
		return a.Value == b.Value
	}
	return reflect.DeepEqual(a.Value, b.Value)
}

// visible: only known facts reach Rego, and absent ones as null.
func visible(f *finding.Fact) bool { return f.State == finding.Known || f.State == finding.Absent }

// changed tells whether Rego sees one of these facts otherwise than at a time of
// the clock.
func (in *input) changed(names []string, at uint64) bool {
	return slices.ContainsFunc(names, func(name string) bool { return in.since[name] > at })
}

func (in *input) put(name string, f *finding.Fact) {
	in.clock++
	in.since[name] = in.clock
	path := in.path(name)
	leaf := path[len(path)-1]
	leaf.term = nil
	if visible(f) {
		leaf.term = ast.NewTerm(value(f.Value))
	}
	in.root.stale = true
	for _, n := range path[:len(path)-1] {
		n.stale = true
	}
}

// path gives the nodes of a fact, made when they are not there.
func (in *input) path(name string) []*node {
	if path, ok := in.paths[name]; ok {
		return path
	}
	var path []*node
	at := in.root
	for _, word := range strings.Split(name, ".") {
		at = at.child(word)
		path = append(path, at)
	}
	in.paths[name] = path
	return path
}

func (n *node) child(word string) *node {
	key := ast.StringTerm(word)
	for _, c := range n.children {
		if c.key.Equal(key) {
			return c
		}
	}
	c := &node{key: key}
	n.children = append(n.children, c)
	return c
}

// rebuild makes the stale objects anew.
func (n *node) rebuild() {
	if !n.stale {
		return
	}
	n.stale = false
	pairs := make([][2]*ast.Term, 0, len(n.children))
	for _, c := range n.children {
		c.rebuild()
		if c.term != nil {
			pairs = append(pairs, [2]*ast.Term{c.key, c.term})
		}
	}
	n.term = ast.NewTerm(ast.NewObject(pairs...))
}

// value converts a typed fact value; facts guarantee that it is one of these.
func value(v any) ast.Value {
	switch v := v.(type) {
	case int64:
		return ast.IntNumberTerm(int(v)).Value
	case bool:
		return ast.Boolean(v)
	case string:
		return ast.String(v)
	case []any:
		terms := make([]*ast.Term, len(v))
		for i := range v {
			terms[i] = ast.NewTerm(value(v[i]))
		}
		return ast.NewArray(terms...)
	case map[string]any:
		o := ast.NewObject()
		for k, field := range v {
			o.Insert(ast.StringTerm(k), ast.NewTerm(value(field)))
		}
		return o
	}
	return ast.Null{}
}
