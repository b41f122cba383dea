package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"stigwatch/agent/ownership"
	"stigwatch/systemd"
)

// installedUnit is where the library puts a unit, and where an administrator's are.
const installedUnit = "/etc/systemd/system/" + systemd.Agent

// packagedUnits are where a package's unit is, newest layout first.
var packagedUnits = []string{"/usr/lib/systemd/system/" + systemd.Agent, "/lib/systemd/system/" + systemd.Agent}

// unfit are folders that the unit hides, or where users keep what is theirs.
var unfit = []string{"/home/", "/root/", "/run/", "/tmp/", "/var/tmp/", "/dev/", "/proc/", "/sys/"}

// MakeUser is the command that makes the service's user and group.
const MakeUser = "useradd --system --user-group --no-create-home --home-dir /var/lib/stigwatch --shell /usr/sbin/nologin " + Name

// MakeGroup is the command for a machine that has the user, without a group of its name.
const MakeGroup = "groupadd --system " + Name

// folder is one that the service needs.
type folder struct {
	path  string
	owned bool // by the service's user; else by root, for its group to read
}

var folders = []folder{{"/etc/stigwatch", false}, {"/var/lib/stigwatch", true}}

const folderMode = 0o750

// Install makes the service known to the manager, to be started at boot, and gives
// the files and folders that it made. It starts nothing. It makes no user: whoever
// answers for a hardened machine's accounts wants to do that.
func (c *Control) Install() ([]string, error) {
	if err := c.rootOnly("install"); err != nil {
		return nil, err
	}
	uid, gid, err := c.user()
	if err := errors.Join(c.vacant(), err, c.trusted("binary", c.o.Binary), c.trusted("configuration", c.o.Config)); err != nil {
		return nil, err
	}
	made, err := c.makeFolders(uid, gid)
	if err != nil {
		return made, err
	}
	path := c.file()
	if err := c.o.manager.Install(); err != nil {
		_ = os.Remove(c.at(path)) // it was not there before; half an install would stand in the way of the next
		return made, c.explain("install", err)
	}
	if c.Systemd() { // whatever the caller's umask: anybody may compare it
		if err := os.Chmod(c.at(path), 0o644); err != nil {
			return made, fmt.Errorf("cannot set the mode of the unit: %w", err)
		}
	}
	return append(made, path), nil
}

// vacant says what is installed already.
func (c *Control) vacant() error {
	for _, p := range packagedUnits {
		if exists(c.at(p)) {
			return fmt.Errorf("cannot install the service: a package has installed it: %s is there: stigwatch service start", p)
		}
	}
	for _, p := range []string{installedUnit, sysvScript} {
		if exists(c.at(p)) {
			return fmt.Errorf("cannot install the service: it is installed: %s is there: stigwatch service uninstall", p)
		}
	}
	return nil
}

// trusted refuses what others could change: it would run, or be obeyed, with the
// power to read everything.
func (c *Control) trusted(what, path string) error {
	if path == "" {
		return nil // the packages' own place, which need not be there
	}
	for _, dir := range unfit {
		if strings.HasPrefix(path, dir) {
			return fmt.Errorf("cannot use the %s %q: %s is no place for what a service runs or obeys: put it elsewhere, such as /usr/local/bin or /etc/stigwatch", what, path, dir)
		}
	}
	if !exists(c.at(path)) {
		return fmt.Errorf("cannot use the %s %q: it is not there", what, path)
	}
	if err := ownership.Alone(c.at(path)); err != nil {
		return fmt.Errorf("cannot use the %s: %w", what, err)
	}
	return nil
}

// user finds the service's user and group in the files that a static binary can read.
func (c *Control) user() (uid, gid int, err error) {
	if uid, err = c.number("/etc/passwd", "user"); err != nil {
		return 0, 0, err
	}
	gid, err = c.number("/etc/group", "group")
	return uid, gid, err
}

// number is the third field of our line, in passwd(5) as in group(5).
func (c *Control) number(file, what string) (int, error) {
	b, err := os.ReadFile(c.at(file))
	if err != nil {
		return 0, fmt.Errorf("cannot look for the %s %q: %w", what, Name, err)
	}
	for line := range strings.Lines(string(b)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 4 || fields[0] != Name {
			continue
		}
		n, err := strconv.Atoi(fields[2])
		if err != nil || n == 0 {
			return 0, fmt.Errorf("cannot use the %s %q: %s gives it the number %q", what, Name, file, fields[2])
		}
		return n, nil
	}
	command := MakeUser
	if what == "group" {
		command = MakeGroup
	}
	return 0, fmt.Errorf("cannot find the %s %q, as which the service runs; make it:\n  %s", what, Name, command)
}

// makeFolders makes what is not there: systemd before 235 does not. What is there
// stays as it is; doctor tells of wrong modes.
func (c *Control) makeFolders(uid, gid int) ([]string, error) {
	var made []string
	for _, f := range folders {
		err := os.Mkdir(c.at(f.path), folderMode)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		owner := 0
		if f.owned {
			owner = uid
		}
		if err == nil {
			err = errors.Join(os.Chown(c.at(f.path), owner, gid), os.Chmod(c.at(f.path), folderMode))
		}
		if err != nil {
			return made, fmt.Errorf("cannot make the folder %q: %w", f.path, err)
		}
		made = append(made, f.path)
	}
	return made, nil
}

// Uninstall stops the service and has the manager forget it. What it recorded, and its
// configuration, stay. It gives the file that it removed, and drop-ins that are left.
func (c *Control) Uninstall() (removed string, left []string, err error) {
	if err := c.rootOnly("uninstall"); err != nil {
		return "", nil, err
	}
	path, err := c.ours()
	if err != nil {
		return "", nil, err
	}
	state, err := c.State(context.Background())
	if err != nil {
		return "", nil, err
	}
	if state != Stopped && state != NotInstalled {
		if err := c.o.manager.Stop(); err != nil {
			return "", nil, c.explain("stop", err)
		}
	}
	if err := c.o.manager.Uninstall(); err != nil {
		return "", nil, c.explain("uninstall", err)
	}
	left, _ = filepath.Glob(c.at(installedUnit + ".d/*"))
	return path, left, nil
}

// ours is the file that Install made.
func (c *Control) ours() (string, error) {
	for _, p := range packagedUnits {
		if exists(c.at(p)) {
			return "", fmt.Errorf("cannot uninstall the service: a package has installed it (%s): apt-get remove %s, or dnf remove %s", p, Name, Name)
		}
	}
	path := c.file()
	info, err := os.Lstat(c.at(path))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", errors.New("cannot uninstall the service: it is not installed")
	case err != nil:
		return "", fmt.Errorf("cannot uninstall the service: %w", err)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("cannot uninstall the service: %s is no file of ours; if it is masked: systemctl unmask %s", path, Name)
	}
	return path, nil
}

// file is where the library writes.
func (c *Control) file() string {
	if c.Systemd() {
		return installedUnit
	}
	return sysvScript
}
