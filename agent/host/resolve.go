package host

import (
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// maxRetries bounds how often a lookup starts again because somebody renames
// folders under it (openat2 says EAGAIN then).
const maxRetries = 8

// open resolves p inside the root, opens it with flags and says where inside
// the root it really is. Errors are bare error numbers.
func (h *Host) open(p string, flags int) (fd int, resolved string, err error) {
	if h.walk {
		return h.openWalk(p, flags, nil)
	}
	// Without links on the way, the clean path is the resolved one: most paths
	// need no second look.
	fd, err = h.openat2(p, flags, unix.RESOLVE_NO_SYMLINKS)
	if err == nil {
		return fd, path.Clean(p), nil
	}
	if err == unix.ELOOP {
		fd, err = h.openat2(p, flags, unix.RESOLVE_NO_MAGICLINKS)
	}
	if err == unix.EAGAIN {
		return h.openWalk(p, flags, nil)
	}
	if err != nil {
		return -1, "", err
	}
	return h.located(fd, p, flags)
}

// located adds where an open file is. Where /proc cannot tell, the walk does.
func (h *Host) located(fd int, p string, flags int) (int, string, error) {
	if at, ok := h.pathOf(fd); ok {
		return fd, at, nil
	}
	unix.Close(fd)
	return h.openWalk(p, flags, nil)
}

func (h *Host) openat2(p string, flags int, resolve uint64) (int, error) {
	how := unix.OpenHow{Flags: uint64(flags), Resolve: unix.RESOLVE_IN_ROOT | resolve}
	for range maxRetries {
		fd, err := unix.Openat2(h.fd(), p, &how)
		if err != unix.EINTR && err != unix.EAGAIN {
			return fd, err
		}
	}
	return -1, unix.EAGAIN
}

// haveOpenat2 asks once. ENOSYS is an old kernel, EPERM a sandbox that does not
// know the call.
func haveOpenat2(root int) bool {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT}
	fd, err := unix.Openat2(root, "/", &how)
	if err != nil {
		return false
	}
	unix.Close(fd)
	return true
}

// pathOf says where inside the root an open file is, if it still is there.
func (h *Host) pathOf(fd int) (string, bool) {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlink(procPath(fd), buf)
	if err != nil || n == len(buf) {
		return "", false
	}
	at := string(buf[:n])
	if h.root != "/" {
		if at == h.root {
			return "/", true
		}
		var ok bool
		if at, ok = strings.CutPrefix(at, h.root); !ok {
			return "", false
		}
	}
	return at, at != "" && at[0] == '/' && !strings.HasSuffix(at, " (deleted)")
}

// procPath is the name under which the kernel opens an open file once more.
func procPath(fd int) string {
	return "/proc/self/fd/" + strconv.Itoa(fd)
}
