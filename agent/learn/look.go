package learn

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"stigwatch/agent/host"
)

// Caps on one picture.
const (
	maxDepth = 8
	maxLooks = 5_000
	maxBytes = 64 << 20
)

// forbidden tells of folders that are never looked at: where the product keeps
// credentials, and what is no configuration but the kernel.
func forbidden(name string) bool {
	return slices.ContainsFunc([]string{"/mi/files/system", "/proc", "/sys", "/dev"}, func(dir string) bool {
		return name == dir || strings.HasPrefix(name, dir+"/")
	})
}

// Folders are where a System Manager's settings are looked for.
func Folders() []string { return []string{"/mi/config-system", "/mi/tomcat-properties"} }

// Look takes a picture of the files below the folders, without what was set. A
// name may be a file's too. Hidden files are left out. A file that cannot be read is noted; a folder that
// cannot be listed, or too many files, are an error.
func Look(h *host.Host, folders []string) (Picture, error) {
	l := looker{host: h, picture: Picture{Files: map[string][]byte{}, Unread: map[string]string{}}, seen: map[string]string{}}
	for _, folder := range folders {
		name := path.Clean("/" + folder)
		isFolder, err := l.file(name)
		if err == nil && isFolder {
			err = l.folder(name, 0)
		}
		if err != nil {
			return Picture{}, err
		}
	}
	if len(l.picture.Files)+len(l.picture.Unread) == 0 {
		return Picture{}, fmt.Errorf("cannot look below %s: there is no file; name other folders or files with --dir", strings.Join(folders, ", "))
	}
	return l.picture, nil
}

type looker struct {
	host    *host.Host
	picture Picture
	seen    map[string]string // resolved path → name: links may lead to the same file
	looks   int
	bytes   int
}

func (l *looker) folder(dir string, depth int) error {
	names, err := l.host.Glob(escaped(dir) + "/*")
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return nil // a pipe or the like
	case err != nil:
		return err
	}
	if depth > maxDepth { // a link may lead back up
		l.picture.Unread[dir] = "folders go too deep"
		return nil
	}
	var folders []string
	for _, name := range names {
		if l.looks++; l.looks > maxLooks {
			return fmt.Errorf("cannot look below %q: there are more than %d files; name narrower folders with --dir", dir, maxLooks)
		}
		isFolder, err := l.file(name)
		if err != nil {
			return err
		}
		if isFolder {
			folders = append(folders, name)
		}
	}
	for _, name := range folders {
		if err := l.folder(name, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// file takes one in and says whether it may be a folder instead.
func (l *looker) file(name string) (isFolder bool, err error) {
	if forbidden(name) {
		return false, nil
	}
	f, err := l.host.Read(name)
	switch {
	case errors.Is(err, host.ErrNotRegular):
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil // it went away
	case err == nil && (forbidden(f.Resolved) || l.seen[f.Resolved] != "" && name != f.Resolved):
		return false, nil
	case err != nil:
		l.picture.Unread[name] = err.Error()
		return false, nil
	case strings.ContainsAny(name, `*?[\`) || !utf8.ValidString(name):
		l.picture.Unread[name] = "no mapping can name it"
		return false, nil
	}
	delete(l.picture.Files, l.seen[f.Resolved])
	l.seen[f.Resolved] = name
	if l.bytes += len(f.Bytes); l.bytes > maxBytes {
		return false, fmt.Errorf("cannot look at so much: more than %d bytes; name narrower folders with --dir", maxBytes)
	}
	l.picture.Files[name] = f.Bytes
	return false, nil
}

// escaped names a folder in a pattern.
func escaped(dir string) string {
	var b strings.Builder
	for _, r := range dir {
		if strings.ContainsRune(`*?[\`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
