package policy

import (
	"context"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"stigwatch/agent/finding"
)

// Remedies asks a rule what would put its violations right in this snapshot. There
// are none where the rule offers none, or where the site values that they are made
// of are not set: see Rule.RemedySite. A remedy that names no fact, or a value of
// another type than the fact's, is a fault of the policy.
func (e *Engine) Remedies(ctx context.Context, snap finding.Snapshot, id string) ([]finding.Remedy, error) {
	q := e.queries[id]
	if q == nil || q.remediation == nil {
		return nil, nil
	}
	for _, fact := range q.remedyReads {
		e.input.set(fact, snap[fact])
	}
	p := e.newPass(ctx)
	defer p.end(ctx)
	if p.err != nil {
		return nil, p.err
	}
	cancel := topdown.NewCancel()
	defer time.AfterFunc(ruleTimeout, cancel.Cancel).Stop()
	set, err := p.query(ctx, q.remediation, cancel)
	if err != nil {
		return nil, fmt.Errorf("cannot ask %s for remedies: %w", id, err)
	}
	var out []finding.Remedy
	for _, m := range set.Slice() {
		r, err := e.readRemedy(id, m)
		if err != nil {
			return nil, fmt.Errorf("cannot use a remedy of %s: %w", id, err)
		}
		out = append(out, r)
	}
	return out, nil
}

func (e *Engine) readRemedy(id string, m *ast.Term) (finding.Remedy, error) {
	o, ok := m.Value.(ast.Object)
	if !ok {
		return finding.Remedy{}, fmt.Errorf("%v is no object", m)
	}
	r := finding.Remedy{Rule: id, Fact: word(o, "fact"), Why: word(o, "why")}
	t, known := e.Schema[r.Fact]
	value := o.Get(ast.InternedTerm("value"))
	if !known || r.Why == "" || value == nil {
		return r, fmt.Errorf("%v lacks a fact that there is, a value, or why", m)
	}
	var err error
	r.Value, err = typedTerm(t, value.Value)
	return r, err
}

// typedTerm gives a value of Rego as a fact of that type has it.
func typedTerm(t finding.FactType, v ast.Value) (any, error) {
	switch t.Kind {
	case finding.Strings, finding.Records:
		list, ok := v.(*ast.Array)
		if !ok {
			return nil, fmt.Errorf("%v is no list", v)
		}
		out := make([]any, 0, list.Len())
		for i := range list.Len() {
			one, err := typedItem(t, list.Elem(i).Value)
			if err != nil {
				return nil, err
			}
			out = append(out, one)
		}
		return out, nil
	case finding.Record:
		return typedRecord(t.Fields, v)
	}
	return typedScalar(t.Kind, v)
}

func typedItem(t finding.FactType, v ast.Value) (any, error) {
	if t.Kind == finding.Records {
		return typedRecord(t.Fields, v)
	}
	return typedScalar(finding.String, v)
}

func typedRecord(fields map[string]finding.Kind, v ast.Value) (any, error) {
	o, ok := v.(ast.Object)
	if !ok {
		return nil, fmt.Errorf("%v is no record", v)
	}
	rec := make(map[string]any, o.Len())
	err := o.Iter(func(k, term *ast.Term) error {
		name, _ := k.Value.(ast.String)
		kind, known := fields[string(name)]
		if !known {
			return fmt.Errorf("the fact's records have no field %v", k)
		}
		field, err := typedScalar(kind, term.Value)
		rec[string(name)] = field
		return err
	})
	return rec, err
}

func typedScalar(kind finding.Kind, v ast.Value) (any, error) {
	switch v := v.(type) {
	case ast.Number:
		if n, ok := v.Int64(); ok && kind == finding.Integer {
			return n, nil
		}
	case ast.Boolean:
		if kind == finding.Boolean {
			return bool(v), nil
		}
	case ast.String:
		if kind == finding.String {
			return string(v), nil
		}
	}
	return nil, fmt.Errorf("%v is no %s", v, kind)
}

// HasSite tells whether the site set a value.
func (e *Engine) HasSite(key string) bool {
	_, set := e.site[key]
	return set
}
