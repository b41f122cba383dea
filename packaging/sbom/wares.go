package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ware is one file that a bill is about: a binary, or a package with or without
// one in it.
type ware struct {
	binary, pack  string // paths; one of them may be empty
	name          string
	version, arch string // as the file's name has them
	ours          string // the binary's version
	machine       string // and its architecture, as Go calls it
}

// goArch is what Go calls the architectures of packages.
var goArch = map[string]string{"amd64": "amd64", "x86_64": "amd64", "arm64": "arm64", "aarch64": "arm64"}

func (w ware) file() string {
	if w.pack != "" {
		return w.pack
	}
	return w.binary
}

// look finds the wares of a folder, by the names that make gives them. Of the
// packages only the one called stigwatch has the binary in it.
func look(dir, version string) ([]ware, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []ware
	for _, e := range entries {
		w := ware{ours: version}
		path := filepath.Join(dir, e.Name())
		arch, isBinary := strings.CutPrefix(e.Name(), "stigwatch-"+version+"-")
		switch ext := filepath.Ext(e.Name()); {
		case ext == ".deb" || ext == ".rpm":
			if w, err = named(w, path, ext); err != nil {
				return nil, err
			}
			if w.name == "stigwatch" {
				w.machine = goArch[w.arch]
				w.binary = filepath.Join(dir, "stigwatch-"+version+"-"+w.machine)
			}
		case isBinary && goArch[arch] == arch:
			w.name, w.binary, w.version, w.arch, w.machine = "stigwatch", path, version, arch, arch
		default:
			continue
		}
		out = append(out, w)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("there is neither a binary of version %q nor a package in %q", version, dir)
	}
	return out, nil
}

// named reads NAME_VERSION_ARCH.deb and NAME-VERSION-RELEASE.ARCH.rpm.
func named(w ware, path, ext string) (ware, error) {
	w.pack = path
	base := strings.TrimSuffix(filepath.Base(path), ext)
	if parts := strings.Split(base, "_"); ext == ".deb" && len(parts) == 3 {
		w.name, w.version, w.arch = parts[0], parts[1], parts[2]
		return w, nil
	}
	dot := strings.LastIndex(base, ".")
	parts := strings.Split(base[:max(dot, 0)], "-")
	if n := len(parts); ext == ".rpm" && n > 2 {
		w.name, w.version, w.arch = strings.Join(parts[:n-2], "-"), parts[n-2]+"-"+parts[n-1], base[dot+1:]
		return w, nil
	}
	return w, fmt.Errorf("cannot tell name and version of the package %q", path)
}
