package replace

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMetadataIsKept(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		p := filepath.Join(o.Root, target)
		if os.Getuid() == 0 {
			o.Owner = 4242
			must(t, os.Chown(p, 4242, 4343))
			must(t, unix.Setxattr(p, "security.selinux", []byte("system_u:object_r:etc_t:s0\x00"), 0))
		}
		must(t, os.Chmod(p, 0o640|os.ModeSetuid))
		must(t, unix.Setxattr(p, "user.note", []byte("kept"), 0))
		must(t, unix.Setxattr(p, "system.posix_acl_access", acl(4, 44), 0))
		must(t, unix.Setxattr(filepath.Dir(p), "system.posix_acl_default", acl(6, 45), 0)) // must not rub off
		tr := tree(t, o)
		f, err := tr.Open(target)
		must(t, err)
		defer f.Close()
		c, err := f.Stage("id-1", newBytes)
		must(t, err)
		must(t, c.Commit())
		now, err := tr.Open(target)
		must(t, err)
		defer now.Close()
		if !now.Meta.Equal(f.Meta) || len(now.Meta.Xattrs) < 2 || now.Meta.Mode&unix.S_ISUID == 0 {
			t.Errorf("it was %s and is %s", f.Meta, now.Meta)
		}
		if !bytes.Equal(now.Meta.Xattrs["system.posix_acl_access"], f.Meta.Xattrs["system.posix_acl_access"]) {
			t.Error("another ACL")
		}
	})
}

func TestWhatTheFolderGivesNewFilesIsTakenOff(t *testing.T) {
	root := t.TempDir()
	put(t, root, target, oldBytes)
	must(t, unix.Setxattr(filepath.Dir(root+target), "system.posix_acl_default", acl(6, 45), 0))
	tr := tree(t, Options{Root: root, Owner: uint32(os.Getuid())})
	must(t, staged(t, tr).Commit())
	now, err := tr.Open(target)
	must(t, err)
	defer now.Close()
	if len(now.Meta.Xattrs) != 0 || now.Meta.Mode != 0o644 {
		t.Errorf("it is %s", now.Meta)
	}
}

func TestMetadataThatCannotBeHadIsRefused(t *testing.T) {
	root := t.TempDir()
	put(t, root, target, oldBytes)
	f, err := tree(t, Options{Root: root, Owner: uint32(os.Getuid())}).Open(target)
	must(t, err)
	defer f.Close()
	m := f.Meta
	m.Mode, m.Xattrs = 0o604, map[string][]byte{"system.posix_acl_access": acl(4, 44)} // its mask says rw
	if _, err := f.StageAs("id-1", newBytes, m); err == nil || !strings.Contains(err.Error(), "cannot keep mode") {
		t.Errorf("got %v", err)
	}
	m.Xattrs = map[string][]byte{"nonsense.x": nil}
	if _, err := f.StageAs("id-1", newBytes, m); !errors.Is(err, unix.ENOTSUP) {
		t.Errorf("got %v", err)
	}
	if l := leftovers(t, root); l != nil {
		t.Errorf("left: %v", l)
	}
}

// acl is an access control list that gives a user rights, as the kernel has it.
func acl(perm, uid byte) []byte {
	b := []byte{2, 0, 0, 0}
	for _, e := range [][3]byte{{0x01, 6, 0xff}, {0x02, perm, uid}, {0x04, 4, 0xff}, {0x10, 6, 0xff}, {0x20, 0, 0xff}} {
		id := []byte{0xff, 0xff, 0xff, 0xff}
		if e[0] == 0x02 {
			id = []byte{uid, 0x11, 0, 0}
		}
		b = append(append(b, e[0], 0, e[1], 0), id...)
	}
	return b
}

func TestMetadataOfTheCallersChoiceIsGiven(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		tr := tree(t, o)
		f, err := tr.Open(target)
		must(t, err)
		defer f.Close()
		m := f.Meta
		m.Mode, m.Xattrs = 0o600, map[string][]byte{"user.note": []byte("other")}
		c, err := f.StageAs("id-1", newBytes, m)
		must(t, err)
		must(t, c.Commit())
		now, err := tr.Open(target)
		must(t, err)
		defer now.Close()
		if !now.Meta.Equal(m) {
			t.Errorf("wanted %s, it is %s", m, now.Meta)
		}
	})
}
