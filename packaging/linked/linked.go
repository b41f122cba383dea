// Package linked owns what a built stigwatch consists of: the modules that are
// linked in, the Go that built it, and under which licences all of that is.
//
// The binary itself says which modules it has; go list says the same of the
// source, and where they lie. What both do not agree on is an error: notices
// and bills of material are about the bytes that are shipped, not about a
// go.mod.
package linked

import (
	"cmp"
	"debug/buildinfo"
	"fmt"
	"runtime/debug"
)

// Module is one that is linked in. Go's own library is the one called "std".
type Module struct {
	Path     string
	Version  string
	Sum      string   // h1 of go.sum; empty for std
	Uses     []string // paths of the modules whose packages it imports, sorted
	Licences []Licence

	dir  string          // where it lies
	dirs map[string]bool // of its packages that are linked
}

// Product is what a built stigwatch consists of.
type Product struct {
	Path    string   // of the package that is the program
	Go      string   // go1.26.8
	FIPS    *FIPS    // nil: Go's own library, as it comes
	Uses    []string // the modules that our own packages import
	Modules []Module // by path
}

// Std is the name of Go's own library among the modules.
const Std = "std"

// Open reads what a binary says of itself and, for the same target, what the
// source in a folder says: the two have to agree.
func Open(binary, source string) (*Product, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("cannot read what %q consists of: %w", binary, err)
	}
	p, err := Read(source, targetOf(info))
	if err != nil {
		return nil, err
	}
	if err := p.agree(info); err != nil {
		return nil, fmt.Errorf("%q was not built from %q as it is: %w", binary, source, err)
	}
	for i := range p.Modules {
		p.Modules[i].Sum = sumOf(info, p.Modules[i].Path)
	}
	return p, nil
}

func sumOf(info *debug.BuildInfo, path string) string {
	for _, d := range info.Deps {
		if d.Path == path {
			return d.Sum
		}
	}
	return ""
}

// agree compares with what the binary says, both ways.
func (p *Product) agree(info *debug.BuildInfo) error {
	if info.Path != p.Path {
		return fmt.Errorf("it is %q, and here is %q", info.Path, p.Path)
	}
	if info.GoVersion != p.Go {
		return fmt.Errorf("it was built by %s, and here is %s", info.GoVersion, p.Go)
	}
	for _, s := range info.Settings {
		if s.Key == "GOEXPERIMENT" {
			return fmt.Errorf("it was built with %s=%s", s.Key, s.Value)
		}
	}
	have := map[string]string{}
	for _, d := range info.Deps {
		if d.Replace != nil {
			return fmt.Errorf("the module %q is replaced, which a release does not do", d.Path)
		}
		have[d.Path] = d.Version
	}
	for _, m := range p.Modules {
		if m.Path == Std {
			continue
		}
		if have[m.Path] != m.Version {
			return fmt.Errorf("of %q it has %s, and here is %s", m.Path, cmp.Or(have[m.Path], "nothing"), m.Version)
		}
		delete(have, m.Path)
	}
	for path, version := range have {
		return fmt.Errorf("it has %s %s, and here is nothing of it", path, version)
	}
	return nil
}
