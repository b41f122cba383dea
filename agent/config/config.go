// Package config owns stigwatch.yaml and the site profile: their types, their
// defaults and everything that can be wrong with them, said all at once.
//
// What this release cannot do yet is refused, never ignored: a waiver that is
// not honoured, or a rule that is not enforced, is worse than an agent that
// does not start and says why.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/strict"
)

// DefaultPath is where the configuration is when nobody says otherwise.
const DefaultPath = "/etc/stigwatch/stigwatch.yaml"

// Config is stigwatch.yaml with its defaults filled in; every path is absolute.
type Config struct {
	Path         string        // of the file; it need not exist when it is the default one
	Root         string        // where the appliance's tree is
	SitePath     string        // of the site profile
	MappingDirs  []string      // the site's mappings, later ones over earlier ones
	Waivers      string        // need not exist at its default place
	Attestations string        // likewise
	Policies     string        // empty: the embedded ones
	Evidence     string        // folder with captured CLI output
	Probe        bool          // whether the appliance's own ports are asked what they speak
	StateDir     string        // the agent's journal
	RuntimeDir   string        // the agent's socket
	Socket       string        // stigwatch.sock in RuntimeDir, when no flag says otherwise
	SelfTest     time.Duration // how often the agent tests itself; 0: only when asked to
	Sinks        []alert.Config
	Enforce      Enforce
	Who          Who
	Digest       string // "sha256:…" of all the files that were read
	Files        Files  // that were read, the site profile's among them

	siteNamed bool // the site profile is not at its default place
}

// Files are files as they were read: path → "sha256:…" of the bytes. One that need not
// be there, and is not, is read as an empty one.
type Files map[string]string

// Overrides replace what the file says, when they are not empty. They come from
// flags, so a relative one is relative to the working folder.
type Overrides struct {
	Root, StateDir, RuntimeDir, Socket string
}

// Load reads stigwatch.yaml; no path is DefaultPath. The error, if any, is a
// strict.Mistakes.
func Load(path string, over Overrides) (*Config, error) {
	cfg, _, wrong := load(path, over)
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return cfg, nil
}

// LoadAll reads stigwatch.yaml and the site profile that it names, and lists
// the mistakes of both. The error, if any, is a strict.Mistakes. What could be
// read comes with it, for whoever goes on looking for mistakes or only wants to
// know where things lie; nobody may run on that.
func LoadAll(path string, over Overrides) (*Config, *Site, error) {
	cfg, readable, wrong := load(path, over)
	if !readable { // it may well name another site profile
		return nil, nil, wrong
	}
	site, more := loadSite(cfg.SitePath, cfg.siteNamed)
	if err := append(wrong, more...).Err(); err != nil {
		return cfg, site, err
	}
	cfg.Digest = strict.Digest([]byte(cfg.Digest + site.Digest))
	maps.Copy(cfg.Files, site.Files)
	return cfg, site, nil
}

// load does what Load does; the configuration is there even when it has mistakes.
func load(path string, over Overrides) (cfg *Config, readable bool, wrong strict.Mistakes) {
	if path == "" {
		path = DefaultPath
	}
	b, err := strict.ReadFile(path)
	if err != nil && !(path == DefaultPath && errors.Is(err, fs.ErrNotExist)) {
		return nil, false, strict.Mistakes{{File: path, Msg: strict.Cannot("read", err)}}
	}
	cfg, d := parse(path, b, over)
	cfg.checkDisk(d)
	return cfg, true, d.Mistakes()
}

// parse makes the configuration of the file's bytes, looking at no other file.
func parse(path string, b []byte, over Overrides) (*Config, *strict.Doc) {
	f := file{Sinks: []alert.Config{}}
	d := strict.Decode(path, b, &f)
	cfg := f.fill(absolute(path), over)
	cfg.Digest = strict.Digest(b)
	cfg.Files = Files{cfg.Path: cfg.Digest}
	f.checkPaths(d)
	f.checkSelfTest(d)
	f.Who.check(d)
	f.Enforce.check(d)
	cfg.check(d)
	return cfg, d
}

// item gives the key of a list's item.
func item(key string, i int) string { return fmt.Sprintf("%s[%d]", key, i) }
