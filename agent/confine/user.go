package confine

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrNoUser says that there is no user of that name.
var ErrNoUser = errors.New("there is no such user")

// Become makes a process of root one of another user, with that user's groups, which
// keeps CAP_DAC_READ_SEARCH alone. There is no way back: no set holds another
// capability, and root's number gives none any more.
//
// It is for service managers that cannot do it: systemd before 229 knows no ambient
// capabilities, nor do kernels before 4.3. So nothing here needs them.
func Become(name string) error {
	if err := become(name); err != nil {
		return fmt.Errorf("cannot become the user %q: %w", name, err)
	}
	return nil
}

func become(name string) error {
	if os.Geteuid() != 0 {
		return errors.New("only root may: start it as root, or leave --user away")
	}
	if lacks := lacking(); len(lacks) > 0 {
		return fmt.Errorf("root has no %s here: see CapabilityBoundingSet= and SecureBits= of its unit", strings.Join(lacks, ", "))
	}
	uid, gids, err := lookUp(name)
	if err != nil {
		return err
	}
	if uid == 0 {
		return errors.New("that is root itself: name an ordinary user, such as stigwatch")
	}
	if err := leaveRoot(); err != nil {
		return err
	}
	if err := errors.Join(syscall.Setgroups(gids), syscall.Setresgid(gids[0], gids[0], gids[0]), syscall.Setresuid(uid, uid, uid)); err != nil {
		return fmt.Errorf("cannot change user and groups: %w", err)
	}
	if err := keepOnly(unix.CAP_DAC_READ_SEARCH); err != nil {
		return fmt.Errorf("cannot keep CAP_DAC_READ_SEARCH: %w", err)
	}
	if err := onAllThreads(unix.SYS_PRCTL, unix.PR_SET_KEEPCAPS, 0, 0); err != nil {
		return err
	}
	return stays(uid)
}

// lacking names what is missing to become another user and keep what is kept.
func lacking() []string {
	var out []string
	for _, c := range []struct {
		number uint
		name   string
	}{{unix.CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH"}, {unix.CAP_SETUID, "CAP_SETUID"}, {unix.CAP_SETGID, "CAP_SETGID"}, {unix.CAP_SETPCAP, "CAP_SETPCAP"}} {
		if !Has(c.number) {
			out = append(out, c.name)
		}
	}
	return out
}

// lookUp gives a user's number and groups, the primary one first.
func lookUp(name string) (uid int, gids []int, err error) {
	u, err := user.Lookup(name)
	if unknown := user.UnknownUserError(""); errors.As(err, &unknown) {
		return 0, nil, ErrNoUser
	}
	if err != nil {
		return 0, nil, err
	}
	texts, err := u.GroupIds()
	if err != nil {
		return 0, nil, fmt.Errorf("cannot tell its groups: %w", err)
	}
	for _, t := range append([]string{u.Uid, u.Gid}, texts...) {
		n, err := strconv.Atoi(t)
		if err != nil || n < 0 {
			return 0, nil, fmt.Errorf("%q is no number of a user or group", t)
		}
		if !slices.Contains(gids[min(1, len(gids)):], n) {
			gids = append(gids, n)
		}
	}
	return gids[0], gids[1:], nil
}

// The secure bits of capabilities(7).
const (
	noRoot       = 1 << 0
	noRootLocked = 1 << 1
	keepCaps     = 1 << 4
)

// leaveRoot takes from the number 0 what is special about it, and from what the process
// could ever be given all but one capability. What it has stays through the change of
// its user.
func leaveRoot() error {
	if err := onAllThreads(unix.SYS_PRCTL, unix.PR_SET_SECUREBITS, noRoot|noRootLocked|keepCaps, 0); err != nil {
		return fmt.Errorf("cannot give root's rights up: %w", err)
	}
	for c := uintptr(0); ; c++ {
		has, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0)
		if err == unix.EINVAL {
			return nil // the kernel knows no more
		}
		if err != nil {
			return err
		}
		if has == 0 || c == unix.CAP_DAC_READ_SEARCH {
			continue
		}
		if err := onAllThreads(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, c, 0); err != nil {
			return fmt.Errorf("cannot give capability %d up: %w", c, err)
		}
	}
}

// keepOnly leaves each thread one capability, in force.
func keepOnly(c uint) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	sets[c/32].Effective, sets[c/32].Permitted = 1<<(c%32), 1<<(c%32)
	return onAllThreads(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&sets[0])), 0)
}

// Has tells whether a capability is in force.
func Has(c uint) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	return unix.Capget(&header, &sets[0]) == nil && sets[c/32].Effective&(1<<(c%32)) != 0
}

// stays looks whether it all holds: what the kernel says, and what it does when asked
// for the way back.
func stays(uid int) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return err
	}
	const one = 1 << unix.CAP_DAC_READ_SEARCH
	real, effective, saved := unix.Getresuid()
	switch {
	case sets != [2]unix.CapUserData{{Effective: one, Permitted: one}}:
		return fmt.Errorf("it has other capabilities than CAP_DAC_READ_SEARCH: %+v", sets)
	case real != uid || effective != uid || saved != uid:
		return fmt.Errorf("it is user %d, %d, %d", real, effective, saved)
	case syscall.Setresuid(0, 0, 0) == nil:
		return errors.New("it could become root again")
	}
	return nil
}
