package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"stigwatch/agent/finding"
)

// needs is what a document of a policy reads, through helpers too.
type needs struct {
	facts map[string]bool
	site  map[string]bool
	files map[string]bool // in which it is written
}

func newNeeds() *needs {
	return &needs{facts: map[string]bool{}, site: map[string]bool{}, files: map[string]bool{}}
}

// deriveNeeds finds what the rule reads and demands that its METADATA says the
// same: violations read exactly requires and corroborates.
func (e *Engine) deriveNeeds(c *ast.Compiler, rule *finding.Rule, file string) error {
	violations, err := e.reads(c, rule, "violations")
	if err != nil {
		return err
	}
	switch {
	case violations != nil:
	case len(rule.Requires)+len(rule.Corroborates) > 0 || len(rule.OffBox) == 0:
		return fmt.Errorf("the policy has no violations")
	default: // only people can answer it
		violations = newNeeds()
	}
	if err := errors.Join(e.checkQuestions(rule), checkApplied(rule)); err != nil {
		return err
	}
	if err := sameFacts(violations.facts, rule); err != nil {
		return err
	}
	q := &queries{}
	e.queries[rule.ID] = q
	for key := range violations.site {
		if !slices.Contains(rule.SiteOptional, key) {
			rule.Site = append(rule.Site, key)
		}
	}
	slices.Sort(rule.Site)
	all, files := violations.facts, violations.files
	files[file] = true
	for _, name := range []string{"not_applicable", "remarks"} {
		n, err := e.reads(c, rule, name)
		if err != nil || n == nil {
			if err != nil {
				return err
			}
			continue
		}
		if name == "not_applicable" {
			if len(n.facts)+len(n.site) == 0 {
				return fmt.Errorf("not_applicable reads neither a fact nor a site value: nothing proves it")
			}
			q.naFacts = sorted(n.facts)
		}
		maps.Copy(all, n.facts)
		maps.Copy(files, n.files)
	}
	remedy, err := e.reads(c, rule, "remediation")
	if err != nil {
		return err
	}
	if remedy != nil {
		q.remedyReads, rule.RemedySite = sorted(remedy.facts), sorted(remedy.site)
	}
	rule.Digest = e.digestOf(files)
	q.reads = sorted(all)
	for _, f := range q.reads {
		e.readers[f] = append(e.readers[f], rule.ID)
	}
	return nil
}

// digestOf is one digest of several policy files.
func (e *Engine) digestOf(files map[string]bool) string {
	h := sha256.New()
	for _, name := range sorted(files) {
		sum := e.sums[name]
		fmt.Fprintf(h, "%s %x\n", name, sum)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// checkApplied demands of both facts of a pair that the rule judges them.
func checkApplied(rule *finding.Rule) error {
	for applied, saved := range rule.Applied {
		for _, name := range []string{applied, saved} {
			if !slices.Contains(rule.Requires, name) && !slices.Contains(rule.Corroborates, name) {
				return fmt.Errorf("METADATA applied names %q, which is neither required nor corroborating", name)
			}
		}
	}
	return nil
}

// checkQuestions demands of each question a name that no fact has.
func (e *Engine) checkQuestions(rule *finding.Rule) error {
	for i, q := range rule.OffBox {
		if q.Fact == "" || q.Ask == "" {
			return fmt.Errorf("METADATA off_box: a question needs fact and ask")
		}
		if _, readable := e.Schema[q.Fact]; readable {
			return fmt.Errorf("METADATA off_box: %q can be read on the box: it belongs to requires", q.Fact)
		}
		if slices.ContainsFunc(rule.OffBox[:i], func(o finding.Question) bool { return o.Fact == q.Fact }) {
			return fmt.Errorf("METADATA off_box names %q twice", q.Fact)
		}
	}
	return nil
}

func sameFacts(read map[string]bool, rule *finding.Rule) error {
	declared := map[string]bool{}
	for _, f := range slices.Concat(rule.Requires, rule.Corroborates) {
		if declared[f] {
			return fmt.Errorf("METADATA names fact %q twice", f)
		}
		declared[f] = true
		if !read[f] {
			return fmt.Errorf("METADATA names fact %q, which violations do not read", f)
		}
	}
	for f := range read {
		if !declared[f] {
			return fmt.Errorf("violations read fact %q, which METADATA does not name", f)
		}
	}
	return nil
}

// reads walks the rules that a document is made of, along the compiler's
// dependency graph, and collects the facts and site values that they name. Nil
// when the policy does not define the document.
func (e *Engine) reads(c *ast.Compiler, rule *finding.Rule, document string) (*needs, error) {
	start := c.GetRulesExact(packageRef(rule).Append(ast.StringTerm(document)))
	if len(start) == 0 {
		return nil, nil
	}
	n := newNeeds()
	seen := map[*ast.Rule]bool{}
	var fault error
	var visit func(r *ast.Rule)
	visit = func(r *ast.Rule) {
		if seen[r] {
			return
		}
		seen[r] = true
		n.files[r.Location.File] = true
		ast.WalkRefs(r, func(ref ast.Ref) bool {
			if err := e.note(n, ref); err != nil && fault == nil {
				fault = fmt.Errorf("line %d: %w", r.Location.Row, err)
			}
			return false
		})
		for dep := range c.Graph.Dependencies(r) {
			if d, ok := dep.(*ast.Rule); ok {
				visit(d)
			}
		}
	}
	for _, r := range start {
		visit(r)
	}
	return n, fault
}

// note records one reference, or says why a rule may not hold it.
func (e *Engine) note(n *needs, ref ast.Ref) error {
	path := constant(ref)
	switch {
	case ref.HasPrefix(ast.InputRootRef):
		fact := e.factOf(path[1:])
		if fact == "" {
			return fmt.Errorf("%s names no fact: write the path out to the fact", ref)
		}
		n.facts[fact] = true
	case len(path) > 1 && path[0] == "data" && path[1] == "site":
		if len(path) < 3 {
			return fmt.Errorf("%s names no site value: write the path out", ref)
		}
		n.site[path[2]] = true
	}
	return nil
}

// constant gives the leading constant words of a reference.
func constant(ref ast.Ref) []string {
	var words []string
	for i, t := range ref.ConstantPrefix() {
		switch v := t.Value.(type) {
		case ast.Var:
			if i == 0 {
				words = append(words, string(v))
			}
		case ast.String:
			words = append(words, string(v))
		}
	}
	return words
}

// factOf gives the fact that a path below input reaches, or "".
func (e *Engine) factOf(path []string) string {
	for i := 1; i <= len(path); i++ {
		name := strings.Join(path[:i], ".")
		if _, ok := e.Schema[name]; ok {
			return name
		}
	}
	return ""
}

// Affected gives the rules whose result a change of these facts can change, in
// order.
func (e *Engine) Affected(facts []string) []string {
	hit := map[string]bool{}
	for _, f := range facts {
		for _, id := range e.readers[f] {
			hit[id] = true
		}
	}
	return sorted(hit)
}

func sorted(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
