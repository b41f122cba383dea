package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	manager "github.com/kardianos/service"

	"stigwatch/agent/units"
	"stigwatch/systemd"
)

// Name is the service's, and the user's that it runs as.
const Name = "stigwatch"

// systemdPlatform is how the library calls systemd.
const systemdPlatform = "linux-systemd"

// sysvScript is where the library puts its script for System V.
const sysvScript = "/etc/init.d/" + Name

// fixedPath is where the library finds systemctl and service: whoever calls with a
// PATH of their own would choose what runs as root.
const fixedPath = "/usr/sbin:/usr/bin:/sbin:/bin"

// State is how the service is, in the manager's eyes.
type State string

// The states.
const (
	Running      State = "running"
	Starting     State = "starting" // or it ended by itself, and is about to be started again
	Stopped      State = "stopped"
	Failed       State = "failed"
	NotInstalled State = "not-installed"
)

// ErrNotRoot is why an ordinary user may not change services.
var ErrNotRoot = errors.New("only root may")

// Options of a Control; the zero value is this machine's service as packaged.
type Options struct {
	Binary string // "": PackagedBinary
	Config string // "": PackagedConfig

	root    string // where /etc is; for tests
	euid    func() int
	manager controller
	units   func(ctx context.Context) units.Answer
}

// controller is what is used of the library, the edge to the service manager.
type controller interface {
	Install() error
	Uninstall() error
	Start() error
	Stop() error
	Restart() error
	Status() (manager.Status, error)
	Platform() string
}

// Control installs, removes, starts and stops the service where no package does.
type Control struct{ o Options }

// NewControl makes a Control; it asks and changes nothing yet.
func NewControl(o Options) (*Control, error) {
	if o.Binary == "" {
		o.Binary = PackagedBinary
	}
	if o.euid == nil {
		o.euid = os.Geteuid
	}
	if o.units == nil {
		o.units = askSystemd
	}
	if o.manager != nil {
		return &Control{o}, nil
	}
	script, err := Unit(o.Binary, o.Config)
	if err != nil {
		return nil, err
	}
	if err := os.Setenv("PATH", fixedPath); err != nil {
		return nil, fmt.Errorf("cannot set the path of programs: %w", err)
	}
	arguments := []string{"run"}
	if o.Config != "" && o.Config != PackagedConfig {
		arguments = append(arguments, "--config", o.Config)
	}
	o.manager, err = manager.New(program{}, &manager.Config{
		Name: Name, DisplayName: Name, Description: "watches this Sentry's configuration against its STIGs",
		Executable: o.Binary, Arguments: arguments,
		Option: manager.KeyValue{"SystemdScript": script},
	})
	if err != nil {
		return nil, fmt.Errorf("cannot find a service manager: %w", err)
	}
	return &Control{o}, nil
}

func askSystemd(ctx context.Context) units.Answer {
	bus := units.New(units.Options{})
	defer bus.Close()
	return bus.Ask(ctx, []string{systemd.Agent})[0]
}

// Manager names the service manager, such as linux-systemd or unix-systemv.
func (c *Control) Manager() string { return c.o.manager.Platform() }

// Systemd tells whether that is systemd, which alone keeps what the unit says.
func (c *Control) Systemd() bool { return c.Manager() == systemdPlatform }

// Start has the manager start the service.
func (c *Control) Start() error { return c.change("start", c.o.manager.Start) }

// Stop has the manager stop it.
func (c *Control) Stop() error { return c.change("stop", c.o.manager.Stop) }

// Restart stops and starts it.
func (c *Control) Restart() error { return c.change("restart", c.o.manager.Restart) }

func (c *Control) change(verb string, do func() error) error {
	if err := c.rootOnly(verb); err != nil {
		return err
	}
	state, err := c.State(context.Background())
	if err != nil {
		return err
	}
	if state == NotInstalled {
		return fmt.Errorf("cannot %s the service: it is not installed: stigwatch service install", verb)
	}
	return c.explain(verb, do())
}

func (c *Control) rootOnly(verb string) error {
	if c.o.euid() == 0 {
		return nil
	}
	return fmt.Errorf("cannot %s the service: %w: sudo stigwatch service %s", verb, ErrNotRoot, verb)
}

// explain adds where the reason is: the library gives an exit code only.
func (c *Control) explain(verb string, err error) error {
	switch {
	case err == nil:
		return nil
	case c.Systemd():
		return fmt.Errorf("cannot %s the service: %w: see systemctl status %s, journalctl -u %s", verb, err, Name, Name)
	}
	return fmt.Errorf("cannot %s the service: %w", verb, err)
}

// State asks the manager. systemd is asked over the bus: the library takes a unit
// that stops or reloads, and a systemctl that cannot ask, for one that is not installed.
func (c *Control) State(ctx context.Context) (State, error) {
	var asked error
	if c.Systemd() {
		a := c.o.units(ctx)
		if a.Err == nil {
			return systemdState(a.State), nil
		}
		asked = a.Err
	}
	status, err := c.o.manager.Status()
	exit := (*exec.ExitError)(nil)
	switch {
	case status == manager.StatusRunning:
		return Running, nil
	case status == manager.StatusStopped:
		return Stopped, nil
	case c.Systemd():
	case !exists(c.at(sysvScript)):
		return NotInstalled, nil
	case errors.As(err, &exit) && exit.ExitCode() == 1: // what the library's script says of a stopped one
		return Stopped, nil
	}
	return "", fmt.Errorf("cannot tell how the service is: %w", errors.Join(asked, err))
}

func systemdState(s units.State) State {
	switch {
	case s.Load == units.NotFound:
		return NotInstalled
	case s.Active == "active", s.Active == "reloading":
		return Running
	case s.Active == "activating":
		return Starting
	case s.Active == "failed":
		return Failed
	}
	return Stopped
}

// at is a path of the machine.
func (c *Control) at(path string) string { return filepath.Join(c.o.root, path) }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
