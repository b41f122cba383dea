// Package selfwatch owns what the agent itself consists of on this machine, and what
// of it is another than before: its binary, the policies in it, its configuration, its
// units with what changes them, its user and group.
//
// It looks and compares; whoever asks it does the rest. The agent's watch tells that
// one of these paths may have changed, a goroutine beside the loop then looks at all of
// them, and the loop tells what is another. Looking costs less than a millisecond, but
// for the binary, whose bytes are read only when the file is another one.
//
// A Picture is all of it at one moment. The journal keeps the last one, so that what
// changed while nothing was watched is told at the next start. It holds no secret and
// leads to none: digests of files that hold no secret alone, and of drop-ins, which may
// set passwords in an environment, only words that are known to be none.
//
// A path counts only once it was looked at: an agent that begins to look at more, or
// whose configuration names another file, tells nothing of that.
package selfwatch

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Kind says what a part is to the agent.
type Kind string

// The kinds of parts.
const (
	Binary   Kind = "binary"
	Policies Kind = "policies"
	Config   Kind = "configuration"
	Sink     Kind = "sink" // certificates that a sink goes by
	Unit     Kind = "unit"
	DropIn   Kind = "drop-in"
	Boot     Kind = "boot" // the link that has it started at boot
	User     Kind = "user"
	Group    Kind = "group"
)

// The user and the group, and where they stand.
const (
	account = "stigwatch"
	passwd  = "/etc/passwd"
	group   = "/etc/group"
)

// unitFolders are where systemd takes units and drop-ins from: systemd.unit(5). The
// last two are systemctl set-property's.
var unitFolders = []string{
	"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
	"/etc/systemd/system.control", "/run/systemd/system.control",
}

// bootLinks are what systemctl enable makes of the packages' units.
var bootLinks = []string{
	"/etc/systemd/system/multi-user.target.wants/stigwatch.service",
	"/etc/systemd/system/sockets.target.wants/stigwatch-enforcer.socket",
}

// Options say what the agent consists of. What is not there, or not named, is left out.
type Options struct {
	Root     string   // where the machine's own / is; "" is /
	Binary   string   // its path
	Running  string   // leads to the bytes that run, whatever stands at Binary by now
	Accounts bool     // whether its user and its group are looked at
	Units    []string // names
	Config   []string // files
	Sinks    []string // files of certificates, which count without a reload
	Mappings []string // folders, of which each *.yaml is configuration
	Version  string
	Policies string // digest

	Busy func(path string) bool // somebody is writing it, and another look will follow; nil: nobody ever is
}

// Here is the agent on this machine. What a configuration names is not in it.
func Here(version string) Options {
	o := Options{Running: "/proc/self/exe", Accounts: true, Version: version}
	if exe, err := os.Readlink(o.Running); err == nil {
		o.Binary = strings.TrimSuffix(exe, " (deleted)")
	}
	o.Units = []string{"stigwatch.service", "stigwatch-enforcer.service", "stigwatch-enforcer.socket"}
	return o
}

// Watched gives the paths to watch: files, which need not be there, and folders in
// which each name counts. Of the folders inside those of units there are those that
// exist: when another one comes, the one above tells, and after a look Watched says more.
func (o *Options) Watched() (files, folders []string) {
	files = slices.Concat(o.Config, o.Sinks)
	if o.Binary != "" {
		files = append(files, o.Binary)
	}
	if o.Accounts {
		files = append(files, passwd, group)
	}
	folders = slices.Concat(o.Mappings, o.folders())
	inner := o.dropIns()
	for _, link := range o.links() {
		inner = append(inner, path.Dir(link))
	}
	for _, dir := range inner {
		if fi, err := os.Stat(o.At(dir)); err == nil && fi.IsDir() {
			folders = append(folders, dir)
		}
	}
	return files, folders
}

// units are the places where the units may stand.
func (o *Options) units() []string {
	var out []string
	for _, dir := range o.folders() {
		for _, name := range o.Units {
			out = append(out, path.Join(dir, name))
		}
	}
	return out
}

func (o *Options) links() []string {
	return slices.DeleteFunc(slices.Clone(bootLinks), func(p string) bool { return !slices.Contains(o.Units, path.Base(p)) })
}

// dropIns are the folders of what changes the units: of each unit, of all whose names
// begin alike, of all of its type.
func (o *Options) dropIns() []string {
	var names []string
	for _, unit := range o.Units {
		ext := path.Ext(unit)
		stem := strings.TrimSuffix(unit, ext)
		names = append(names, unit+".d", ext[1:]+".d")
		for i, r := range stem {
			if r == '-' {
				names = append(names, stem[:i+1]+ext+".d")
			}
		}
	}
	slices.Sort(names)
	var out []string
	for _, dir := range o.folders() {
		for _, name := range slices.Compact(names) {
			out = append(out, path.Join(dir, name))
		}
	}
	return out
}

// folders are unitFolders, each once: /lib leads to /usr/lib nearly everywhere.
func (o *Options) folders() []string {
	if len(o.Units) == 0 {
		return nil
	}
	seen := map[string]bool{}
	var out []string
	for _, dir := range unitFolders {
		real, err := filepath.EvalSymlinks(o.At(dir))
		if err != nil {
			real = o.At(dir)
		}
		if !seen[real] {
			seen[real] = true
			out = append(out, dir)
		}
	}
	return out
}

// At is where a path of the agent's lies on the machine. One that lies below Root is
// there already, as a configuration's are.
func (o *Options) At(p string) string { return filepath.Join("/", o.Root, o.inside(p)) }

// inside is a path as it is called below Root.
func (o *Options) inside(p string) string {
	if rest, ok := strings.CutPrefix(p, o.Root); ok {
		return path.Clean("/" + rest)
	}
	return p
}
