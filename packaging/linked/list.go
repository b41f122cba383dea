package linked

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// Target is what a binary is built for, as far as that decides what is linked.
type Target struct {
	OS, Arch string
	FIPS     string // GOFIPS140; empty is off
}

// FIPS is Go's cryptographic module that is linked instead of the library's own.
type FIPS struct {
	Version string // v1.0.0-c2097c7c
	SHA256  string // of the module's archive, as Go's fips140.sum has it
}

func targetOf(info *debug.BuildInfo) Target {
	s := map[string]string{}
	for _, kv := range info.Settings {
		s[kv.Key] = kv.Value
	}
	return Target{OS: s["GOOS"], Arch: s["GOARCH"], FIPS: s["GOFIPS140"]}
}

func (t Target) environment() []string {
	return append(os.Environ(), "GOFLAGS=", "GOEXPERIMENT=", "CGO_ENABLED=0", "GOOS="+t.OS, "GOARCH="+t.Arch, "GOFIPS140="+cmp.Or(t.FIPS, "off"))
}

// listed is what go list tells of a package.
type listed struct {
	ImportPath, Dir string
	Standard        bool
	Imports         []string
	Module          *struct {
		Path, Version, Dir string
		Main               bool
		Replace            *struct{ Path string }
	}
}

// Read finds what the program in a folder consists of when it is built for a
// target.
func Read(source string, t Target) (*Product, error) {
	packages, err := list(source, t)
	if err != nil {
		return nil, err
	}
	env, err := goEnv(source, t, "GOVERSION", "GOROOT")
	if err != nil {
		return nil, err
	}
	p := &Product{Path: packages[len(packages)-1].ImportPath, Go: env[0]} // what is asked for comes last
	if p.FIPS, err = fipsOf(t, env[1]); err != nil {
		return nil, err
	}
	if err := p.group(packages, env[0], env[1]); err != nil {
		return nil, err
	}
	for i := range p.Modules {
		if err := p.Modules[i].readLicences(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func list(source string, t Target) ([]listed, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,Standard,Imports,Module", ".")
	cmd.Dir, cmd.Env, cmd.Stderr = source, t.environment(), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot list the packages of %q: %w", source, err)
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) && len(all) > 0 {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("cannot read what go list says: %w", err)
		}
		all = append(all, p)
	}
}

func goEnv(source string, t Target, names ...string) ([]string, error) {
	cmd := exec.Command("go", append([]string{"env"}, names...)...)
	cmd.Dir, cmd.Env = source, t.environment()
	out, err := cmd.Output()
	values := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || len(values) != len(names) {
		return nil, fmt.Errorf("cannot ask go for %v: %w", names, cmp.Or(err, errors.New("it did not answer")))
	}
	return values, nil
}

// group makes modules of packages.
func (p *Product) group(packages []listed, version, goroot string) error {
	modules := map[string]*Module{}
	of := map[string]string{} // package → module; "" is ours
	for _, k := range packages {
		path, m := Std, Module{Path: Std, Version: version, dir: goroot}
		if !k.Standard {
			if k.Module == nil || k.Module.Replace != nil {
				return fmt.Errorf("cannot tell of which module %q is: it has none, or one that is replaced", k.ImportPath)
			}
			if path, m = k.Module.Path, (Module{Path: k.Module.Path, Version: k.Module.Version, dir: k.Module.Dir}); k.Module.Main {
				path = ""
			}
		}
		of[k.ImportPath] = path
		if path == "" {
			continue
		}
		if modules[path] == nil {
			m.dirs = map[string]bool{}
			modules[path] = &m
		}
		modules[path].dirs[k.Dir] = true
	}
	uses := usesOf(packages, of)
	p.Uses = uses[""]
	for _, path := range slices.Sorted(maps.Keys(modules)) {
		modules[path].Uses = uses[path]
		p.Modules = append(p.Modules, *modules[path])
	}
	return nil
}

// usesOf is which module imports which others, sorted.
func usesOf(packages []listed, of map[string]string) map[string][]string {
	sets := map[string]map[string]bool{}
	for _, k := range packages {
		from := of[k.ImportPath]
		for _, name := range k.Imports {
			to, known := of[name]
			if !known || to == from || to == "" {
				continue // "C", "unsafe", what is vendored in Go's own library
			}
			if sets[from] == nil {
				sets[from] = map[string]bool{}
			}
			sets[from][to] = true
		}
	}
	out := map[string][]string{}
	for from, to := range sets {
		out[from] = slices.Sorted(maps.Keys(to))
	}
	return out
}

// fipsOf finds the digest of the FIPS module's archive.
func fipsOf(t Target, goroot string) (*FIPS, error) {
	if t.FIPS == "" || t.FIPS == "off" || t.FIPS == "latest" {
		return nil, nil
	}
	sums, err := os.ReadFile(filepath.Join(goroot, "lib", "fips140", "fips140.sum"))
	if err != nil {
		return nil, err
	}
	for l := range strings.Lines(string(sums)) {
		if f := strings.Fields(l); len(f) == 2 && f[0] == t.FIPS+".zip" {
			return &FIPS{Version: t.FIPS, SHA256: f[1]}, nil
		}
	}
	return nil, fmt.Errorf("this Go has no FIPS module %q", t.FIPS)
}
