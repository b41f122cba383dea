package errand

import (
	"cmp"
	"fmt"
	"slices"

	"stigwatch/agent/appliance"
	"stigwatch/agent/config"
	"stigwatch/agent/finding"
	"stigwatch/agent/policy"
	"stigwatch/agent/stig"
	"stigwatch/policies"
)

// ImportedSTIG is one official benchmark that was imported, beside what the
// catalogue knows.
type ImportedSTIG struct {
	stig.Comparison
	Release string `json:"release"`
	Date    string `json:"date"`
	ID      string `json:"id"`
	Title   string `json:"title"`
	Rules   int    `json:"rules"`
	Digest  string `json:"digest"`
	Path    string `json:"path"`
	Written bool   `json:"written"` // false: it was there already, just so
}

// KnownSTIG is one benchmark in one release.
type KnownSTIG struct {
	Benchmark string `json:"benchmark"`
	Release   string `json:"release"`
	Date      string `json:"date"`
	Rules     int    `json:"rules"`
	Known     bool   `json:"known"`    // the catalogue has its ids and numbers
	Imported  bool   `json:"imported"` // the official text is here
	Digest    string `json:"digest"`   // of the imported file
}

// ImportSTIG takes in an official file: an XCCDF document, or a ZIP with several.
// All of them are kept in the state folder or, when one cannot be taken, none.
func ImportSTIG(o appliance.Options, name string, b []byte) ([]ImportedSTIG, error) {
	cfg, err := config.Load(o.ConfigPath, o.Over)
	if err != nil {
		return nil, err
	}
	known, err := knownSTIGs()
	if err != nil {
		return nil, err
	}
	benchmarks, err := stig.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("cannot import %q: %w", name, err)
	}
	out, err := compared(known, benchmarks)
	if err != nil {
		return nil, fmt.Errorf("cannot import %q: %w", name, err)
	}
	for i, one := range benchmarks {
		if out[i].Path, out[i].Written, err = stig.Keep(cfg.StateDir, one); err != nil {
			return nil, fmt.Errorf("cannot keep the benchmark of %q: %w", name, err)
		}
	}
	return out, nil
}

// compared names the benchmarks as the catalogue does.
func compared(known []stig.Known, benchmarks []*stig.Benchmark) ([]ImportedSTIG, error) {
	var out []ImportedSTIG
	for _, b := range benchmarks {
		c, err := stig.Compare(known, b)
		if err != nil {
			return nil, fmt.Errorf("%q %s: %w", b.ID, b.Release, err)
		}
		if slices.ContainsFunc(out, func(s ImportedSTIG) bool { return s.Benchmark == c.Benchmark && s.Release == b.Release }) {
			return nil, fmt.Errorf("%q %s stands in it twice", b.ID, b.Release)
		}
		b.Name = c.Benchmark
		out = append(out, ImportedSTIG{Comparison: *c, Release: b.Release, Date: b.Date, ID: b.ID, Title: b.Title, Rules: len(b.Rules), Digest: b.Digest})
	}
	return out, nil
}

// STIGs lists the releases that are known and those that were imported, newest
// first. Its error lists imported files that cannot be read; the others come
// with it.
func STIGs(o appliance.Options) ([]KnownSTIG, error) {
	cfg, err := config.Load(o.ConfigPath, o.Over)
	if err != nil {
		return nil, err
	}
	releases, err := policy.Releases(policies.FS)
	if err != nil {
		return nil, err
	}
	var out []KnownSTIG
	for _, r := range releases {
		for name, b := range r.Benchmarks {
			out = append(out, KnownSTIG{Benchmark: name, Release: r.Name, Date: b.Date, Rules: len(b.Rules), Known: true})
		}
	}
	imported, wrong := stig.Load(cfg.StateDir)
	for _, b := range imported {
		i := slices.IndexFunc(out, func(k KnownSTIG) bool { return k.Benchmark == b.Name && k.Release == b.Release })
		if i < 0 {
			i = len(out)
			out = append(out, KnownSTIG{Benchmark: b.Name, Release: b.Release, Date: b.Date, Rules: len(b.Rules)})
		}
		out[i].Imported, out[i].Digest = true, b.Digest
	}
	slices.SortFunc(out, func(a, b KnownSTIG) int {
		return cmp.Or(stig.CompareReleases(b.Release, a.Release), cmp.Compare(b.Benchmark, a.Benchmark))
	})
	return out, wrong
}

// knownSTIGs is the catalogue in the words of package stig.
func knownSTIGs() ([]stig.Known, error) {
	releases, err := policy.Releases(policies.FS)
	if err != nil {
		return nil, err
	}
	var out []stig.Known
	for _, r := range releases {
		for name, b := range r.Benchmarks {
			k := stig.Known{Benchmark: name, Release: r.Name}
			for _, rule := range b.Rules {
				k.Rules = append(k.Rules, stig.Rule{Rule: rule.Rule, RuleID: rule.RuleID, StigID: rule.StigID,
					Severity: finding.Severity(rule.Severity), SRG: rule.SRG, CCIs: rule.CCIs})
			}
			out = append(out, k)
		}
	}
	return out, nil
}
