package stig

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

const (
	folder  = "stig" // in the state folder
	format  = 1      // of a kept file
	maxKept = 4 * MaxBytes
)

// formName keeps a benchmark's name a file's name, and nothing more.
var formName = regexp.MustCompile(`^[a-z][a-z0-9]{0,15}$`)

// kept is a benchmark as it stands on disk.
type kept struct {
	Format int `json:"format"`
	*Benchmark
}

func (b *Benchmark) fileName() string { return b.Name + "-" + b.Release + ".json" }

// Keep writes a benchmark into the state folder and gives its path. One that is
// there already, byte for byte, is left alone.
//
// The folder belongs to the agent and the command may run as root, so links in it
// are not followed out of it, and the agent's group can read what is written.
func Keep(stateDir string, b *Benchmark) (path string, written bool, err error) {
	path = filepath.Join(stateDir, folder, b.fileName())
	if err := errors.Join(b.check(), b.checkName()); err != nil {
		return "", false, err
	}
	text, err := encode(b)
	if err != nil {
		return "", false, fmt.Errorf("cannot write %q: %w", path, err)
	}
	dir, group, err := makeFolder(stateDir)
	if err != nil {
		return "", false, fmt.Errorf("cannot make the folder of %q: %w", path, err)
	}
	defer dir.Close()
	if there, err := read(dir, b.fileName()); err == nil && bytes.Equal(there, text) {
		return path, false, nil
	}
	if err := replace(dir, b.fileName(), text, group); err != nil {
		return "", false, fmt.Errorf("cannot write %q: %w", path, err)
	}
	return path, true, nil
}

func (b *Benchmark) checkName() error {
	if !formName.MatchString(b.Name) {
		return fmt.Errorf("%s is not how a benchmark is called", brief(b.Name))
	}
	return nil
}

func encode(b *Benchmark) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(kept{format, b})
	return out.Bytes(), err
}

// makeFolder opens the folder, and gives the group of the state folder.
func makeFolder(stateDir string) (*os.Root, int, error) {
	if err := os.MkdirAll(stateDir, 0o750); err != nil {
		return nil, 0, err
	}
	state, err := os.OpenRoot(stateDir)
	if err != nil {
		return nil, 0, err
	}
	defer state.Close()
	info, err := state.Stat(".")
	if err != nil {
		return nil, 0, err
	}
	group := int(info.Sys().(*syscall.Stat_t).Gid)
	switch err := state.Mkdir(folder, 0o750); {
	case err == nil:
		_ = state.Lchown(folder, -1, group) // others than root may not, and keep their own
	case !errors.Is(err, fs.ErrExist):
		return nil, 0, err
	}
	dir, err := state.OpenRoot(folder)
	return dir, group, err
}

// replace puts a file in its place, whole or not at all.
func replace(dir *os.Root, name string, text []byte, group int) (err error) {
	temp := "." + name + "." + rand.Text()
	f, err := dir.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			_ = dir.Remove(temp)
		}
	}()
	if _, err := f.Write(text); err != nil {
		return err
	}
	_ = f.Chown(-1, group) // as above
	if err := f.Chmod(0o640); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := dir.Rename(temp, name); err != nil {
		return err
	}
	return syncFolder(dir)
}

func syncFolder(dir *os.Root) error {
	d, err := dir.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Load reads every benchmark that was kept, by name and release, oldest first.
// The error lists the files that cannot be read; the others come with it.
func Load(stateDir string) ([]*Benchmark, error) {
	path := filepath.Join(stateDir, folder)
	dir, err := openFolder(stateDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open %q: %w", path, err)
	}
	defer dir.Close()
	names, err := list(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read %q: %w", path, err)
	}
	var out []*Benchmark
	var wrong []error
	for _, name := range names {
		b, err := load(dir, name)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("cannot read %q: %w: import the official file again, or remove it", filepath.Join(path, name), err))
			continue
		}
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b *Benchmark) int {
		if a.Name != b.Name {
			return strings.Compare(a.Name, b.Name)
		}
		return CompareReleases(a.Release, b.Release)
	})
	return out, errors.Join(wrong...)
}

func openFolder(stateDir string) (*os.Root, error) {
	state, err := os.OpenRoot(stateDir)
	if err != nil {
		return nil, err
	}
	defer state.Close()
	return state.OpenRoot(folder)
}

// list leaves out what an import that was cut off left there.
func list(dir *os.Root) ([]string, error) {
	entries, err := fs.ReadDir(dir.FS(), ".")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".json") && !strings.HasPrefix(name, ".") {
			names = append(names, name)
		}
	}
	return names, nil
}

func load(dir *os.Root, name string) (*Benchmark, error) {
	text, err := read(dir, name)
	if err != nil {
		return nil, err
	}
	k := kept{Benchmark: &Benchmark{}}
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, err
	}
	if k.Format != format {
		return nil, fmt.Errorf("its format is %d, and %d was expected", k.Format, format)
	}
	if err := errors.Join(k.check(), k.checkName()); err != nil {
		return nil, err
	}
	if k.fileName() != name {
		return nil, fmt.Errorf("it holds %s", brief(k.fileName()))
	}
	return k.Benchmark, nil
}

// read reads a regular file, and does not wait on a pipe in its place.
func read(dir *os.Root, name string) ([]byte, error) {
	f, err := dir.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	b, err := io.ReadAll(io.LimitReader(f, maxKept+1))
	if err == nil && len(b) > maxKept {
		err = fmt.Errorf("it is larger than %d bytes", maxKept)
	}
	return b, err
}
