package confine

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// firstPassed is the first descriptor that a service manager passes, sd_listen_fds(3).
const firstPassed = 3

// closeInherited closes what whoever started the process left open, but for the three
// standard ones and the sockets that the service manager passed. What Go opened itself
// is marked to be closed at the start of another program; what came through such a
// start cannot be.
func closeInherited() error {
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	passed := passedSockets()
	for _, n := range names {
		fd, err := strconv.Atoi(n.Name())
		if err != nil || fd < firstPassed || fd < firstPassed+passed {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			unix.Close(fd)
		}
	}
	return nil
}

// passedSockets is how many sockets are meant for this process.
func passedSockets() int {
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return 0
	}
	n, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// needed is the environment that something of ours reads.
var needed = []string{
	"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID", // the service manager's
	"CREDENTIALS_DIRECTORY", "JOURNAL_STREAM", "INVOCATION_ID",
	"GODEBUG", "GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GOTRACEBACK", "GOCOVERDIR", // Go's runtime
	"SSL_CERT_FILE", "SSL_CERT_DIR", "LOCALDOMAIN", "RES_OPTIONS", "TZ", "ZONEINFO", // and library
	"NO_COLOR", "TERM",
}

// scrub removes all other environment. It stays in /proc/PID/environ, which shows how
// the process was started.
func scrub() {
	for _, line := range os.Environ() {
		if name, _, _ := strings.Cut(line, "="); !slices.Contains(needed, name) {
			_ = os.Unsetenv(name)
		}
	}
}
