package policy

import (
	"context"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/topdown"

	"stigwatch/agent/finding"
)

// maxTrace is how many lines of a trace are given.
const maxTrace = 5000

// Trace evaluates one rule and gives every step that the evaluator took, one a
// line, with the policy's file and line before it.
func (e *Engine) Trace(ctx context.Context, snap finding.Snapshot, id string) ([]string, error) {
	lines := []string{}
	if !e.Rules[id].HasPolicy {
		return lines, nil
	}
	e.see([]string{id}, snap)
	p := e.newPass(ctx)
	defer p.end(ctx)
	if p.err != nil {
		return nil, fmt.Errorf("cannot trace rule %q: %w", id, p.err)
	}
	steps := topdown.NewBufferTracer()
	p.tracer = steps
	p.run(ctx, &judgement{rule: e.Rules[id], snap: snap, site: e.site}) // an error is in the trace too
	var b strings.Builder
	topdown.PrettyTraceWithLocation(&b, *steps)
	mask := strings.NewReplacer(e.personal(snap, id)...)
	for line := range strings.Lines(mask.Replace(b.String())) {
		if len(lines) == maxTrace {
			return append(lines, fmt.Sprintf("… more than %d steps, the rest is left out", maxTrace)), nil
		}
		lines = append(lines, strings.TrimRight(line, "\n"))
	}
	return lines, nil
}

// personal gives, in pairs, what identifies a person in the facts of a rule, and
// what people see of it.
func (e *Engine) personal(snap finding.Snapshot, id string) []string {
	var pairs []string
	for _, name := range e.queries[id].reads {
		f := snap[name]
		if f == nil {
			continue
		}
		list, _ := f.Value.([]any)
		e.Schema[name].Shown(list, func(value string) {
			if value != "" {
				pairs = append(pairs, value, finding.Masked(value))
			}
		})
	}
	return pairs
}
