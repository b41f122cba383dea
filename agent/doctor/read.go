package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"stigwatch/agent/service"
)

// at is a path of the machine.
func (b *box) at(path string) string { return filepath.Join(b.o.Root, path) }

// text is what a file holds, read with the caps of package host.
func (b *box) text(path string) (string, error) {
	f, err := b.host.Read(path)
	if err != nil {
		return "", err
	}
	return string(f.Bytes), nil
}

// entry finds the service's own line in passwd(5) or group(5), of four fields and
// more; nil when there is none. A static binary asks no name service.
func (b *box) entry(path string) ([]string, error) {
	text, err := b.text(path)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) >= 4 && f[0] == service.Name {
			return f, nil
		}
	}
	return nil, nil
}

// owner is a name for a number, where we have one.
func (b *box) owner(uid int) string {
	switch uid {
	case 0:
		return "root"
	case b.uid:
		return service.Name
	}
	return "uid " + strconv.Itoa(uid)
}

func (b *box) groupOf(gid int) string {
	switch gid {
	case 0:
		return "root"
	case b.gid:
		return service.Name
	}
	return "gid " + strconv.Itoa(gid)
}

// number reads a number of a user or group; -1 is none.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// fields splits at a separator; nothing has none.
func fields(text string, sep rune) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == sep })
}

// stat looks at a path, and at what it links to.
func (b *box) stat(path string) (*unix.Stat_t, error) { return statOf(unix.Stat, b.at(path)) }

// lstat looks at a path itself.
func (b *box) lstat(path string) (*unix.Stat_t, error) { return statOf(unix.Lstat, b.at(path)) }

func statOf(call func(string, *unix.Stat_t) error, path string) (*unix.Stat_t, error) {
	st := &unix.Stat_t{}
	if err := call(path, st); err != nil {
		return nil, err
	}
	return st, nil
}

// unseen is the item of what could not be looked at: what this user may not see is for
// root, all else is said as it is.
func unseen(what string, err error) Item {
	if denied(err) {
		return skip(asRoot, "cannot look at %s: permission denied", what)
	}
	return skip("", "cannot look at %s: %v", what, err)
}

func denied(err error) bool { return errors.Is(err, fs.ErrPermission) }
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) }

func mode(st *unix.Stat_t) string { return fmt.Sprintf("%04o", st.Mode&0o7777) }
