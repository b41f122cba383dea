// Package confine takes from its own process what it will never need: the way to
// other privileges, core dumps, descriptors and environment that it inherited, and
// writing outside of its folders.
//
// All of it goes one way, and is done at the start by a process that has read
// nothing hostile yet. It stands behind what a unit does (systemd/) and does not
// lean on it: a process that is started by hand gets as much of it as the kernel has.
// What is not in force is said, never assumed.
//
// Linux keeps most of this for each thread. A Go program has several before main
// begins, so it is set on all of them, by syscall.AllThreadsSyscall; a build with the
// C library cannot do that (it says so), a release is built without.
//
// Reading is not fenced in. Landlock binds a permission to an inode as it is when
// the fence goes up: a folder that an upgrade replaces, or that is mounted later,
// would be unreadable from then on, and whatever sshd, rsyslog or PAM are told to
// include may lie anywhere. An agent that goes blind is worse than one that could
// read more than it does.
package confine

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// State is what is in force.
type State struct {
	NoNewPrivs bool     // no program that it starts gains privileges
	Undumpable bool     // no core dump, and no look into its memory by its own user
	Seccomp    bool     // a filter of system calls, which the service manager has set
	Landlock   int      // the ABI of the fence; 0: there is none
	Writes     []string // folders inside the fence
	Missing    []string // what is not in force, and why, for people
}

// Process confines the process as far as no configuration says more. tight are the
// permission bits that no file that it makes has.
func Process(tight int) *State {
	s := &State{}
	s.Seccomp = seccomp()
	if err := onAllThreads(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0); err != nil {
		s.missing("no new privileges", err)
	}
	n, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	s.NoNewPrivs = err == nil && n == 1
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		s.missing("no core dumps", err)
	}
	if err := undumpable(); err != nil {
		s.missing("no core dumps", err)
	} else {
		s.Undumpable = true
	}
	unix.Umask(unix.Umask(0o777) | tight)
	if err := closeInherited(); err != nil {
		s.missing("inherited descriptors are closed", err)
	}
	scrub()
	return s
}

func (s *State) missing(what string, err error) {
	s.Missing = append(s.Missing, fmt.Sprintf("%s: %v", what, err))
}

// String says in a line what is in force.
func (s *State) String() string {
	var parts []string
	for _, p := range []struct {
		holds bool
		text  string
	}{
		{s.Landlock > 0, "Landlock ABI " + strconv.Itoa(s.Landlock)}, {s.NoNewPrivs, "no new privileges"},
		{s.Undumpable, "no core dumps"}, {s.Seccomp, "seccomp"},
	} {
		if p.holds {
			parts = append(parts, p.text)
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// seccomp tells whether system calls are filtered: mode 2 in proc_pid_status(5).
func seccomp() bool {
	b, err := os.ReadFile("/proc/self/status")
	return err == nil && strings.Contains(string(b), "\nSeccomp:\t2\n")
}

// undumpable has the process leave no core dump, and nobody but root look into its
// memory. /proc/self belongs to root then. The thread that asks is let in all the
// same; kernels before 3.12 let in only the first one, and there whatever is read
// through a descriptor once more would be unreadable: reading goes first.
func undumpable() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return err
	}
	if err := reopens(); err != nil {
		return errors.Join(fmt.Errorf("this kernel would not let it read through its own descriptors: %w", err), unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0))
	}
	return nil
}

// reopens tries what agent/host does on every link, in a thread that is not the first.
func reopens() error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if unix.Gettid() == unix.Getpid() {
			done <- reopens() // this one is taken, so that is another
			return
		}
		done <- reopen()
	}()
	return <-done
}

func reopen() error {
	name, err := unix.Open("/", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(name)
	link := "/proc/self/fd/" + strconv.Itoa(name)
	if _, err := unix.Readlink(link, make([]byte, 16)); err != nil {
		return unlessGone(err)
	}
	fd, err := unix.Open(link, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return unlessGone(err)
	}
	return unix.Close(fd)
}

// unlessGone lets a missing /proc pass: it is not this process that made it so.
func unlessGone(err error) error {
	if err == unix.ENOENT {
		return nil
	}
	return err
}
