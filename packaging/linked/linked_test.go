package linked

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A module that is new has to be looked at by a person, when its licence is.
func TestWhatIsShippedMayBeShipped(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		t.Run(arch, func(t *testing.T) {
			p, err := Read("../..", Target{OS: "linux", Arch: arch})
			if err != nil {
				t.Fatal(err)
			}
			for _, wrong := range p.Refused() {
				t.Error(wrong)
			}
			ids := map[string][]string{}
			for _, m := range p.Modules {
				ids[m.Path] = m.IDs()
			}
			// Its own is Apache-2.0; the other is of a folder inside.
			if got := ids["github.com/open-policy-agent/opa"]; !slices.Equal(got, []string{"Apache-2.0", "BSD-3-Clause"}) {
				t.Errorf("OPA is under %v", got)
			}
			if got := ids[Std]; !slices.Equal(got, []string{"BSD-3-Clause"}) {
				t.Errorf("Go's own library is under %v", got)
			}
			if _, linked := ids["github.com/google/licensecheck"]; linked || len(ids) < 20 {
				t.Errorf("these modules are said to be linked: %v", ids)
			}
			if !slices.Contains(p.Uses, "github.com/spf13/cobra") || slices.Contains(p.Uses, "github.com/spf13/pflag") {
				t.Errorf("we are said to import %v", p.Uses)
			}
		})
	}
}

const (
	gpl = "This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public License " +
		"as published by the Free Software Foundation, either version 3 of the License, or (at your option) any later version.\n"
	isc = "Copyright (c) 2020 Somebody\n\nPermission to use, copy, modify, and/or distribute this software for any purpose with or without fee " +
		"is hereby granted, provided that the above copyright notice and this permission notice appear in all copies.\n\n" +
		"THE SOFTWARE IS PROVIDED \"AS IS\" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES " +
		"OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY " +
		"DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, " +
		"ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.\n"
)

func TestLicencesThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string // a part of the only complaint; empty: none
	}{
		"ISC":                       {files: map[string]string{"LICENSE": isc}},
		"named after it":            {files: map[string]string{"LICENSE-ISC.txt": isc}},
		"British":                   {files: map[string]string{"licence": isc}},
		"none":                      {files: map[string]string{"README": isc}, want: "no licence was found"},
		"source of that name":       {files: map[string]string{"license.go": isc}, want: "no licence was found"},
		"a notice is none":          {files: map[string]string{"NOTICE": isc}, want: "no licence was found"},
		"GPL":                       {files: map[string]string{"COPYING": gpl}, want: "GPL-3.0-or-later is not among"},
		"GPL beside ISC":            {files: map[string]string{"LICENSE": isc, "COPYING": gpl}, want: "COPYING: GPL-3.0-or-later is not among"},
		"GPL in a folder":           {files: map[string]string{"LICENSE": isc, "a/COPYING": gpl, "a/b/x.go": ""}, want: "a/COPYING: GPL"},
		"GPL where nothing is used": {files: map[string]string{"LICENSE": isc, "c/COPYING": gpl}},
		"somebody's own words":      {files: map[string]string{"LICENSE": isc + strings.Repeat("Only on Sundays, and never for gain. ", 60)}, want: "of it are the words"},
		"a poem":                    {files: map[string]string{"LICENSE": "Roses are red.\n"}, want: "no licence was found"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for path, text := range c.files {
				p := filepath.Join(dir, path)
				if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			m := Module{Path: "example.com/m", Version: "v1.0.0", dir: dir, dirs: map[string]bool{dir: true}}
			if _, err := os.Stat(filepath.Join(dir, "a/b")); err == nil {
				m.dirs[filepath.Join(dir, "a/b")] = true
			}
			if err := m.readLicences(); err != nil {
				t.Fatal(err)
			}
			got := strings.Join((&Product{Modules: []Module{m}}).Refused(), "\n")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestBinaryAndSourceHaveToAgree(t *testing.T) {
	p := &Product{Path: "us", Go: "go1.26.8", Modules: []Module{{Path: "example.com/a", Version: "v1.0.0"}, {Path: Std, Version: "go1.26.8"}}}
	a := &debug.Module{Path: "example.com/a", Version: "v1.0.0", Sum: "h1:x"}
	for name, c := range map[string]struct {
		info debug.BuildInfo
		want string
	}{
		"the same":        {info: debug.BuildInfo{Path: "us", GoVersion: "go1.26.8", Deps: []*debug.Module{a}}},
		"another program": {info: debug.BuildInfo{Path: "us.test", GoVersion: "go1.26.8", Deps: []*debug.Module{a}}, want: `it is "us.test"`},
		"another Go":      {info: debug.BuildInfo{Path: "us", GoVersion: "go1.26.7", Deps: []*debug.Module{a}}, want: "built by go1.26.7"},
		"one less":        {info: debug.BuildInfo{Path: "us", GoVersion: "go1.26.8"}, want: `of "example.com/a" it has nothing`},
		"one more":        {info: debug.BuildInfo{Path: "us", GoVersion: "go1.26.8", Deps: []*debug.Module{a, {Path: "b", Version: "v2"}}}, want: "it has b v2"},
		"another":         {info: debug.BuildInfo{Path: "us", GoVersion: "go1.26.8", Deps: []*debug.Module{{Path: a.Path, Version: "v0.9.0"}}}, want: "it has v0.9.0"},
		"replaced":        {info: debug.BuildInfo{Path: "us", GoVersion: "go1.26.8", Deps: []*debug.Module{{Path: a.Path, Version: a.Version, Replace: a}}}, want: "replaced"},
		"an experiment":   {info: debug.BuildInfo{Path: "us", GoVersion: "go1.26.8", Deps: []*debug.Module{a}, Settings: []debug.BuildSetting{{Key: "GOEXPERIMENT", Value: "boringcrypto"}}}, want: "boringcrypto"},
		"other settings":  {info: debug.BuildInfo{Path: "us", GoVersion: "go1.26.8", Deps: []*debug.Module{a}, Settings: []debug.BuildSetting{{Key: "GOOS", Value: "linux"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			err := p.agree(&c.info)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestUses(t *testing.T) {
	packages := []listed{
		{ImportPath: "us", Imports: []string{"a/x", "fmt", "C", "us/y"}},
		{ImportPath: "us/y", Imports: []string{"b"}},
		{ImportPath: "a/x", Imports: []string{"a/z", "b"}},
		{ImportPath: "a/z"}, {ImportPath: "b", Imports: []string{"fmt"}}, {ImportPath: "fmt"},
	}
	got := usesOf(packages, map[string]string{"us": "", "us/y": "", "a/x": "a", "a/z": "a", "b": "b", "fmt": Std})
	if diff := cmp.Diff(map[string][]string{"": {"a", "b", Std}, "a": {"b"}, "b": {Std}}, got); diff != "" {
		t.Error(diff)
	}
}
