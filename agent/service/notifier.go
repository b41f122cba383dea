package service

import (
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

// pingsPerInterval is how many watchdog messages leave in one interval at most:
// the manager wants two, one more may be lost.
const pingsPerInterval = 4

// Notifier tells systemd how the service is, sd_notify(3). Without a manager
// that listens each of its methods does nothing. A message that does not leave
// is logged: nothing better can be done about it.
type Notifier struct {
	log      *slog.Logger
	interval time.Duration // of the watchdog; 0 = none
	start    time.Time
	next     atomic.Int64 // time since start before which no ping leaves
}

// NewNotifier makes a notifier for this process's environment.
func NewNotifier(log *slog.Logger) *Notifier {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	n := &Notifier{log: log, start: time.Now()}
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("the watchdog's interval is not legible", "error", err)
		return n
	}
	n.interval = interval
	return n
}

// Watchdog is the interval in which the manager wants to hear that the service
// is alive; 0 when it does not ask. An idle loop calls Alive at least twice in
// it.
func (n *Notifier) Watchdog() time.Duration { return n.interval }

// Ready says that starting, or reloading, is done.
func (n *Notifier) Ready() { n.send(daemon.SdNotifyReady) }

// Reloading says that a reload has begun; Ready says when it is done. systemd
// 253 and later want the time with it, to tell this reload from an older one.
func (n *Notifier) Reloading() {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		n.log.Warn("the monotonic clock is not legible", "error", err)
		return
	}
	n.send(fmt.Sprintf("%s\nMONOTONIC_USEC=%d", daemon.SdNotifyReloading, now.Nano()/1000))
}

// Stopping says that the service is about to end.
func (n *Notifier) Stopping() { n.send(daemon.SdNotifyStopping) }

// Status is one line for `systemctl status`.
func (n *Notifier) Status(line string) {
	n.send("STATUS=" + strings.Join(strings.FieldsFunc(line, func(r rune) bool { return r < ' ' }), " "))
}

// Alive says that the loop makes progress. It may be called as often as it
// does: more calls than the manager needs send nothing. Nobody else calls it,
// so that a loop that hangs is killed.
func (n *Notifier) Alive() {
	if n.interval == 0 {
		return
	}
	now := int64(time.Since(n.start))
	next := n.next.Load()
	if now < next || !n.next.CompareAndSwap(next, now+int64(n.interval/pingsPerInterval)) {
		return
	}
	n.send(daemon.SdNotifyWatchdog)
}

func (n *Notifier) send(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		n.log.Warn("the service manager was not told", "state", state, "error", err)
	}
}
