package host

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// Hop is one name that resolving a path looks up.
type Hop struct {
	Dir  string // the folder's real path on the machine, root prefix included
	Name string // the name in it
}

// Hops lists what resolving path looks up, one component after the other, links
// followed inside the root. A change to any of these names can change what path
// means; the last one is where the file is, or would be. It stops at the first
// component that is missing or no folder, without an error. With an error, the
// hops so far are there nevertheless.
func (h *Host) Hops(path string) ([]Hop, error) {
	var hops []Hop
	err := check(path)
	if err == nil {
		var fd int
		fd, _, err = h.openWalk(path, nameOnly, func(dir, name string) {
			hops = append(hops, Hop{Dir: h.real(dir), Name: name})
		})
		if err == nil {
			unix.Close(fd)
		}
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return hops, nil
	}
	return hops, fmt.Errorf("cannot follow %q: %w", path, reason(err))
}
