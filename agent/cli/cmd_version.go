package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"stigwatch/agent/api"
	"stigwatch/agent/fips"
	"stigwatch/agent/policy"
	"stigwatch/policies"
)

// about is what `version --json` prints.
type about struct {
	Schema     string      `json:"schema"`
	Version    string      `json:"version"`
	Commit     string      `json:"commit"` // empty: not known
	Date       string      `json:"date"`   // of the commit, RFC 3339; empty: not known
	Go         string      `json:"go"`
	Platform   string      `json:"platform"`
	FIPS       bool        `json:"fips"`
	FIPSMode   fips.Mode   `json:"fips_mode"`   // off, on, only
	FIPSModule string      `json:"fips_module"` // version of the cryptographic module
	Policy     api.Policy  `json:"policy"`
	Benchmarks []benchmark `json:"benchmarks"` // newest first
}

// benchmark is one benchmark in one release.
type benchmark struct {
	Benchmark string `json:"benchmark"`
	Release   string `json:"release"`
	Date      string `json:"date"`
	Rules     int    `json:"rules"`
}

func newVersionCommand(e *env) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Tell version, commit, FIPS mode, policies and benchmark releases",
		Example: "  stigwatch version --json",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := aboutThis()
			if err != nil {
				return err
			}
			return e.showAbout(a, asJSON)
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func aboutThis() (*about, error) {
	engine, err := policy.Load(policy.Options{Tree: policies.FS, Source: "embedded"})
	if err != nil {
		return nil, err
	}
	releases, err := policy.Releases(policies.FS)
	if err != nil {
		return nil, err
	}
	hash, date := commit()
	crypto := fips.Now()
	return &about{
		Schema:     api.Schema,
		Version:    version(),
		Commit:     hash,
		Date:       date,
		Go:         runtime.Version(),
		Platform:   runtime.GOOS + "/" + runtime.GOARCH,
		FIPS:       crypto.Enabled(),
		FIPSMode:   crypto.Mode,
		FIPSModule: crypto.Module,
		Policy:     api.Policy{Digest: engine.Digest, Source: engine.Source},
		Benchmarks: benchmarks(releases),
	}, nil
}

func benchmarks(releases []policy.Release) []benchmark {
	out := []benchmark{}
	for _, r := range slices.Backward(releases) {
		for _, name := range []string{"ndm", "alg"} {
			if b, ok := r.Benchmarks[name]; ok {
				out = append(out, benchmark{Benchmark: name, Release: r.Name, Date: b.Date, Rules: len(b.Rules)})
			}
		}
	}
	return out
}

func (e *env) showAbout(a *about, asJSON bool) error {
	if asJSON {
		return api.Encode(e.stdout, a, true)
	}
	s := newScreen(e.stdout)
	s.line(0, strong, "stigwatch "+a.Version)
	if a.Commit != "" || a.Date != "" {
		s.entry("built from", plain, cmp.Or(a.Commit, "an unnamed commit")+" of "+cmp.Or(a.Date, "an unknown date"))
	}
	s.entry("built with", plain, a.Go+" for "+a.Platform)
	s.entry("FIPS mode", plain, fips.State{Mode: a.FIPSMode, Module: a.FIPSModule}.String())
	s.entry("policies", plain, a.Policy.Source+" "+a.Policy.Digest)
	for _, b := range a.Benchmarks {
		s.entry("benchmark", plain, fmt.Sprintf("%s %s of %s, %d rules", strings.ToUpper(b.Benchmark), b.Release, b.Date, b.Rules))
	}
	return s.flush()
}
