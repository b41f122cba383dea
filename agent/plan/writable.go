package plan

import (
	"stigwatch/agent/finding"
	"stigwatch/agent/permit"
)

// Writable tells a failing result of which each violation is about what may be
// written; whether an edit closes it is for the plan to find out.
func Writable(r *finding.Result) bool {
	ok := r.Outcome == finding.Fail
	for i := range r.Evidence {
		if it := &r.Evidence[i]; it.Expected != "" {
			p, permitted := permit.Of(it.Fact)
			ok = ok && permitted && (p.Covers(it.File) || it.Actual == nil)
		}
	}
	return ok
}
