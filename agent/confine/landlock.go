package confine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Fence says what may still be done behind it.
type Fence struct {
	Writes  []string // folders, in which anything may be made and removed; one that is not there yet stands for the nearest above it
	Devices []string // that may be written to
	Execute bool     // programs may be started; they inherit the fence
	Listen  bool     // TCP ports may be opened
}

// inFolders is what is handled of files at all, and allowed in the folders of a fence.
const inFolders = unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
	unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK

// nowhere is what is handled and allowed in no folder.
const nowhere = unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_SYM

// Fence puts up a fence of Landlock, as high as the kernel has it, and keeps in State
// what came of it. It can be put up once: a second one would only narrow the first.
//
// Renaming from one folder to another is never allowed: before ABI 2 it cannot be.
func (s *State) Fence(f Fence) {
	abi, err := version()
	if err == nil {
		s.Writes, err = f.enforce(abi)
	}
	if err != nil {
		s.missing("Landlock", err)
		return
	}
	s.Landlock = abi
}

// Unfenced says why there is no fence.
func (s *State) Unfenced(why string) {
	s.missing("Landlock", errors.New(why))
}

// version asks the kernel for the ABI.
func version() (int, error) {
	n, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	switch errno {
	case 0:
		return int(n), nil
	case unix.ENOSYS:
		return 0, errors.New("this kernel has none (5.13 and later can)")
	case unix.EOPNOTSUPP:
		return 0, errors.New("this kernel was booted without: see lsm= in /proc/cmdline")
	}
	return 0, errno
}

// ruleset is what an ABI can handle of a fence.
func (f *Fence) ruleset(abi int) unix.LandlockRulesetAttr {
	r := unix.LandlockRulesetAttr{Handled_access_fs: inFolders | nowhere}
	if !f.Execute {
		r.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_EXECUTE
	}
	if abi >= 2 {
		r.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if abi >= 3 {
		r.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if abi >= 4 && !f.Listen {
		r.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP
	}
	return r
}

func (f *Fence) enforce(abi int) (folders []string, err error) {
	attr := f.ruleset(abi)
	size := unsafe.Sizeof(attr)
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return nil, errno
	}
	defer unix.Close(int(fd))
	for _, p := range f.Writes {
		at := nearest(p)
		if err := allow(int(fd), at, attr.Handled_access_fs&(inFolders|unix.LANDLOCK_ACCESS_FS_TRUNCATE)); err != nil {
			return nil, fmt.Errorf("cannot let %q be written to: %w", at, err)
		}
		if !slices.Contains(folders, at) {
			folders = append(folders, at)
		}
	}
	for _, p := range f.Devices {
		err := allow(int(fd), p, attr.Handled_access_fs&(unix.LANDLOCK_ACCESS_FS_WRITE_FILE|unix.LANDLOCK_ACCESS_FS_TRUNCATE))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cannot let %q be written to: %w", p, err)
		}
	}
	return folders, onAllThreads(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0)
}

// allow adds a path to a set of rules. It holds for what is there now: another folder
// of the same name later is outside.
func allow(ruleset int, path string, access uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	rule := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(fd)}
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// nearest is a folder, or the nearest one above it that is there.
func nearest(dir string) string {
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() || dir == "/" || dir == "." {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// Outside gives those of the folders that are not behind the fence, and so cannot be
// written to until the process is started anew. Without a fence there are none.
func (s *State) Outside(folders []string) []string {
	if s == nil || s.Landlock == 0 {
		return nil
	}
	var out []string
	for _, dir := range folders {
		in := func(allowed string) bool { return within(allowed, dir) }
		if !slices.ContainsFunc(s.Writes, in) && !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	return out
}

func within(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}
