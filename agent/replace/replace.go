// Package replace owns giving one file new bytes so that at every instant,
// whatever dies, its name holds the old content or the new one, whole.
//
// The new content is written beside the file, synced, and then exchanged with it
// (renameat2, RENAME_EXCHANGE). What was swapped out is looked at: when it is not
// what was opened, somebody wrote in the last instant, and it goes back. It then
// stays beside the file, under the candidate's name, until the caller is sure:
// taking a change back is one more exchange, which needs no free space and brings
// back the very file. Where the kernel or the file system cannot exchange (EL7),
// a hard link keeps the old file and a rename puts the new one in place; between
// the last look and that rename another one's rename goes unseen.
//
// Names beside a file F, for one id: ".stigwatch-ID-F" is a whole candidate or
// what was swapped out, ".stigwatch-ID.part-F" a candidate that is not whole,
// ".stigwatch-ID.was-F" the old file where nothing can be exchanged. Programs that
// read whole folders skip names with a leading dot.
//
// Paths are walked folder by folder below the root, and nothing on the way may be
// a link, or be writable by anybody but the owner: so no other user can change
// what is beside a file or what a path means.
package replace

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// DefaultMaxBytes is the cap of one file unless Options says otherwise.
const DefaultMaxBytes = 1 << 20

// Options of a Tree. The zero value is the machine itself, and files of root.
type Options struct {
	Root     string   // where the files' tree is; "" is "/"
	Owner    uint32   // whose the files have to be; folders may be root's too
	Agent    []uint32 // users who may own no folder and no file on the way, whatever Owner says
	Mounts   []string // folders inside the root whose file systems are allowed beside the root's own
	MaxBytes int64    // of one file, old or new; 0 is DefaultMaxBytes

	// Step is for tests: it is asked before each thing that is done to the disk,
	// with its name and the path, and what it gives stands for what the kernel
	// would have said.
	Step func(name string) error

	NoExchange bool // do without RENAME_EXCHANGE, as on EL7; for tests
}

// Tree replaces files below one root. It is safe for use by several goroutines,
// but two of them should not replace the same file.
type Tree struct {
	opts    Options
	root    string // real path, without links
	dir     *os.File
	devices map[uint64]bool
}

// New opens the root folder, which stays the same one until Close, whatever
// happens to its name.
func New(o Options) (*Tree, error) {
	if o.Root == "" {
		o.Root = "/"
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	t, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("cannot open root %q: %w", o.Root, err)
	}
	return t, nil
}

func open(o Options) (*Tree, error) {
	abs, err := filepath.Abs(o.Root)
	if err != nil {
		return nil, err
	}
	root, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return nil, err
	}
	dir, err := os.OpenFile(root, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	t := &Tree{opts: o, root: root, dir: dir}
	if err := t.learnDevices(); err != nil {
		dir.Close()
		return nil, err
	}
	return t, nil
}

// Close lets the root folder go. Calls after it fail.
func (t *Tree) Close() error {
	return t.dir.Close()
}

// Root gives the root's real path on the machine.
func (t *Tree) Root() string {
	return t.root
}

// Real gives the path on the machine of a path inside the root.
func (t *Tree) Real(path string) string {
	return filepath.Join(t.root, path)
}

func (t *Tree) learnDevices() error {
	var st unix.Stat_t
	if err := unix.Fstat(int(t.dir.Fd()), &st); err != nil {
		return err
	}
	t.devices = map[uint64]bool{st.Dev: true}
	for _, m := range t.opts.Mounts {
		if err := unix.Lstat(t.Real(m), &st); err != nil {
			return fmt.Errorf("cannot look at mount %q: %w", m, err)
		}
		t.devices[st.Dev] = true
	}
	return nil
}

func (t *Tree) step(name, path string) error {
	if t.opts.Step == nil {
		return nil
	}
	return t.opts.Step(name + " " + path)
}
