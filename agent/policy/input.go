package policy

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"stigwatch/agent/finding"
)

// input is the Rego input, built without converting again what did not change:
// the terms of facts and of groups are kept for as long as the fact behind them
// is the same value (snapshots share unchanged facts by pointer).
type input struct {
	facts  map[string]*finding.Fact
	groups map[string]*group
	root   ast.Value
}

type group struct {
	facts map[string]*finding.Fact
	term  *ast.Term
}

func newInput() *input {
	return &input{facts: map[string]*finding.Fact{}, groups: map[string]*group{}, root: ast.NewObject()}
}

// update takes a snapshot in and returns the input for it.
func (in *input) update(snap finding.Snapshot) ast.Value {
	stale := map[string]bool{}
	for name, f := range snap {
		if in.facts[name] == f {
			continue
		}
		in.facts[name] = f
		head, _, _ := strings.Cut(name, ".")
		g := in.groups[head]
		if g == nil {
			g = &group{facts: map[string]*finding.Fact{}}
			in.groups[head] = g
		}
		g.facts[name] = f
		stale[head] = true
	}
	if len(stale) == 0 {
		return in.root
	}
	for head := range stale {
		in.groups[head].rebuild()
	}
	root := ast.NewObject()
	for head, g := range in.groups {
		root.Insert(ast.StringTerm(head), g.term)
	}
	in.root = root
	return root
}

// rebuild makes the group's nested object of the facts that Rego may see: known
// ones, and absent ones as null.
func (g *group) rebuild() {
	tree := ast.NewObject()
	for name, f := range g.facts {
		if f.State != finding.Known && f.State != finding.Absent {
			continue
		}
		words := strings.Split(name, ".")
		at := tree
		for _, w := range words[1 : len(words)-1] {
			key := ast.StringTerm(w)
			child := at.Get(key)
			if child == nil {
				child = ast.NewTerm(ast.NewObject())
				at.Insert(key, child)
			}
			at = child.Value.(ast.Object)
		}
		at.Insert(ast.StringTerm(words[len(words)-1]), ast.NewTerm(value(f.Value)))
	}
	g.term = ast.NewTerm(tree)
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
