package host

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	forList    = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NONBLOCK | unix.O_CLOEXEC
	maxEntries = 200_000 // names looked at in one folder
	listChunk  = 512
)

// Glob lists the paths that match an absolute pattern inside the root, sorted
// bytewise. Each component may hold *, ? and [..]; a hidden name matches only a
// component that starts with a dot. A folder that does not exist gives none, one
// that cannot be read an error, and more than MaxMatches an ErrTooMany. What a
// path names is not looked at: it may be a folder or a link to nowhere.
func (h *Host) Glob(pattern string) ([]string, error) {
	found, err := h.glob(pattern)
	if err != nil {
		return nil, fmt.Errorf("cannot list %q: %w", pattern, reason(err))
	}
	return found, nil
}

func (h *Host) glob(pattern string) ([]string, error) {
	if err := check(pattern); err != nil {
		return nil, err
	}
	dirs := []string{"/"}
	parts := strings.FieldsFunc(pattern, func(r rune) bool { return r == '/' })
	for i, part := range parts {
		if !hasMeta(part) && i < len(parts)-1 {
			dirs = under(dirs, part)
			continue
		}
		var err error
		if dirs, err = h.expand(dirs, part, guessed(parts[:i])); err != nil {
			return nil, err
		}
	}
	slices.Sort(dirs)
	return dirs, nil
}

// expand gives the paths in dirs that match one component. Folders that came
// from a wildcard themselves may turn out to be no folders.
func (h *Host) expand(dirs []string, part string, guessed bool) ([]string, error) {
	var found []string
	for _, dir := range dirs {
		names, err := h.match(dir, part)
		switch {
		case errors.Is(err, fs.ErrNotExist), guessed && errors.Is(err, unix.ENOTDIR):
			continue
		case err != nil:
			return nil, err
		}
		for _, name := range names {
			found = append(found, join(dir, name))
		}
		if len(found) > h.opts.MaxMatches {
			return nil, fmt.Errorf("%w: more than %d", ErrTooMany, h.opts.MaxMatches)
		}
	}
	return found, nil
}

// match gives the names in dir that match one component.
func (h *Host) match(dir, part string) ([]string, error) {
	if err := h.fault(dir); err != nil {
		return nil, err
	}
	if !hasMeta(part) {
		return h.exists(dir, part)
	}
	part = strings.ReplaceAll(part, "[!", "[^") // as glob(7) writes it
	if _, err := path.Match(part, ""); err != nil {
		return nil, err
	}
	fd, _, err := h.open(dir, forList)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), dir)
	defer f.Close()
	return h.list(f, func(name string) bool {
		ok, _ := path.Match(part, name)
		return ok && (name[0] != '.' || part[0] == '.')
	})
}

func (h *Host) exists(dir, name string) ([]string, error) {
	fd, _, err := h.open(join(dir, name), nameOnly|unix.O_NOFOLLOW)
	if err != nil {
		return nil, err
	}
	unix.Close(fd)
	return []string{name}, nil
}

func (h *Host) list(f *os.File, want func(string) bool) ([]string, error) {
	var found []string
	for seen := 0; ; seen += listChunk {
		names, err := f.Readdirnames(listChunk)
		for _, name := range names {
			if want(name) {
				found = append(found, name)
			}
		}
		switch {
		case len(found) > h.opts.MaxMatches || seen > maxEntries:
			return nil, fmt.Errorf("%w: more than %d", ErrTooMany, min(h.opts.MaxMatches, maxEntries))
		case err == io.EOF:
			return found, nil
		case err != nil:
			return nil, err
		}
	}
}

func hasMeta(part string) bool {
	return strings.ContainsAny(part, `*?[\`)
}

func guessed(parts []string) bool {
	return slices.ContainsFunc(parts, hasMeta)
}

func under(dirs []string, name string) []string {
	for i, dir := range dirs {
		dirs[i] = join(dir, name)
	}
	return dirs
}

// join leaves ".." to whoever resolves the path: dir may be a link.
func join(dir, name string) string {
	if dir == "/" {
		return dir + name
	}
	return dir + "/" + name
}
