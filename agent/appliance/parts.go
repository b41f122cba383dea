// Package appliance is the appliance as one configuration sees it: the configuration
// itself, the mapping, the policies for its site, what people answered and accepted,
// and the reader of its facts. The daemon, the enforcer and whatever is asked once
// without them build it the same way.
package appliance

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"stigwatch/agent/api"
	"stigwatch/agent/attest"
	"stigwatch/agent/config"
	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/host"
	"stigwatch/agent/live"
	"stigwatch/agent/mapping"
	"stigwatch/agent/policy"
	"stigwatch/agent/strict"
	"stigwatch/agent/waive"
	"stigwatch/policies"
)

// Options say where the configuration is. The zero value is the default one.
type Options struct {
	ConfigPath string           // "": the default path
	Over       config.Overrides // from flags
	Log        *slog.Logger     // for people; nil discards
}

// Parts are what one configuration comes to. A reload builds new ones whole and
// swaps them.
type Parts struct {
	Config       *config.Config
	Site         *config.Site
	Mapping      map[string]mapping.Entry
	Host         *host.Host
	Engine       *policy.Engine
	Reader       *facts.Reader
	Name         string // of the appliance
	Digest       string // of every configuration file
	Files        config.Files
	Attestations *attest.Book
	Waivers      *waive.Book
	Asker        *live.Asker // of the running appliance; nil when the root is another one

	evidence *host.Host // nil when there is no evidence folder
	concerns []string   // rules that read an answer of the running appliance
	written  written    // by the enforcer, as it says
}

// Build loads everything. Mistakes in any of the configuration files are listed
// together.
func Build(o Options) (*Parts, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Parts{}
	wrong := p.configure(o)
	if p.Config == nil { // it could name other files
		return nil, wrong
	}
	var err error
	if p.Engine, err = p.NewEngine(); err != nil {
		return nil, errors.Join(wrong, err)
	}
	if err := joinMistakes(wrong, p.hear()); err != nil {
		return nil, err
	}
	p.Digest = p.digestOfAll()
	p.Files[p.Config.Attestations], p.Files[p.Config.Waivers] = p.Attestations.Digest, p.Waivers.Digest
	if p.Host, err = host.New(host.Options{Root: p.Config.Root}); err != nil {
		return nil, fmt.Errorf("%w: correct --root, or root in %q", err, p.Config.Path)
	}
	if err := p.openEvidence(); err != nil {
		return nil, errors.Join(err, p.Host.Close())
	}
	p.Name = p.hostName()
	jobs, err := api.ReadJobs(p.Config.Enforce.Socket)
	if err != nil {
		o.Log.Warn(err.Error()) // results say less then, and nothing wrong
	}
	p.written = writtenBy(jobs)
	if p.Config.Root == "/" && p.Config.Probe {
		p.Ask(live.Options{})
	} else {
		p.Reader = p.newReader()
	}
	return p, nil
}

func (p *Parts) newReader() *facts.Reader {
	o := facts.Options{
		Host: p.Host, Evidence: p.evidence, Mapping: p.Mapping, Schema: p.Engine.Schema,
		CAs: p.Site.CAs, HostName: p.Name,
	}
	if p.Asker != nil {
		o.Live = p.Asker.Last
	}
	return facts.New(o)
}

// configure reads every configuration file.
func (p *Parts) configure(o Options) error {
	var wrong error
	p.Config, p.Site, wrong = config.LoadAll(o.ConfigPath, o.Over)
	if p.Config == nil { // it could name other mappings
		return wrong
	}
	schema, err := policy.Schema(policies.FS)
	if err != nil {
		return err
	}
	sum := sha256.New()
	p.Files = maps.Clone(p.Config.Files)
	p.Mapping, err = loadMapping(p.Config.MappingDirs, schema, func(path string, b []byte) {
		fmt.Fprintf(sum, "%s %d\n%s", filepath.Base(path), len(b), b)
		p.Files[path] = strict.Digest(b)
	})
	p.Digest = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	return joinMistakes(wrong, err)
}

// digestOfAll is one digest of every file that was read, by theirs.
func (p *Parts) digestOfAll() string {
	sum := sha256.New()
	for _, one := range []string{p.Config.Digest, p.Digest, p.Attestations.Digest, p.Waivers.Digest} {
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

// NewEngine compiles the policies for this site. An engine serves one goroutine.
func (p *Parts) NewEngine() (*policy.Engine, error) {
	var site map[string]any
	if p.Site != nil {
		site = p.Site.Data()
	}
	return policy.Load(policy.Options{Tree: policies.FS, Source: "embedded", Site: site, Checked: true})
}

// Reopened gives the same parts over the root and the evidence folder as they
// stand now: either may have been replaced, or have come, since they were opened.
func (p *Parts) Reopened() (*Parts, error) {
	next := *p
	var err error
	if next.Host, err = host.New(host.Options{Root: p.Config.Root}); err != nil {
		return nil, err
	}
	next.evidence = nil
	if err := next.openEvidence(); err != nil {
		return nil, errors.Join(err, next.Host.Close())
	}
	next.Reader.Reopen(next.Host, next.evidence)
	return &next, nil
}

// Afresh reads everything, whatever was known before.
func (p *Parts) Afresh() finding.Snapshot {
	p.Reader.Reopen(p.Host, p.evidence)
	snap, _ := p.Reader.All()
	return snap
}

// Close lets the appliance's tree go.
func (p *Parts) Close() {
	_ = p.Host.Close()
	if p.evidence != nil {
		_ = p.evidence.Close()
	}
}

// openEvidence takes a folder that is not there for an empty one.
func (p *Parts) openEvidence() error {
	h, err := host.New(host.Options{Root: p.Config.Evidence})
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	p.evidence = h
	return err
}

// hostName is the machine's own name when the root is the machine's, else the
// one that the tree says.
func (p *Parts) hostName() string {
	if p.Config.Root == "/" {
		if name, err := os.Hostname(); err == nil {
			return name
		}
	}
	if f, err := p.Host.Read("/etc/hostname"); err == nil {
		if words := strings.Fields(string(f.Bytes)); len(words) > 0 {
			return words[0]
		}
	}
	return "unknown"
}
