// Package host reads the appliance's files under a root prefix. Everything that
// it meets is taken for hostile: only regular files are ever opened, sizes and
// counts have caps, and a symbolic link is followed inside the root, as chroot
// would, never out of it.
//
// os.Root is not enough for that: it refuses absolute links, even at "/", and
// appliances are full of them. The kernel's openat2 does it; where there is none
// (EL7's kernel 3.10), a walk of our own does the same, component by component.
package host

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Caps that hold unless Options says otherwise.
const (
	DefaultMaxBytes   = 4 << 20
	DefaultMaxMatches = 2000
)

// Options of a Host. The zero value is the machine itself with default caps.
type Options struct {
	Root       string // where the appliance's tree is; "" is "/"
	MaxBytes   int64  // of one file; 0 is DefaultMaxBytes
	MaxMatches int    // of one pattern; 0 is DefaultMaxMatches

	// Fault is for tests: an error that it gives for a path stands for what the
	// kernel would have said to Read (or to Glob, asked with the folder).
	Fault func(path string) error

	forceWalk bool // do without openat2; for tests
}

// Host reads one appliance. It is safe for use by several goroutines.
type Host struct {
	opts Options
	root string // real path, without links
	dir  *os.File
	walk bool // no openat2 here

	over map[string][]byte // see With
	view bool              // the folder is another Host's
}

// New opens the root folder, which stays the same one until Close, whatever
// happens to its name.
func New(o Options) (*Host, error) {
	if o.Root == "" {
		o.Root = "/"
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxMatches <= 0 {
		o.MaxMatches = DefaultMaxMatches
	}
	root, err := realRoot(o.Root)
	if err != nil {
		return nil, fmt.Errorf("cannot open root %q: %w", o.Root, reason(err))
	}
	dir, err := os.OpenFile(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open root %q: %w", o.Root, reason(err))
	}
	h := &Host{opts: o, root: root, dir: dir}
	h.walk = o.forceWalk || !haveOpenat2(h.fd())
	return h, nil
}

// Close lets the root folder go. Calls after it fail.
func (h *Host) Close() error {
	if h.view {
		return nil
	}
	return h.dir.Close()
}

// Real gives the path on the machine of a path inside the root. It resolves no
// links, and ".." at the top stays there.
func (h *Host) Real(p string) string {
	return h.real(path.Clean("/" + p))
}

// real joins a clean path inside the root.
func (h *Host) real(p string) string {
	switch {
	case h.root == "/":
		return p
	case p == "/":
		return h.root
	}
	return h.root + p
}

func (h *Host) fd() int {
	return int(h.dir.Fd())
}

func (h *Host) fault(p string) error {
	if h.opts.Fault == nil {
		return nil
	}
	return h.opts.Fault(p)
}

func realRoot(root string) (string, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// check refuses paths that mean nothing inside a root.
func check(p string) error {
	if p == "" || p[0] != '/' {
		return errors.New("it is not an absolute path")
	}
	return nil
}
