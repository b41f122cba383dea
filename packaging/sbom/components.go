package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"stigwatch/agent/fips"
	"stigwatch/packaging/linked"
)

const fipsRef = "go-fips140"

// addBinary makes the bill one for a binary and what is linked into it.
func (b *bill) addBinary(w ware, p *linked.Product) error {
	digest, err := sha256Of(w.binary)
	if err != nil {
		return err
	}
	program := component{
		Type:        "application",
		Ref:         "binary",
		Name:        "stigwatch",
		Version:     w.ours,
		Description: "watches a Sentry appliance and judges it against its two DISA STIGs",
		Hashes:      digest,
		PURL:        "pkg:generic/stigwatch@" + escape(w.ours) + "?arch=" + escape(w.machine) + "&os=linux",
		Properties:  []property{{"stigwatch:go", p.Go}},
	}
	on := refs(p.Uses)
	if p.FIPS != nil {
		on = append(on, fipsRef)
		program.Properties = append(program.Properties, property{"stigwatch:GOFIPS140", p.FIPS.Version})
		b.Components = append(b.Components, fipsComponent(p))
		b.depends(fipsRef, nil)
	}
	for _, m := range p.Modules {
		c, err := moduleComponent(m)
		if err != nil {
			return err
		}
		b.Components = append(b.Components, c)
		b.depends(ref(m.Path), refs(m.Uses))
	}
	b.depends(program.Ref, on)
	b.Metadata.Component = &program
	return nil
}

// addPackage makes the bill one for a package, which has the binary in it that
// it was for until then.
func (b *bill) addPackage(w ware) error {
	digest, err := sha256Of(w.pack)
	if err != nil {
		return err
	}
	var on []string
	if program := b.Metadata.Component; program != nil {
		on = []string{program.Ref}
		b.Components = append([]component{*program}, b.Components...)
	}
	b.depends("package", on)
	b.Metadata.Component = &component{
		Type:       "application",
		Ref:        "package",
		Name:       w.name,
		Version:    w.version,
		Hashes:     digest,
		PURL:       "pkg:" + strings.TrimPrefix(filepath.Ext(w.pack), ".") + "/stigwatch/" + escape(w.name) + "@" + escape(w.version) + "?arch=" + escape(w.arch),
		Properties: []property{{"stigwatch:file", filepath.Base(w.pack)}},
	}
	return nil
}

func (b *bill) depends(on string, refs []string) {
	if refs == nil {
		refs = []string{}
	}
	b.Dependencies = append(b.Dependencies, dependency{on, refs})
}

// moduleComponent tells of a module. Its digest is that of go.sum, in the form
// that CycloneDX has for one: of the module's files, not of an archive.
func moduleComponent(m linked.Module) (component, error) {
	c := component{
		Type:    "library",
		Ref:     ref(m.Path),
		Name:    m.Path,
		Version: m.Version,
		Scope:   "required",
		PURL:    "pkg:golang/" + strings.ReplaceAll(escape(m.Path), "%2F", "/") + "@" + escape(m.Version),
	}
	for _, id := range m.IDs() {
		c.Licenses = append(c.Licenses, choice{license{id}})
	}
	if m.Path == linked.Std {
		number := strings.TrimPrefix(m.Version, "go")
		c.Description = "Go's own library, of the Go that built it"
		c.PURL = "pkg:golang/std@" + escape(number)
		c.CPE = "cpe:2.3:a:golang:go:" + number + ":*:*:*:*:*:*:*"
		return c, nil
	}
	sum, ok := strings.CutPrefix(m.Sum, "h1:")
	digest, err := base64.StdEncoding.DecodeString(sum)
	if !ok || err != nil || len(digest) != sha256.Size {
		return c, fmt.Errorf("cannot tell the digest of %q: %q", m.Path, m.Sum)
	}
	c.Hashes = []hash{{"SHA-256", hex.EncodeToString(digest)}}
	c.Properties = []property{{"stigwatch:go.sum", m.Sum}}
	return c, nil
}

func fipsComponent(p *linked.Product) component {
	version, _, _ := strings.Cut(p.FIPS.Version, "-")
	properties := []property{{"stigwatch:GOFIPS140", p.FIPS.Version}}
	if p.FIPS.Version == fips.Certified {
		properties = append(properties, property{"stigwatch:certificate", fips.Certificate})
	}
	return component{
		Type:        "library",
		Ref:         fipsRef,
		Name:        "Go Cryptographic Module",
		Version:     version,
		Description: "the FIPS 140-3 module that is linked in place of the library's own cryptography",
		Scope:       "required",
		Hashes:      []hash{{"SHA-256", p.FIPS.SHA256}},
		Licenses:    []choice{{license{"BSD-3-Clause"}}},
		Properties:  properties,
	}
}

func ref(path string) string { return "module:" + path }

func refs(paths []string) []string {
	out := make([]string, 0, len(paths)+1)
	for _, p := range paths {
		out = append(out, ref(p))
	}
	slices.Sort(out)
	return out
}

// escape is for a part of a purl, where "+" has to be written as "%2B".
func escape(text string) string { return url.QueryEscape(text) }

func sha256Of(path string) ([]hash, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return []hash{{"SHA-256", fmt.Sprintf("%x", sha256.Sum256(text))}}, nil
}
