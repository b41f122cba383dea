// Package units asks systemd what state units are in, over the system bus and
// without any privilege, and is told when it may have changed.
//
// Of go-systemd's dbus package it takes the escaping of unit names alone. Its Conn
// opens two connections, listens to every job of the machine, and its subscription
// matches the properties of everything on the bus: an idle agent would wake up
// whenever anything starts. The one connection here matches the units that were
// asked for, so that nothing is heard of until one of them changes.
//
// The bus is the machine's own socket and nothing else: no address is taken from
// the environment, and there is no way round over systemd's private socket.
package units

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	sd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"
)

const (
	defaultSocket  = "/run/dbus/system_bus_socket"
	defaultTimeout = 2 * time.Second

	manager     = "org.freedesktop.systemd1"
	managerPath = dbus.ObjectPath("/org/freedesktop/systemd1")
	properties  = "org.freedesktop.DBus.Properties"

	maxName = 255 // systemd.unit(5)
	maxWord = 32  // bytes of a state's name; the longest of today has 20
)

// NotFound is the Load of a unit that systemd does not know.
const NotFound = "not-found"

// State is a unit as systemd has it: LoadState, ActiveState and SubState of
// org.freedesktop.systemd1(5).
type State struct {
	Load, Active, Sub string
	Job               uint32 // the number of the job that waits for it, 0 for none: what is stopped may be about to start
}

// Answer is what there is to know of one unit.
type Answer struct {
	Unit  string
	State State
	Err   error // why there is no State
}

// Options of a Bus. The zero value will do.
type Options struct {
	Socket  string        // of the system bus; "" means /run/dbus/system_bus_socket
	Timeout time.Duration // for all units of one Ask, connecting included; 0 means 2 s
}

// Bus is the way to systemd. It connects when it is asked, and anew after the
// connection broke. One goroutine uses it at a time; Changed may be waited for by
// another.
type Bus struct {
	o       Options
	changed changed
	conn    *dbus.Conn // nil: none
	watched []string   // units that conn tells of
}

// New makes a Bus that has asked nothing yet.
func New(o Options) *Bus {
	if o.Socket == "" {
		o.Socket = defaultSocket
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	return &Bus{o: o, changed: make(changed, 1)}
}

// Changed is sent to after a unit that was asked for may have changed: however
// often it did, once until it is received. It is never closed. A connection that
// broke is no change: the next Ask makes a new one. No Bus never changes.
func (b *Bus) Changed() <-chan struct{} {
	if b == nil {
		return nil
	}
	return b.changed
}

// Close ends the connection; the next Ask makes a new one. No Bus has none.
func (b *Bus) Close() {
	if b == nil {
		return
	}
	if b.conn != nil {
		_ = b.conn.Close()
	}
	b.conn, b.watched = nil, nil
}

// Ask gives an answer for each name, in their order, all within one time limit. A
// unit that systemd does not know is an answer too: NotFound, inactive.
func (b *Bus) Ask(ctx context.Context, names []string) []Answer {
	ctx, cancel := context.WithTimeout(ctx, b.o.Timeout)
	defer cancel()
	out := make([]Answer, len(names))
	err := b.connect(ctx)
	for i, name := range names {
		out[i] = Answer{Unit: name, Err: err}
		if err == nil {
			out[i].State, out[i].Err = b.ask(ctx, name)
		}
		if out[i].Err != nil {
			out[i].Err = fmt.Errorf("cannot ask systemd: %w", out[i].Err)
		}
	}
	if ctx.Err() != nil {
		b.Close() // whoever hangs gets no second question on the same line
	}
	return out
}

func (b *Bus) ask(ctx context.Context, name string) (State, error) {
	if err := valid(name); err != nil {
		return State{}, err
	}
	path := managerPath + "/unit/" + dbus.ObjectPath(sd.PathBusEscape(name))
	b.watch(ctx, name, path) // before asking: what changes in between is told
	var all map[string]dbus.Variant
	call := b.conn.Object(manager, path).CallWithContext(ctx, properties+".GetAll", dbus.FlagNoAutoStart, manager+".Unit")
	if err := call.Store(&all); err != nil {
		return State{}, reason(err)
	}
	return state(all)
}

// watch has the bus tell of a unit's changes. Where that is refused the state is
// still asked for.
func (b *Bus) watch(ctx context.Context, name string, path dbus.ObjectPath) {
	if slices.Contains(b.watched, name) {
		return
	}
	err := b.conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(manager), dbus.WithMatchObjectPath(path),
		dbus.WithMatchInterface(properties), dbus.WithMatchMember(propertiesChanged))
	if err == nil {
		b.watched = append(b.watched, name)
	}
}

// valid tells a unit's name by systemd.unit(5).
func valid(name string) error {
	const letters = `abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\@`
	if i := strings.LastIndexByte(name, '.'); i <= 0 || i == len(name)-1 || len(name) > maxName || strings.Trim(name, letters) != "" {
		return fmt.Errorf("%q is no name of a unit", name)
	}
	return nil
}

// state reads the properties of org.freedesktop.systemd1.Unit.
func state(all map[string]dbus.Variant) (s State, err error) {
	for _, p := range []struct {
		name string
		to   *string
	}{{"LoadState", &s.Load}, {"ActiveState", &s.Active}, {"SubState", &s.Sub}} {
		if *p.to, err = word(all[p.name]); err != nil {
			return State{}, fmt.Errorf("its answer for %s: %w", p.name, err)
		}
	}
	job, _ := all["Job"].Value().([]any) // (uo): number and path; number 0 is none
	if len(job) != 2 {
		return State{}, errors.New("its answer for Job: it is no job")
	}
	if s.Job, _ = job[0].(uint32); job[0] != any(s.Job) {
		return State{}, errors.New("its answer for Job: it is no job")
	}
	return s, nil
}

// word takes what can be the name of a state: lower-case letters and dashes.
func word(v dbus.Variant) (string, error) {
	text, _ := v.Value().(string)
	if text == "" || len(text) > maxWord || strings.Trim(text, "abcdefghijklmnopqrstuvwxyz-") != "" {
		return "", errors.New("it is no name of a state")
	}
	return text, nil
}
