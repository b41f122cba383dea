package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"stigwatch/agent/config"
	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/host"
	"stigwatch/agent/lens"
	"stigwatch/agent/mapping"
	"stigwatch/agent/policy"
	"stigwatch/agent/strict"
	"stigwatch/policies"
)

// parts are what one configuration comes to. A reload builds new ones whole and
// swaps them; the daemon and the one-shot commands build them the same way.
type parts struct {
	cfg      *config.Config
	site     *config.Site
	mapping  map[string]mapping.Entry
	host     *host.Host
	evidence *host.Host // nil when there is no evidence folder
	engine   *policy.Engine
	reader   *facts.Reader
	name     string // of the appliance
	digest   string // of every configuration file
	people
	asker   *asker  // of the running appliance; nil when the root is another one
	written written // by the enforcer, as it says
}

// build loads everything. Mistakes in any of the configuration files are listed
// together.
func build(o Options) (*parts, error) {
	p := &parts{}
	wrong := p.configure(o)
	if p.cfg == nil { // it could name other files
		return nil, wrong
	}
	var err error
	if p.engine, err = p.newEngine(); err != nil {
		return nil, errors.Join(wrong, err)
	}
	if err := joinMistakes(wrong, p.hear(p.engine)); err != nil {
		return nil, err
	}
	p.digest = p.digestOfAll()
	if p.host, err = host.New(host.Options{Root: p.cfg.Root}); err != nil {
		return nil, fmt.Errorf("%w: correct --root, or root in %q", err, p.cfg.Path)
	}
	if err := p.openEvidence(); err != nil {
		return nil, errors.Join(err, p.host.Close())
	}
	p.name = p.hostName()
	jobs, err := readJobs(p.cfg)
	if err != nil {
		o.Log.Warn(err.Error()) // results say less then, and nothing wrong
	}
	p.written = writtenBy(jobs)
	if p.cfg.Root == "/" && p.cfg.Probe {
		p.asker = newAsker(p)
	}
	p.reader = p.newReader()
	return p, nil
}

func (p *parts) newReader() *facts.Reader {
	o := facts.Options{
		Host: p.host, Evidence: p.evidence, Mapping: p.mapping, Schema: p.engine.Schema,
		CAs: p.site.CAs, HostName: p.name,
	}
	if p.asker != nil {
		o.Live = p.asker.last
	}
	return facts.New(o)
}

// configure reads every configuration file.
func (p *parts) configure(o Options) error {
	var wrong error
	p.cfg, p.site, wrong = config.LoadAll(o.ConfigPath, o.Over)
	if p.cfg == nil { // it could name other mappings
		return wrong
	}
	schema, err := policy.Schema(policies.FS)
	if err != nil {
		return err
	}
	sum := sha256.New()
	p.mapping, err = loadMapping(p.cfg.MappingDirs, schema, sum)
	p.digest = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	return joinMistakes(wrong, err)
}

// digestOfAll is one digest of every file that was read, by theirs.
func (p *parts) digestOfAll() string {
	sum := sha256.New()
	for _, one := range []string{p.cfg.Digest, p.digest, p.attestations.Digest, p.waivers.Digest} {
		fmt.Fprintln(sum, one)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// joinMistakes makes one list of two.
func joinMistakes(a, b error) error {
	var one, two strict.Mistakes
	if errors.As(a, &one) && errors.As(b, &two) {
		return append(one, two...)
	}
	return errors.Join(a, b)
}

// newEngine compiles the policies for this site. An engine serves one goroutine.
func (p *parts) newEngine() (*policy.Engine, error) {
	var site map[string]any
	if p.site != nil {
		site = p.site.Data()
	}
	return policy.Load(policy.Options{Tree: policies.FS, Source: "embedded", Site: site, Checked: true})
}

// reopened gives the same parts over the root and the evidence folder as they
// stand now: either may have been replaced, or have come, since they were opened.
func (p *parts) reopened() (*parts, error) {
	next := *p
	var err error
	if next.host, err = host.New(host.Options{Root: p.cfg.Root}); err != nil {
		return nil, err
	}
	next.evidence = nil
	if err := next.openEvidence(); err != nil {
		return nil, errors.Join(err, next.host.Close())
	}
	return &next, nil
}

func (p *parts) close() {
	_ = p.host.Close()
	if p.evidence != nil {
		_ = p.evidence.Close()
	}
}

// openEvidence takes a folder that is not there for an empty one.
func (p *parts) openEvidence() error {
	h, err := host.New(host.Options{Root: p.cfg.Evidence})
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	p.evidence = h
	return err
}

// hostName is the machine's own name when the root is the machine's, else the
// one that the tree says.
func (p *parts) hostName() string {
	if p.cfg.Root == "/" {
		if name, err := os.Hostname(); err == nil {
			return name
		}
	}
	if f, err := p.host.Read("/etc/hostname"); err == nil {
		if words := strings.Fields(string(f.Bytes)); len(words) > 0 {
			return words[0]
		}
	}
	return "unknown"
}

// loadMapping reads the shipped mappings and lays the site's over them.
func loadMapping(dirs []string, schema finding.Schema, sum io.Writer) (map[string]mapping.Entry, error) {
	known := mapping.Known{Facts: schema, Lenses: lens.Names()}
	shipped, err := fs.Glob(policies.FS, "mappings/*.yaml")
	if err != nil {
		return nil, err
	}
	var base []mapping.Entry
	for _, name := range shipped {
		b, err := fs.ReadFile(policies.FS, name)
		if err != nil {
			return nil, err
		}
		entries, err := mapping.Parse(name, b, known)
		if err != nil {
			return nil, err
		}
		base = append(base, entries...)
	}
	layers := [][]mapping.Entry{base}
	var mistakes strict.Mistakes
	for _, dir := range dirs {
		entries, err := mapping.LoadDir(dir, known, sum)
		if m := (strict.Mistakes)(nil); errors.As(err, &m) {
			mistakes = append(mistakes, m...)
		} else if err != nil {
			return nil, fmt.Errorf("cannot load the mappings in %q: %w", dir, err)
		}
		layers = append(layers, entries)
	}
	if err := mistakes.Err(); err != nil {
		return nil, err
	}
	return mapping.Merge(layers...)
}
