package policy

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
)

// latestRelease is the benchmark release whose ids a result carries.
const latestRelease = "V3R1"

// Release is what one release of the two benchmarks says of the rules: facts
// only, from the official XCCDF.
type Release struct {
	Name       string               `json:"release"`
	Benchmarks map[string]Benchmark `json:"benchmarks"`
}

// Benchmark is one of the two documents of a release.
type Benchmark struct {
	Date  string        `json:"date"`
	Rules []ReleaseRule `json:"rules"`
}

// ReleaseRule holds a rule's ids in one release.
type ReleaseRule struct {
	Rule     string   `json:"rule"`
	RuleID   string   `json:"rule_id"`
	StigID   string   `json:"stig_id"`
	Severity string   `json:"severity"`
	SRG      string   `json:"srg"`
	CCIs     []string `json:"ccis"`
}

// Releases reads the benchmark releases in the tree's catalog, oldest first.
func Releases(tree fs.FS) ([]Release, error) {
	files, err := fs.Glob(tree, "catalog/v*.json")
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var releases []Release
	for _, file := range files {
		r := Release{}
		if err := readJSON(tree, file, &r); err != nil {
			return nil, err
		}
		releases = append(releases, r)
	}
	return releases, nil
}

func readJSON(tree fs.FS, file string, into any) error {
	b, err := fs.ReadFile(tree, file)
	if err != nil {
		return fmt.Errorf("cannot read %q: %w", path.Base(file), err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("cannot parse %q: %w", file, err)
	}
	return nil
}

// ids gives the rules of one release by V-id.
func ids(releases []Release, name string) (map[string]ReleaseRule, error) {
	for _, r := range releases {
		if r.Name != name {
			continue
		}
		out := map[string]ReleaseRule{}
		for _, b := range r.Benchmarks {
			for _, rule := range b.Rules {
				out[rule.Rule] = rule
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("cannot find release %q in the catalog", name)
}
