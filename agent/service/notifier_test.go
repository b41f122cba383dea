package service_test

import (
	"net"
	"os"
	"regexp"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/service"
)

// manage stands in for systemd: the socket that it names in the environment.
func manage(t *testing.T, watchdog time.Duration) *net.UnixConn {
	t.Helper()
	dir, err := os.MkdirTemp("", "sw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: dir + "/notify", Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	t.Setenv("NOTIFY_SOCKET", dir+"/notify")
	t.Setenv("WATCHDOG_USEC", strconv.FormatInt(watchdog.Microseconds(), 10))
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	return c
}

// heard reads the n messages that have come.
func heard(t *testing.T, c *net.UnixConn, n int) []string {
	t.Helper()
	var out []string
	buf := make([]byte, 4096)
	for range n {
		k, err := c.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(buf[:k]))
	}
	return out
}

func TestNotifierTellsTheManager(t *testing.T) {
	c := manage(t, time.Second)
	n := service.NewNotifier(nil)
	n.Ready()
	n.Status("3 open\nREADY=1")
	n.Stopping()
	want := []string{"READY=1", "STATUS=3 open READY=1", "STOPPING=1"}
	if diff := cmp.Diff(want, heard(t, c, 3)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	n.Reloading()
	if got := heard(t, c, 1)[0]; !regexp.MustCompile(`^RELOADING=1\nMONOTONIC_USEC=[1-9]\d+$`).MatchString(got) {
		t.Errorf("got %q", got)
	}
}

func TestAliveIsSentNoMoreOftenThanNeeded(t *testing.T) {
	c := manage(t, 8*time.Second)
	synctest.Test(t, func(*testing.T) {
		n := service.NewNotifier(nil)
		for range 80 { // eight seconds, ten calls in each
			n.Alive()
			time.Sleep(100 * time.Millisecond)
		}
		n.Stopping()
	})
	want := []string{"WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"}
	if diff := cmp.Diff(want, heard(t, c, 5)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestNotifierWithoutManager(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "nonsense")
	n := service.NewNotifier(nil)
	n.Ready()
	n.Reloading()
	n.Alive()
	n.Status("")
	n.Stopping()
	if n.Watchdog() != 0 {
		t.Errorf("a watchdog of %v", n.Watchdog())
	}
}
