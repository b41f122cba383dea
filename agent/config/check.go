package config

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"stigwatch/agent/alert"
	"stigwatch/agent/strict"
)

// maxSocketPath is what a unix socket's address holds, less the final NUL: unix(7).
const maxSocketPath = 107

var ruleForm = regexp.MustCompile(`^V-\d{6}$`)

// check looks for what the types alone do not show.
func (c *Config) check(d *strict.Doc) {
	if c.Policies != "" {
		d.Wrong("policies", `signed policy bundles come with a later release: leave it "", which is the embedded policies`)
	}
	c.checkSocket(d)
	for i := range c.Sinks {
		checkSink(d, item("sinks", i), &c.Sinks[i], c.Sinks[:i])
	}
}

// checkSink asks the sink's own type what it takes.
func checkSink(d *strict.Doc, key string, s *alert.Config, before []alert.Config) {
	if s.Name != "" && slices.ContainsFunc(before, func(b alert.Config) bool { return b.Name == s.Name }) {
		d.Wrong(key+".name", "another sink is named %q already: choose another name", s.Name)
	}
	s.Check(
		func(name string) bool { return d.Has(key + "." + name) },
		func(name, format string, args ...any) { d.Wrong(key+"."+name, format, args...) },
	)
}

// checkPaths refuses paths that are set and empty.
func (f *file) checkPaths(d *strict.Doc) {
	paths := map[string]string{
		"root": f.Root, "site": f.Site, "waivers": f.Waivers, "attestations": f.Attestations,
		"evidence": f.Evidence, "state_dir": f.StateDir, "runtime_dir": f.RuntimeDir,
	}
	for i, path := range f.Mappings {
		paths[item("mappings", i)] = path
	}
	for _, key := range slices.Sorted(maps.Keys(paths)) {
		if paths[key] == "" && d.Has(key) {
			d.Wrong(key, "the path is empty: write one, or remove it to get the default")
		}
	}
}

func (c *Config) checkSocket(d *strict.Doc) {
	if len(c.Socket) <= maxSocketPath {
		return
	}
	key := "runtime_dir"
	if c.Socket != filepath.Join(c.RuntimeDir, "stigwatch.sock") {
		key = "socket"
	}
	d.Wrong(key, "the path of the socket, %q, has %d bytes, and a unix socket takes at most %d: choose a shorter folder",
		c.Socket, len(c.Socket), maxSocketPath)
}

// checkDisk looks at the files that the configuration names. One at its default
// place need not be there; whoever names another means one that is.
func (c *Config) checkDisk(d *strict.Doc) {
	dir := filepath.Dir(c.Path)
	for i, path := range c.MappingDirs {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && path == within(dir, "mapping.d"):
		case err != nil:
			d.Wrong(item("mappings", i), "%q: %s", path, strict.Cannot("read", err))
		case !info.IsDir():
			d.Wrong(item("mappings", i), "%q is not a folder: name the folder that holds the mappings", path)
		}
	}
	checkNamed(d, "waivers", c.Waivers, within(dir, "waivers.yaml"))
	checkNamed(d, "attestations", c.Attestations, within(dir, "attestations.yaml"))
}

// checkNamed demands that a file is there that is not at its default place.
func checkNamed(d *strict.Doc, key, path, otherwise string) {
	if _, err := os.Stat(path); err != nil && path != otherwise {
		d.Wrong(key, "%q: %s", path, strict.Cannot("read", err))
	}
}
