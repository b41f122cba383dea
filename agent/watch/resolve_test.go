package watch

import (
	"os"
	"path/filepath"
	"strings"
)

// treeResolver follows paths under a root as the host would: links inside the
// root, one hop for each name looked up.
type treeResolver struct{ root string }

func (r treeResolver) Hops(path string) ([]Hop, error) {
	var hops []Hop
	dir, rest := "/", strings.Split(strings.Trim(path, "/"), "/")
	for links := 0; len(rest) > 0 && links < 40; {
		name := rest[0]
		rest = rest[1:]
		if name == "" || name == "." {
			continue
		}
		if name == ".." {
			dir = filepath.Dir(dir)
			continue
		}
		real := filepath.Join(r.root, dir)
		hops = append(hops, Hop{Dir: real, Name: name})
		fi, err := os.Lstat(filepath.Join(real, name))
		if err != nil {
			return hops, nil
		}
		if fi.Mode()&os.ModeSymlink == 0 {
			if !fi.IsDir() {
				return hops, nil
			}
			dir = filepath.Join(dir, name)
			continue
		}
		links++
		to, err := os.Readlink(filepath.Join(real, name))
		if err != nil {
			return hops, nil
		}
		if filepath.IsAbs(to) {
			dir = "/"
		}
		rest = append(strings.Split(to, "/"), rest...)
	}
	return hops, nil
}
