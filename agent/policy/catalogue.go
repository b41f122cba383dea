package policy

import "fmt"

// entry is one rule of the two benchmarks.
type entry struct{ id, benchmark string }

// The two DISA benchmarks for Sentry 9.x number their rules without a gap, the
// same in V1R1, V2R1 and V3R1: 26 NDM rules, then 32 ALG rules.
const (
	firstNDM = 250982
	firstALG = 251008
	lastALG  = 251039
)

// catalogue is all 58 rules. Rego cannot add to this list or take from it: a rule
// that gives no result is notchecked, never forgotten.
func catalogue() []entry {
	var all []entry
	for n := firstNDM; n <= lastALG; n++ {
		benchmark := "ndm"
		if n >= firstALG {
			benchmark = "alg"
		}
		all = append(all, entry{fmt.Sprintf("V-%d", n), benchmark})
	}
	return all
}
