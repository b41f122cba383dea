package stig

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxListed is how many rules a refusal names.
const maxListed = 20

// Known is one benchmark in one release as the catalogue has it.
type Known struct {
	Benchmark string // "ndm"
	Release   string
	Rules     []Rule
}

// What can differ between two releases.
const (
	New      = "new"
	Gone     = "gone"
	Severity = "severity"
	CCIs     = "ccis"
	StigID   = "stig_id"
	SRG      = "srg"
	Revision = "revision" // of the rule's text: the last number of its id
)

// Change is one difference, of one rule.
type Change struct {
	Rule string `json:"rule"`
	What string `json:"what"`
	From string `json:"from"`
	To   string `json:"to"`
}

// Comparison is what a benchmark is beside the catalogue.
type Comparison struct {
	Benchmark string   `json:"benchmark"`
	Known     bool     `json:"known"`   // the catalogue has this very release
	Strays    []Change `json:"strays"`  // if so, what it has otherwise: none for the official file
	Newest    string   `json:"newest"`  // the newest release of this benchmark that the catalogue has
	Changes   []Change `json:"changes"` // from that one to this one
}

// UnknownRules says that a benchmark has rules that no known release has.
type UnknownRules struct {
	IDs []string
	All bool // it has no other
}

func (u *UnknownRules) Error() string {
	names := u.IDs[:min(len(u.IDs), maxListed)]
	list := strings.Join(names, ", ")
	if more := len(u.IDs) - len(names); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	if u.All {
		return "none of its rules is known here, is it another product's? It has " + list
	}
	return "these of its rules are not known here, a newer stigwatch may know them: " + list
}

// Compare finds which benchmark this is, by its rules, since a document's id does
// not stay the same, and what changed. Rules that nobody knows are refused.
func Compare(known []Known, b *Benchmark) (*Comparison, error) {
	name, err := nameOf(known, b)
	if err != nil {
		return nil, err
	}
	c := &Comparison{Benchmark: name, Strays: []Change{}}
	var newest *Known
	for i := range known {
		k := &known[i]
		if k.Benchmark != name {
			continue
		}
		if newest == nil || CompareReleases(k.Release, newest.Release) > 0 {
			newest = k
		}
		if k.Release == b.Release {
			c.Known, c.Strays = true, changes(k.Rules, b.Rules)
		}
	}
	c.Newest, c.Changes = newest.Release, changes(newest.Rules, b.Rules)
	return c, nil
}

func nameOf(known []Known, b *Benchmark) (string, error) {
	of := map[string]string{} // rule → benchmark
	for _, k := range known {
		for i := range k.Rules {
			of[k.Rules[i].Rule] = k.Benchmark
		}
	}
	var unknown, names []string
	for i := range b.Rules {
		if name, ok := of[b.Rules[i].Rule]; ok {
			names = append(names, name)
		} else {
			unknown = append(unknown, b.Rules[i].Rule)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	switch {
	case len(unknown) > 0:
		slices.Sort(unknown)
		return "", &UnknownRules{IDs: unknown, All: len(names) == 0}
	case len(names) != 1:
		return "", fmt.Errorf("it has rules of %d benchmarks (%s), and those of one were expected", len(names), strings.Join(names, ", "))
	}
	return names[0], nil
}

// changes gives what is not the same, by rule.
func changes(was, is []Rule) []Change {
	before, now := byRule(was), byRule(is)
	out := []Change{}
	for id, r := range now {
		if old, ok := before[id]; ok {
			out = append(out, old.changes(r)...)
		} else {
			out = append(out, Change{id, New, "", r.RuleID})
		}
	}
	for id, r := range before {
		if now[id] == nil {
			out = append(out, Change{id, Gone, r.RuleID, ""})
		}
	}
	slices.SortStableFunc(out, func(a, b Change) int { return cmp.Compare(a.Rule, b.Rule) })
	return out
}

func (r *Rule) changes(now *Rule) []Change {
	var out []Change
	for _, c := range []Change{
		{r.Rule, Severity, string(r.Severity), string(now.Severity)},
		{r.Rule, CCIs, strings.Join(r.CCIs, " "), strings.Join(now.CCIs, " ")},
		{r.Rule, StigID, r.StigID, now.StigID},
		{r.Rule, SRG, r.SRG, now.SRG},
		{r.Rule, Revision, r.RuleID, now.RuleID},
	} {
		if c.From != c.To {
			out = append(out, c)
		}
	}
	return out
}

func byRule(rules []Rule) map[string]*Rule {
	out := map[string]*Rule{}
	for i := range rules {
		out[rules[i].Rule] = &rules[i]
	}
	return out
}
