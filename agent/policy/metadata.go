package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"stigwatch/agent/finding"
)

// meta is the custom part of a rule's METADATA.
type meta struct {
	Rule              string             `json:"rule"`
	StigID            string             `json:"stig_id"`
	Benchmark         string             `json:"benchmark"`
	Severity          finding.Severity   `json:"severity"`
	SRG               string             `json:"srg"`
	CCIs              []string           `json:"ccis"`
	Requires          []string           `json:"requires"`
	OffBox            []finding.Question `json:"off_box"`
	Corroborates      []string           `json:"corroborates"`
	Applied           map[string]string  `json:"applied"`
	AbsentOK          []string           `json:"absent_ok"`
	NotApplicableWhen string             `json:"not_applicable_when"`
	MissingOK         map[string]string  `json:"missing_ok"`
	SiteOptional      []string           `json:"site_optional"`
	GUI               string             `json:"gui"`
	CLI               string             `json:"cli"`
	Remark            string             `json:"remark"`
}

// describe makes the 58 rules: the catalogue's list, the latest release's ids,
// and for each rule with a policy its METADATA, checked against what the
// compiled policy reads.
func (e *Engine) describe(tree fs.FS, c *ast.Compiler) error {
	releases, err := Releases(tree)
	if err != nil {
		return err
	}
	official, err := ids(releases, latestRelease)
	if err != nil {
		return err
	}
	e.Rules, e.queries, e.readers = map[string]*finding.Rule{}, map[string]*queries{}, map[string][]string{}
	for _, entry := range catalogue() {
		o := official[entry.id]
		e.Rules[entry.id] = &finding.Rule{
			ID: entry.id, StigID: o.StigID, Benchmark: entry.benchmark, Severity: finding.Severity(o.Severity),
			SRG: o.SRG, CCIs: o.CCIs,
		}
		e.Order = append(e.Order, entry.id)
	}
	slices.Sort(e.Order)
	return e.describePolicies(c)
}

func (e *Engine) describePolicies(c *ast.Compiler) error {
	for _, m := range c.Modules {
		if !strings.HasPrefix(m.Package.Path.String(), "data.stig.") {
			continue
		}
		if err := e.describePolicy(c, m); err != nil {
			return fmt.Errorf("cannot load %q: %w", m.Package.Location.File, err)
		}
	}
	return nil
}

func (e *Engine) describePolicy(c *ast.Compiler, m *ast.Module) error {
	title, md, err := metadata(c, m)
	if err != nil {
		return err
	}
	rule, ok := e.Rules[md.Rule]
	if !ok {
		return fmt.Errorf("rule %q is not in the catalogue", md.Rule)
	}
	if want := packageRef(rule).String(); m.Package.Path.String() != want {
		return fmt.Errorf("package is %s, must be %s", m.Package.Path, want)
	}
	if md.StigID != rule.StigID || md.Severity != rule.Severity || md.Benchmark != rule.Benchmark || md.SRG != rule.SRG {
		return fmt.Errorf("METADATA does not agree with the catalog: %s %s %s %s, must be %s %s %s %s",
			md.StigID, md.Severity, md.Benchmark, md.SRG, rule.StigID, rule.Severity, rule.Benchmark, rule.SRG)
	}
	if title == "" || md.GUI == "" && md.CLI == "" {
		return fmt.Errorf("METADATA needs a title, and a gui path or a cli line that fixes it")
	}
	rule.HasPolicy, rule.Title = true, title
	rule.Requires, rule.OffBox, rule.Corroborates = md.Requires, md.OffBox, md.Corroborates
	rule.AbsentOK, rule.MissingOK, rule.SiteOptional = md.AbsentOK, md.MissingOK, md.SiteOptional
	rule.NotApplicableWhen, rule.Applied = md.NotApplicableWhen, md.Applied
	rule.GUI, rule.CLI, rule.Remark = md.GUI, md.CLI, md.Remark
	return e.deriveNeeds(c, rule, m.Package.Location.File)
}

func metadata(c *ast.Compiler, m *ast.Module) (title string, md meta, err error) {
	a := c.GetAnnotationSet().GetPackageScope(m.Package)
	if a == nil {
		return "", md, fmt.Errorf("the package has no METADATA with scope: package")
	}
	b, err := json.Marshal(a.Custom)
	if err != nil {
		return "", md, fmt.Errorf("cannot read METADATA: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&md); err != nil {
		return "", md, fmt.Errorf("cannot read METADATA: %w", err)
	}
	return a.Title, md, nil
}

// packageRef is where a rule's policy must live: data.stig.ndm.v250989.
func packageRef(r *finding.Rule) ast.Ref {
	name := strings.ToLower(strings.Replace(r.ID, "V-", "v", 1))
	return ast.DefaultRootRef.Append(ast.StringTerm("stig")).Append(ast.StringTerm(r.Benchmark)).Append(ast.StringTerm(name))
}
