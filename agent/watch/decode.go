package watch

import (
	"bytes"
	"encoding/binary"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// rawEvent is one event as inotify(7) lays it out. The name points into the
// buffer that was read.
type rawEvent struct {
	wd   int32
	mask uint32
	name []byte
}

// nextEvent takes the first event off a buffer. It gives false when what is left
// is no whole event.
func nextEvent(buf []byte) (ev rawEvent, rest []byte, ok bool) {
	if len(buf) < unix.SizeofInotifyEvent {
		return ev, buf, false
	}
	ev.wd = int32(binary.NativeEndian.Uint32(buf))
	ev.mask = binary.NativeEndian.Uint32(buf[4:])
	n := uint64(binary.NativeEndian.Uint32(buf[12:]))
	buf = buf[unix.SizeofInotifyEvent:]
	if n > uint64(len(buf)) {
		return ev, buf, false
	}
	ev.name, _, _ = bytes.Cut(buf[:n], []byte{0})
	return ev, buf[n:], true
}

func (ev rawEvent) is(bits uint32) bool { return ev.mask&bits != 0 }

// userLimit is how many inotify watches one user may have; 0 when the kernel
// does not say.
func userLimit() int {
	b, err := os.ReadFile("/proc/sys/fs/inotify/max_user_watches")
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return n
}
