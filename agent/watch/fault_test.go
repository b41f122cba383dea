package watch

import (
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sys/unix"
)

func all(e Event) bool { return e.All && e.Reason != "" }

func TestOverflowMeansAllAndNothingIsLostAfterIt(t *testing.T) {
	r := newRig(t, Options{Quiet: 50 * time.Millisecond}, "etc/f").start([]string{"/etc/f"}, nil)
	r.mu.Lock() // the reader stalls
	for range queueLength(t)/4 + 100 {
		r.write("etc/noise", "x")
		r.remove("etc/noise")
	}
	r.mu.Unlock()
	r.until("All", all)
	if s := r.Stats(); s.Overflows == 0 {
		t.Errorf("the overflow was not counted: %+v", s)
	}
	r.write("etc/f", "after")
	r.settled("/etc/f", "after")
}

func queueLength(t *testing.T) int {
	b, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events")
	if err != nil {
		t.Skip(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || n > 1<<17 {
		t.Skipf("the kernel's queue holds %s events", b)
	}
	return n
}

func TestFolderQueueOverflowMeansAll(t *testing.T) {
	r := newRig(t, Options{}, "etc/f").start([]string{"/etc/f"}, nil)
	r.folderError(fsnotify.ErrEventOverflow)
	r.until("All", all)
	r.folderError(errors.New("broken"))
	r.until("All", all)
	r.folderError(unix.EINVAL)
	r.write("etc/f", "after")
	if e := r.next(); e.All {
		t.Errorf("a watch that is gone with its folder makes %+v", e)
	}
}

func TestLostWatchMeansAllAndIsRenewed(t *testing.T) {
	r := newRig(t, Options{Quiet: 50 * time.Millisecond}, "etc/f").start([]string{"/etc/f"}, nil)
	r.mu.Lock()
	_, err := unix.InotifyRmWatch(r.fd, uint32(r.table.folders[r.at("etc")].wd))
	r.mu.Unlock()
	r.must(err)
	r.until("All", all)
	if s := r.Stats(); s.Lost != 1 {
		t.Errorf("the loss was not counted: %+v", s)
	}
	r.eventually("the watch is renewed", func() bool { return r.watches("etc") })
	r.write("etc/f", "after")
	r.settled("/etc/f", "after")
}

func TestUnmountMeansAll(t *testing.T) {
	r := newRig(t, Options{}, "etc/f")
	r.must2(r.Set([]string{"/etc/f"}, nil))
	defer r.Close()
	r.mu.Lock()
	wd := r.table.folders[r.at("etc")].wd
	r.absorb(append(raw(wd, unix.IN_UNMOUNT, ""), raw(wd, unix.IN_IGNORED, "")...), time.Now())
	r.offer(time.Now())
	r.mu.Unlock()
	r.until("All", all)
	if s := r.Stats(); s.Lost != 1 {
		t.Errorf("one unmount counts as %d losses", s.Lost)
	}
}

func TestFolderThatCannotBeWatchedIsSaidOnce(t *testing.T) {
	r := newRig(t, Options{}, "etc/f").start([]string{"/etc/f"}, nil)
	f := &folder{path: "/etc"}
	for range 2 {
		if err := r.failed(f, unix.ENOSPC); !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "max_user_watches") {
			t.Errorf("the error is %v", err)
		}
	}
	r.until("All", all)
	if s := r.Stats(); s.Lost != 1 {
		t.Errorf("counted %d times", s.Lost)
	}
	if err := r.failed(f, unix.ENOENT); err != nil {
		t.Errorf("a folder that is not there is a failure: %v", err)
	}
}

func TestGoroutinesEndWithRun(t *testing.T) {
	r := newRig(t, Options{}, "etc/f").start([]string{"/etc/f"}, nil)
	r.write("etc/f", "new")
	r.sees("/etc/f")
	r.end()
	buf := make([]byte, 1<<20)
	stacks := string(buf[:runtime.Stack(buf, true)])
	for _, name := range []string{"watch.(*Watcher)", "fsnotify.(*inotify)"} {
		if strings.Contains(stacks, name) {
			t.Errorf("a goroutine is left:\n%s", stacks)
		}
	}
}

func TestIdleSetsNoTimer(t *testing.T) {
	r := newRig(t, Options{}, "etc/f").start([]string{"/etc/f"}, nil)
	r.write("etc/.f", "new")
	r.rename("etc/.f", "etc/f")
	r.sees("/etc/f")
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.armed.IsZero() || !r.settle.next.IsZero() {
		t.Error("a finished write leaves a timer behind")
	}
}
