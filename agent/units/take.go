package units

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
)

// How a unit takes its files up.
const (
	Reload  = "reload"
	Restart = "restart"
)

// Between two looks at a unit whose job is not done yet.
const (
	firstLook = 5 * time.Millisecond
	lastLook  = 100 * time.Millisecond
)

// ErrDown says that a unit ran before it was to take its files up, and does not now.
var ErrDown = errors.New("it went down")

// Take has a running unit take its files up, and waits until systemd is done with
// that: ReloadOrTryRestartUnit or TryRestartUnit of org.freedesktop.systemd1(5). A
// unit that does not run, or that systemd does not know, has nothing to take up; ran
// is then false. It is an error when the unit does not run afterwards: ErrDown.
func (b *Bus) Take(ctx context.Context, name, how string) (ran bool, err error) {
	if err := b.connect(ctx); err != nil {
		return false, fmt.Errorf("cannot ask systemd: %w", err)
	}
	was, err := b.ask(ctx, name)
	if err != nil {
		return false, fmt.Errorf("cannot ask systemd of %s: %w", name, err)
	}
	if !runs(was) {
		return false, nil
	}
	method := "TryRestartUnit"
	if how == Reload {
		method = "ReloadOrTryRestartUnit"
	}
	return true, b.have(ctx, method, name, how)
}

// Revive starts a unit that went down when it took its files up: RestartUnit.
func (b *Bus) Revive(ctx context.Context, name string) error {
	if err := b.connect(ctx); err != nil {
		return fmt.Errorf("cannot ask systemd: %w", err)
	}
	return b.have(ctx, "RestartUnit", name, Restart)
}

// have calls a method of systemd's manager for a unit, which has to run when systemd
// is done with it.
func (b *Bus) have(ctx context.Context, method, name, how string) error {
	var job dbus.ObjectPath
	call := b.conn.Object(manager, managerPath).CallWithContext(ctx, manager+".Manager."+method, dbus.FlagNoAutoStart, name, "replace")
	if err := call.Store(&job); err != nil {
		return fmt.Errorf("cannot %s %s: %w", how, name, reason(err))
	}
	now, err := b.settled(ctx, name)
	if err == nil && !runs(now) {
		err = fmt.Errorf("%w: it is %s (%s)", ErrDown, now.Active, now.Sub)
	}
	if err != nil {
		return fmt.Errorf("cannot %s %s: %w", how, name, err)
	}
	return nil
}

func runs(s State) bool { return s.Active == "active" || s.Active == "reloading" }

// settled waits until no job is left for a unit.
func (b *Bus) settled(ctx context.Context, name string) (State, error) {
	for wait := firstLook; ; wait = min(2*wait, lastLook) {
		s, err := b.ask(ctx, name)
		if err != nil || s.Job == 0 && s.Active != "reloading" && s.Active != "activating" {
			return s, err
		}
		select {
		case <-ctx.Done():
			return s, fmt.Errorf("systemd is not done with it: %w", ctx.Err())
		case <-time.After(wait):
		}
	}
}
