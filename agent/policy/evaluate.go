package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"stigwatch/agent/finding"
)

// ruleTimeout ends a rule that does not end by itself; it is then an error.
const ruleTimeout = 2 * time.Second

// violation is one thing that a rule found wrong.
type violation struct {
	fact     string
	item     int // index into the fact's list, -1 for the whole fact
	expected string
	message  string
}

// Evaluate judges rules (all when ids is nil) against a snapshot, in the order
// of ids. A fault in one rule makes that rule an error and stops no other.
func (e *Engine) Evaluate(ctx context.Context, snap finding.Snapshot, ids []string, now time.Time) []finding.Result {
	if ids == nil {
		ids = e.Order
	}
	in := e.input.update(snap)
	txn, err := e.store.NewTransaction(ctx)
	if err == nil {
		defer e.store.Abort(ctx, txn)
	}
	results := make([]finding.Result, 0, len(ids))
	for _, id := range ids {
		rule := e.Rules[id]
		j := judgement{rule: rule, snap: snap, site: e.site, err: err}
		if rule.HasPolicy && err == nil {
			e.run(ctx, &j, in, txn)
		}
		r := j.verdict()
		r.Evaluated = now
		results = append(results, r)
	}
	return results
}

func (e *Engine) run(ctx context.Context, j *judgement, in ast.Value, txn storage.Transaction) {
	defer func() {
		if p := recover(); p != nil {
			j.err = fmt.Errorf("the policy panicked: %v", p)
		}
	}()
	cancel := topdown.NewCancel()
	defer time.AfterFunc(ruleTimeout, cancel.Cancel).Stop()
	q := e.queries[j.rule.ID]
	run := evaluation{context.WithoutCancel(ctx), in, txn, cancel}
	members, err := run.eval(q.violations)
	if err != nil {
		j.err = err
		return
	}
	for _, m := range members {
		v, err := e.violation(j.rule, m)
		if err != nil {
			j.err = err
			return
		}
		j.violations = append(j.violations, v)
	}
	if q.notApplicable != nil {
		j.naFacts = q.naFacts
		j.notApplicable, j.err = texts(run.eval(q.notApplicable))
	}
	if q.remarks != nil && j.err == nil {
		j.remarks, j.err = texts(run.eval(q.remarks))
	}
}

// evaluation is what the queries of one rule run on. Its context never ends:
// rego starts a goroutine for each query under one that can, and the cancel does
// the same for less.
type evaluation struct {
	ctx    context.Context
	in     ast.Value
	txn    storage.Transaction
	cancel topdown.Cancel
}

// eval runs one prepared query and gives the members of its set.
func (r *evaluation) eval(q *rego.PreparedEvalQuery) ([]any, error) {
	rs, err := q.Eval(r.ctx, rego.EvalParsedInput(r.in), rego.EvalTransaction(r.txn), rego.EvalExternalCancel(r.cancel))
	if err != nil {
		return nil, err
	}
	if len(rs) != 1 || len(rs[0].Expressions) != 1 {
		return nil, fmt.Errorf("the policy gave no set")
	}
	members, ok := rs[0].Expressions[0].Value.([]any)
	if !ok {
		return nil, fmt.Errorf("the policy gave %T, not a set", rs[0].Expressions[0].Value)
	}
	return members, nil
}

func texts(members []any, err error) ([]string, error) {
	var out []string
	for _, m := range members {
		s, ok := m.(string)
		if !ok {
			return nil, fmt.Errorf("the policy gave %v, not a text", m)
		}
		out = append(out, s)
	}
	return out, err
}

// violation reads one member of violations. A member that does not name a fact
// of the rule is a fault of the policy, not a pass.
func (e *Engine) violation(rule *finding.Rule, m any) (violation, error) {
	o, _ := m.(map[string]any)
	v := violation{item: -1}
	v.fact, _ = o["fact"].(string)
	v.expected, _ = o["expected"].(string)
	v.message, _ = o["message"].(string)
	if n, ok := o["item"].(json.Number); ok {
		i, err := n.Int64()
		if err != nil || i < 0 {
			return v, fmt.Errorf("violation of %s has item %s", v.fact, n)
		}
		v.item = int(i)
	}
	if !slices.Contains(rule.Requires, v.fact) && !slices.Contains(rule.Corroborates, v.fact) {
		return v, fmt.Errorf("violation %v names no fact of the rule", m)
	}
	if v.expected == "" || v.message == "" {
		return v, fmt.Errorf("violation of %s lacks expected or message", v.fact)
	}
	return v, nil
}
