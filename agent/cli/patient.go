package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	logWait  = 100 * time.Millisecond // for whoever reads the log; after a line that was lost: none
	pipePart = 4096                   // what fits where poll(2) says that something does: PIPE_BUF
)

// patient is where the daemon's log goes: a line that nobody takes is lost, and counted.
// The loop logs too, and a reader of the log that hangs must not stop the watch.
type patient struct {
	f    *os.File
	mu   sync.Mutex // guards what follows
	lost int
	cut  bool // of the last line that left, the end was lost
}

// newPatient takes what is no file as it is: it does not hang.
func newPatient(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok {
		return &patient{f: f}
	}
	return w
}

// Write always takes the whole line.
func (p *patient) Write(line []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait := logWait
	if p.lost > 0 {
		wait = 0
	}
	if !p.room(wait) {
		p.lost++
		return len(line), nil
	}
	if p.lost > 0 {
		if p.cut {
			fmt.Fprintln(p.f)
		}
		fmt.Fprintf(p.f, "lines of this log that nobody took, and that are lost: %d\n", p.lost)
		p.lost, p.cut = 0, false
	}
	for rest := line; len(rest) > 0; {
		if !p.room(logWait) {
			p.lost, p.cut = p.lost+1, true
			return len(line), nil
		}
		n, err := p.f.Write(rest[:min(len(rest), pipePart)])
		if err != nil {
			return len(line), err
		}
		rest = rest[n:]
	}
	return len(line), nil
}

// room waits until something can be written without waiting. Where that cannot be
// told, as of a file on disk, it can.
func (p *patient) room(wait time.Duration) bool {
	raw, err := p.f.SyscallConn()
	if err != nil {
		return true
	}
	ready := true
	_ = raw.Control(func(fd uintptr) {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, int(wait/time.Millisecond))
		ready = err != nil || n > 0
	})
	return ready
}
