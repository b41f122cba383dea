package policy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"stigwatch/agent/finding"
)

// ruleTimeout ends a rule that does not end by itself; it is then an error.
const ruleTimeout = 2 * time.Second

// members is the variable that a query binds to the set it asks for.
const members = ast.Var("members")

// violation is one thing that a rule found wrong.
type violation struct {
	fact     string
	item     int // index into the fact's list, -1 for the whole fact
	expected string
	message  string
}

// Evaluate judges rules (all when ids is nil) against a snapshot, in the order
// of ids. A fault in one rule makes that rule an error and stops no other. A rule
// is a function of what it reads: while Rego sees the same, what it found the
// last time is used again, and only the evidence is made anew.
func (e *Engine) Evaluate(ctx context.Context, snap finding.Snapshot, ids []string, now time.Time) []finding.Result {
	if ids == nil {
		ids = e.Order
	}
	e.see(ids, snap)
	var p *pass
	results := make([]finding.Result, 0, len(ids))
	for _, id := range ids {
		j := e.again(id)
		if j == nil {
			j = &judgement{rule: e.Rules[id], site: e.site, seen: e.input.clock}
			if p == nil {
				p = e.newPass(ctx)
				defer p.end(ctx)
			}
			p.run(ctx, j)
			e.last[id] = j
		}
		j.snap, j.answers = snap, e.answers[id]
		results = append(results, j.result(now))
		j.snap = nil // it would keep an old one alive
	}
	return results
}

// see takes in all that these rules read.
func (e *Engine) see(ids []string, snap finding.Snapshot) {
	for _, id := range ids {
		if q := e.queries[id]; q != nil {
			for _, fact := range q.reads {
				e.input.set(fact, snap[fact])
			}
		}
	}
}

// again gives what was found of a rule the last time, if that still holds.
func (e *Engine) again(id string) *judgement {
	j, q := e.last[id], e.queries[id]
	if j == nil || j.err != nil || q != nil && e.input.changed(q.reads, j.seen) {
		return nil
	}
	return j
}

// Forget has the next Evaluate ask Rego of every rule, for whoever measures or
// compares.
func (e *Engine) Forget() { clear(e.last) }

func (j *judgement) result(now time.Time) finding.Result {
	r := j.verdict()
	r.Evaluated = now
	return r
}

// pass is what the rules that are judged together have in common.
type pass struct {
	engine *Engine
	in     *ast.Term
	txn    storage.Transaction
	err    error // there is no transaction

	// shared keeps what a rule was answered by the library, for the rules after it
	// that ask the same. A builtin that fails leaves its caller without a value there
	// and no error, so after any error it begins anew: no rule may pass by the
	// fault of another.
	shared topdown.VirtualCache

	tracer topdown.QueryTracer // nil: nobody wants to know
}

func (e *Engine) newPass(ctx context.Context) *pass {
	p := &pass{engine: e, in: e.input.term(), shared: topdown.NewVirtualCache()}
	p.txn, p.err = e.store.NewTransaction(ctx)
	return p
}

func (p *pass) end(ctx context.Context) {
	if p.err == nil {
		p.engine.store.Abort(ctx, p.txn)
	}
}

func (p *pass) run(ctx context.Context, j *judgement) {
	if !j.rule.HasPolicy {
		return
	}
	if j.err = p.err; j.err != nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			j.err = fmt.Errorf("the policy panicked: %v", v)
		}
		if j.err != nil {
			p.shared = topdown.NewVirtualCache()
		}
	}()
	cancel := topdown.NewCancel()
	defer time.AfterFunc(ruleTimeout, cancel.Cancel).Stop()
	j.err = j.ask(p.engine.queries[j.rule.ID], func(body ast.Body) (ast.Set, error) {
		return p.query(ctx, body, cancel)
	})
}

// ask asks for each set that the rule defines.
func (j *judgement) ask(q *queries, query func(ast.Body) (ast.Set, error)) error {
	if q.violations != nil {
		found, err := query(q.violations)
		if err != nil {
			return err
		}
		for _, m := range found.Slice() {
			v, err := readViolation(j.rule, m)
			if err != nil {
				return err
			}
			j.violations = append(j.violations, v)
		}
	}
	var err error
	if q.notApplicable != nil {
		j.naFacts = q.naFacts
		if j.notApplicable, err = texts(query(q.notApplicable)); err != nil {
			return err
		}
	}
	if q.remarks != nil {
		j.remarks, err = texts(query(q.remarks))
	}
	return err
}

// query runs one compiled query and gives the set that it asks for. It uses the
// evaluator itself: package rego, the library's usual entry, turns each answer
// into JSON values and brings a WebAssembly compiler along.
func (p *pass) query(ctx context.Context, body ast.Body, cancel topdown.Cancel) (ast.Set, error) {
	var answers []ast.Value
	q := topdown.NewQuery(body).WithCompiler(p.engine.compiler).WithStore(p.engine.store).WithTransaction(p.txn).
		WithInput(p.in).WithVirtualCache(p.shared).WithCancel(cancel).WithStrictBuiltinErrors(true).WithMetrics(metrics.NoOp())
	if p.tracer != nil {
		q = q.WithQueryTracer(p.tracer)
	}
	err := q.Iter(ctx, func(qr topdown.QueryResult) error {
		answers = append(answers, qr[members].Value)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(answers) != 1 {
		return nil, fmt.Errorf("the policy gave %d answers, not one", len(answers))
	}
	set, ok := answers[0].(ast.Set)
	if !ok {
		return nil, fmt.Errorf("the policy gave %s, not a set", ast.ValueName(answers[0]))
	}
	return set, nil
}

func texts(set ast.Set, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	var out []string
	for _, m := range set.Slice() {
		s, ok := m.Value.(ast.String)
		if !ok {
			return nil, fmt.Errorf("the policy gave %v, not a text", m)
		}
		out = append(out, string(s))
	}
	return out, nil
}

// readViolation reads one member of violations. A member that does not name a
// fact of the rule is a fault of the policy, not a pass.
func readViolation(rule *finding.Rule, m *ast.Term) (violation, error) {
	o, ok := m.Value.(ast.Object)
	if !ok {
		return violation{}, fmt.Errorf("violation %v is no object", m)
	}
	v := violation{fact: word(o, "fact"), expected: word(o, "expected"), message: word(o, "message"), item: -1}
	if t := o.Get(ast.InternedTerm("item")); t != nil {
		n, _ := t.Value.(ast.Number)
		i, whole := n.Int()
		if !whole || i < 0 {
			return v, fmt.Errorf("violation of %s has item %v", v.fact, t)
		}
		v.item = i
	}
	if !slices.Contains(rule.Requires, v.fact) && !slices.Contains(rule.Corroborates, v.fact) {
		return v, fmt.Errorf("violation %v names no fact of the rule", m)
	}
	if v.expected == "" || v.message == "" {
		return v, fmt.Errorf("violation of %s lacks expected or message", v.fact)
	}
	return v, nil
}

// word gives a text of an object; "" when it has none under that key.
func word(o ast.Object, key string) string {
	t := o.Get(ast.InternedTerm(key))
	if t == nil {
		return ""
	}
	s, _ := t.Value.(ast.String)
	return string(s)
}
