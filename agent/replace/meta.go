package replace

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Meta is what a file has besides its bytes: all that a replacement keeps. The
// times are not kept: they say when somebody wrote.
type Meta struct {
	Mode   uint32            `json:"mode"` // permission bits, setuid, setgid, sticky
	UID    uint32            `json:"uid"`
	GID    uint32            `json:"gid"`
	Xattrs map[string][]byte `json:"xattrs,omitempty"` // ACL and SELinux label among them
}

// unkeepable are attributes that the kernel computes of the content or the inode:
// on another file they would be wrong, and IMA would then refuse to open it.
var unkeepable = []string{"security.ima", "security.evm"}

// Equal says whether two files have the same mode, owner and attributes.
func (m Meta) Equal(o Meta) bool {
	if m.Mode != o.Mode || m.UID != o.UID || m.GID != o.GID || len(m.Xattrs) != len(o.Xattrs) {
		return false
	}
	for name, value := range m.Xattrs {
		if v, ok := o.Xattrs[name]; !ok || !bytes.Equal(v, value) {
			return false
		}
	}
	return true
}

func metaOf(f *os.File, st *unix.Stat_t) (Meta, error) {
	m := Meta{Mode: st.Mode & 0o7777, UID: st.Uid, GID: st.Gid}
	names, err := xattrs(f)
	if err != nil {
		return m, fmt.Errorf("cannot list extended attributes: %w", err)
	}
	for _, name := range names {
		v, err := xattr(f, name)
		if err != nil {
			return m, fmt.Errorf("cannot read extended attribute %q: %w", name, err)
		}
		if m.Xattrs == nil {
			m.Xattrs = map[string][]byte{}
		}
		m.Xattrs[name] = v
	}
	return m, nil
}

// apply gives an open file this metadata, and looks whether it took it. The owner
// comes first and the attributes last: a change of owner clears setuid bits and
// capabilities, and a change of mode alters an ACL's mask.
func (m Meta) apply(f *os.File) error {
	fd := int(f.Fd())
	if err := unix.Fchown(fd, int(m.UID), int(m.GID)); err != nil {
		return fmt.Errorf("cannot set owner: %w", err)
	}
	if err := m.dropOthers(f); err != nil {
		return err
	}
	if err := unix.Fchmod(fd, m.Mode); err != nil {
		return fmt.Errorf("cannot set mode: %w", err)
	}
	for name, value := range m.Xattrs {
		if v, err := xattr(f, name); err == nil && bytes.Equal(v, value) {
			continue
		}
		if err := unix.Fsetxattr(fd, name, value, 0); err != nil {
			return fmt.Errorf("cannot set extended attribute %q: %w", name, err)
		}
	}
	return m.verify(f)
}

// dropOthers takes off what the folder gave the file, such as its default ACL.
func (m Meta) dropOthers(f *os.File) error {
	names, err := xattrs(f)
	if err != nil {
		return fmt.Errorf("cannot list extended attributes: %w", err)
	}
	for _, name := range names {
		if _, wanted := m.Xattrs[name]; wanted || name == "security.selinux" { // a label can be set, never removed
			continue
		}
		if err := unix.Fremovexattr(int(f.Fd()), name); err != nil {
			return fmt.Errorf("cannot remove extended attribute %q: %w", name, err)
		}
	}
	return nil
}

func (m Meta) verify(f *os.File) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	now, err := metaOf(f, &st)
	if err != nil {
		return err
	}
	if !m.Equal(now) {
		return fmt.Errorf("cannot keep mode, owner and attributes: %s became %s", m, now)
	}
	return nil
}

func (m Meta) String() string {
	names := make([]string, 0, len(m.Xattrs))
	for name := range m.Xattrs {
		names = append(names, name)
	}
	slices.Sort(names)
	return fmt.Sprintf("%04o %d:%d [%s]", m.Mode, m.UID, m.GID, strings.Join(names, " "))
}

func xattrs(f *os.File) ([]string, error) {
	buf := make([]byte, 64<<10) // the kernel's own cap
	n, err := unix.Flistxattr(int(f.Fd()), buf)
	if err == unix.ENOTSUP {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := strings.FieldsFunc(string(buf[:n]), func(r rune) bool { return r == 0 })
	return slices.DeleteFunc(names, func(s string) bool { return slices.Contains(unkeepable, s) }), nil
}

func xattr(f *os.File, name string) ([]byte, error) {
	buf := make([]byte, 64<<10)
	n, err := unix.Fgetxattr(int(f.Fd()), name, buf)
	if err != nil {
		return nil, err
	}
	return bytes.Clone(buf[:n]), nil
}
