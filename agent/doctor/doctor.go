// Package doctor owns the question whether an install is sound: the user, the files,
// the unit, the process that runs, and what that process says of itself.
//
// A check that could not be done is skipped, with the reason, and never ok: what an
// ordinary user may not see is not thereby in order. What does not apply on this
// machine, such as SELinux without SELinux, is a state of its own, so that a skipped
// check always means that somebody with more rights would see more.
//
// Nothing is changed and nothing is sent: to try whether an alert would arrive there is
// the self-test. The machine is read below a root, as everywhere, so that each check is
// tested on a tree made for it.
package doctor

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/config"
	"stigwatch/agent/host"
	"stigwatch/agent/ownership"
	"stigwatch/agent/service"
	"stigwatch/agent/socket"
)

// State is what a check came to.
type State string

// The states, the gravest first.
const (
	Fail          State = "fail"          // it is not as it has to be
	Skipped       State = "skipped"       // it could not be looked at
	Warn          State = "warn"          // it works, and somebody should know
	OK            State = "ok"            //
	NotApplicable State = "notapplicable" // there is nothing of the kind here
)

var gravest = []State{Fail, Skipped, Warn, OK, NotApplicable}

// Item is one thing that was found.
type Item struct {
	State State  `json:"state"`
	Found string `json:"found"` // or why nothing could be
	Next  string `json:"next"`  // what to do about it; empty: nothing
}

// Check is one question and what was found.
type Check struct {
	Name  string `json:"check"`
	Asks  string `json:"asks"`
	State State  `json:"state"` // the gravest of its items
	Items []Item `json:"items"`
}

// Summary counts checks.
type Summary struct {
	OK            int `json:"ok"`
	Warn          int `json:"warn"`
	Fail          int `json:"fail"`
	Skipped       int `json:"skipped"`
	NotApplicable int `json:"notapplicable"`
}

// Report is what all checks came to.
type Report struct {
	Schema  string   `json:"schema"`
	Host    string   `json:"host"`
	Time    api.Time `json:"time"`
	Summary Summary  `json:"summary"`
	Checks  []Check  `json:"checks"`
}

// Options are what there is to look at.
type Options struct {
	Config    *config.Config // where things lie; with its mistakes, or what the flags and the defaults say
	ConfigErr error          // why the file could not be read; nil: Config is what it says
	Version   string         // of this binary

	// Valid tells every mistake of the configuration, as the daemon would.
	Valid func() error
	// Status asks the running agent.
	Status func(ctx context.Context) (*api.Report, error)
	// Service asks the service manager.
	Service func(ctx context.Context) (service.State, error)

	Root string // where /etc and /proc are; "" is "/"

	euid    func() int
	alone   func(path string) error // see ownership.Alone
	listens func(path string) (socket.Peer, error)
	clock   func() (clock, error)
	run     runner
	connect func(ctx context.Context, network, address string) error
	label   func(path string) (string, error)
}

func (o Options) withDefaults() Options {
	o.Root = cmp.Or(o.Root, "/")
	if o.euid == nil {
		o.euid = os.Geteuid
	}
	if o.alone == nil {
		o.alone = ownership.Alone
	}
	if o.listens == nil {
		o.listens = socket.Server
	}
	if o.clock == nil {
		o.clock = kernelClock
	}
	if o.run == nil {
		o.run = run
	}
	if o.connect == nil {
		o.connect = connect
	}
	if o.label == nil {
		o.label = fileLabel
	}
	return o
}

// box is one machine, and what all checks have to know of it.
type box struct {
	o    Options
	host *host.Host

	uid, gid int // of the service's user and group; -1: there is none
	members  []string
	peer     socket.Peer       // who listens at the agent's socket
	peerErr  error             //
	agent    *api.Report       // what that one says; nil: nothing
	agentErr error             //
	status   map[string]string // its /proc/PID/status; nil: it cannot be read
	procErr  error
}

// Run makes all checks, in their order. An error says that there is nothing to look at.
func Run(ctx context.Context, o Options) (*Report, error) {
	o = o.withDefaults()
	h, err := host.New(host.Options{Root: o.Root})
	if err != nil {
		return nil, fmt.Errorf("cannot look at this machine: %w", err)
	}
	defer h.Close()
	b := &box{o: o, host: h}
	b.gather(ctx)
	name, _ := os.Hostname()
	r := &Report{Schema: api.Schema, Host: name, Time: api.At(time.Now()), Checks: []Check{}}
	for _, c := range checks() {
		items := c.look(b, ctx)
		done := Check{Name: c.name, Asks: c.asks, State: worst(items), Items: items}
		r.Checks = append(r.Checks, done)
		r.Summary.count(done.State)
	}
	return r, nil
}

// gather asks the agent, and finds its process by the socket that it listens at.
func (b *box) gather(ctx context.Context) {
	b.uid, b.gid = -1, -1
	if u, err := b.entry("/etc/passwd"); err == nil && u != nil {
		b.uid = number(u[2])
	}
	if g, err := b.entry("/etc/group"); err == nil && g != nil {
		b.gid, b.members = number(g[2]), fields(g[3], ',')
	}
	b.peer, b.peerErr = b.o.listens(b.o.Config.Socket)
	if b.peerErr == nil && !b.peer.Known {
		b.peerErr = fmt.Errorf("the kernel does not say who listens at %q", b.o.Config.Socket)
	}
	b.agent, b.agentErr = b.o.Status(ctx)
	if b.agentErr != nil {
		b.agent = nil
	}
	b.status, b.procErr = b.processStatus()
}

func worst(items []Item) State {
	state := NotApplicable
	for _, i := range items {
		if slices.Index(gravest, i.State) < slices.Index(gravest, state) {
			state = i.State
		}
	}
	return state
}

func (s *Summary) count(state State) {
	switch state {
	case OK:
		s.OK++
	case Warn:
		s.Warn++
	case Fail:
		s.Fail++
	case Skipped:
		s.Skipped++
	case NotApplicable:
		s.NotApplicable++
	}
}

// The items that checks give.

func ok(format string, args ...any) Item {
	return Item{State: OK, Found: fmt.Sprintf(format, args...)}
}

func warn(next, format string, args ...any) Item {
	return Item{Warn, fmt.Sprintf(format, args...), next}
}

func fail(next, format string, args ...any) Item {
	return Item{Fail, fmt.Sprintf(format, args...), next}
}

// skip says why something could not be looked at, and how it could.
func skip(next, format string, args ...any) Item {
	return Item{Skipped, fmt.Sprintf(format, args...), next}
}

func none(format string, args ...any) Item {
	return Item{State: NotApplicable, Found: fmt.Sprintf(format, args...)}
}

// The next step of what this user may not see.
const asRoot = "sudo stigwatch doctor"
