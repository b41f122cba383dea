package waive

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"stigwatch/agent/finding"
	"stigwatch/agent/strict"
)

// CanonicalEvidence is the digest of what a result fails on: of each offending
// item the fact, file, expected and actual value, and what is wrong. Not where
// in the file it stands, what else the file holds, or when it was read: those
// change without a change of the deviation. It is empty when nothing offends,
// so that no waiver can hold for that.
func CanonicalEvidence(r finding.Result) string {
	var items []string
	for i := range r.Evidence {
		if it := &r.Evidence[i]; it.Expected != "" {
			items = append(items, canonical(it))
		}
	}
	if len(items) == 0 {
		return ""
	}
	slices.Sort(items)
	return strict.Digest([]byte(strings.Join(items, "\n")))
}

// canonical writes an item as JSON in one line; encoding/json sorts the keys of
// maps.
func canonical(it *finding.Item) string {
	actual, err := json.Marshal(it.Actual)
	if err != nil { // no fact has such a value
		actual, _ = json.Marshal(fmt.Sprintf("%T %v", it.Actual, it.Actual))
	}
	b, _ := json.Marshal([]any{it.Fact, it.File, it.Expected, json.RawMessage(actual), it.Reason})
	return string(b)
}
