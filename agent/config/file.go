package config

import (
	"cmp"
	"path/filepath"

	"stigwatch/agent/alert"
)

// file is stigwatch.yaml as it is written.
type file struct {
	Root         string         `key:"root"`
	Site         string         `key:"site"`
	Mappings     []string       `key:"mappings"`
	Waivers      string         `key:"waivers"`
	Attestations string         `key:"attestations"`
	Policies     string         `key:"policies"`
	Evidence     string         `key:"evidence"`
	Probe        *bool          `key:"probe"`
	StateDir     string         `key:"state_dir"`
	RuntimeDir   string         `key:"runtime_dir"`
	SelfTest     string         `key:"selftest"`
	Sinks        []alert.Config `key:"sinks"`
	Enforce      enforceFile    `key:"enforce"`
	Who          whoFile        `key:"who"`
}

// fill makes the configuration of what the flags say, the file says, and the
// defaults, in the order of weight.
func (f *file) fill(path string, over Overrides) *Config {
	dir := filepath.Dir(path)
	in := func(path, otherwise string) string { return within(dir, cmp.Or(path, otherwise)) }
	cfg := &Config{
		Path:         path,
		Root:         cmp.Or(absolute(over.Root), in(f.Root, "/")),
		SitePath:     in(f.Site, "site.yaml"),
		Waivers:      in(f.Waivers, "waivers.yaml"),
		Attestations: in(f.Attestations, "attestations.yaml"),
		Policies:     f.Policies,
		Evidence:     in(f.Evidence, "/var/lib/stigwatch/evidence"),
		Probe:        f.Probe == nil || *f.Probe,
		StateDir:     cmp.Or(absolute(over.StateDir), in(f.StateDir, "/var/lib/stigwatch")),
		RuntimeDir:   cmp.Or(absolute(over.RuntimeDir), in(f.RuntimeDir, "/run/stigwatch")),
		SelfTest:     selfTestEvery(f.SelfTest),
		Sinks:        f.Sinks,
	}
	cfg.Socket = cmp.Or(absolute(over.Socket), filepath.Join(cfg.RuntimeDir, "stigwatch.sock"))
	cfg.siteNamed = cfg.SitePath != within(dir, "site.yaml")
	if f.Mappings == nil {
		f.Mappings = []string{"mapping.d"}
	}
	for _, m := range f.Mappings {
		cfg.MappingDirs = append(cfg.MappingDirs, within(dir, m))
	}
	for i := range cfg.Sinks {
		cfg.Sinks[i].Fill()
	}
	cfg.Who = f.Who.fill(dir)
	cfg.Enforce = f.Enforce.fill(dir, cfg)
	return cfg
}

// within makes a path of a file absolute; it is relative to the file's folder.
func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// absolute makes a path of a flag absolute; no path stays none.
func absolute(path string) string {
	if path == "" {
		return ""
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path // the working folder is gone
}
