package confine

import (
	"errors"
	"syscall"
)

// ErrBuild says that the program was built with the C library, whose threads Go does
// not know.
var ErrBuild = errors.New("this stigwatch was built with the C library, and cannot change all of its threads: build it with CGO_ENABLED=0")

// onAllThreads makes a system call in each thread of the process. Those that come
// later inherit what it did.
func onAllThreads(trap, a1, a2, a3 uintptr) error {
	_, _, errno := syscall.AllThreadsSyscall(trap, a1, a2, a3)
	switch errno {
	case 0:
		return nil
	case syscall.ENOTSUP:
		return ErrBuild
	}
	return errno
}
