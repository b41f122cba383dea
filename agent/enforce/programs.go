package enforce

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Candidate stands for the file to be checked in a program's arguments.
const Candidate = "CANDIDATE"

// Program is how a program is asked whether it accepts its configuration: always
// the same command, in which only the path of the file differs.
type Program struct {
	Name  string
	File  string   // the program, absolute, on the machine
	Args  []string // Candidate among them
	Main  string   // the configuration file that it is given, inside the root
	Parts []string // patterns (path.Match) of files that Main includes

	// WholeOnly says that the program cannot take a candidate: then, as for Parts,
	// Main is checked after it was replaced.
	WholeOnly bool
	// AnyRoot says that Main finds its Parts below whatever root it is in. Without
	// it Parts are checked on the machine's own root alone.
	AnyRoot bool

	// Needs are arguments for a first question, Has what its answer holds when the
	// program can check at all. Without Needs every version can.
	Needs []string
	Has   string
}

// Programs gives the programs that stigwatch knows. Sources: sshd(8) -t, rsyslogd(8)
// -N, chronyd(8) -p (not in EL7's 3.4, whose help does not have it), httpd(8) -t.
func Programs() []Program {
	return []Program{
		{Name: "sshd", File: "/usr/sbin/sshd", Args: []string{"-t", "-f", Candidate},
			Main: "/etc/ssh/sshd_config", Parts: []string{"/etc/ssh/sshd_config.d/*.conf"}},
		{Name: "rsyslogd", File: "/usr/sbin/rsyslogd", Args: []string{"-N1", "-f", Candidate},
			Main: "/etc/rsyslog.conf", Parts: []string{"/etc/rsyslog.d/*.conf"}},
		{Name: "chronyd", File: "/usr/sbin/chronyd", Args: []string{"-p", "-f", Candidate},
			Main: "/etc/chrony.conf", Parts: []string{"/etc/chrony.d/*.conf"}, Needs: []string{"-h"}, Has: "\n  -p\t"},
		{Name: "httpd", File: "/usr/sbin/httpd", Args: []string{"-t", "-f", Candidate},
			Main: "/etc/httpd/conf/httpd.conf", Parts: []string{"/etc/httpd/conf.d/*.conf", "/etc/httpd/conf.modules.d/*.conf"}},
	}
}

// Check is what a program said about one file. Either it accepts it, or Said holds
// why not, or NotChecked why it was not asked.
type Check struct {
	Path       string `json:"path"` // of the file that was changed
	Program    string `json:"program,omitempty"`
	Command    string `json:"command,omitempty"`
	Whole      bool   `json:"whole,omitempty"` // the main file was checked, after everything was replaced
	OK         bool   `json:"ok"`
	Said       string `json:"said,omitempty"`
	NotChecked string `json:"not_checked,omitempty"`
}

// CheckedBy names the program that checks a file before it is replaced, or once it
// was: "" where none is known, or where it is not installed.
func CheckedBy(file string) string {
	p, _, ok := programFor(Programs(), file)
	if info, err := os.Stat(p.File); !ok || err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return p.Name
}

// programFor gives the program that reads a file, and whether as its main one.
func programFor(programs []Program, file string) (p Program, main, ok bool) {
	for _, p := range programs {
		if p.Main == file {
			return p, true, true
		}
		if slices.ContainsFunc(p.Parts, func(pattern string) bool { m, _ := path.Match(pattern, file); return m }) {
			return p, false, true
		}
	}
	return Program{}, false, false
}

// checkCandidates asks about each candidate that a program can take by itself.
func (e *Engine) checkCandidates(ctx context.Context, w *work) error {
	for i, c := range w.cands {
		path := w.r.Files[i].Path
		p, main, ok := programFor(e.opts.Programs, path)
		if !ok {
			w.note(Check{Path: path, NotChecked: "no program is known that checks it"})
			continue
		}
		if !main || p.WholeOnly {
			continue // checkWhole does
		}
		check := e.ask(ctx, p, c.Path)
		check.Path = path
		w.note(check)
		if err := w.refusal(check); err != nil {
			return fmt.Errorf("%w%s", err, e.alsoBefore(ctx, p))
		}
	}
	return nil
}

// checkWhole asks about the real main file when a file that it includes, or that
// the program could not take by itself, has been replaced.
func (e *Engine) checkWhole(ctx context.Context, w *work) error {
	asked := map[string]Check{}
	for _, f := range w.r.Files {
		p, main, ok := programFor(e.opts.Programs, f.Path)
		if !ok || main && !p.WholeOnly {
			continue
		}
		check, done := asked[p.Name]
		if !done {
			check = e.askWhole(ctx, p, main)
			asked[p.Name] = check
		}
		check.Path, check.Whole = f.Path, true
		w.note(check)
		if err := w.refusal(check); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) askWhole(ctx context.Context, p Program, main bool) Check {
	if !main && !p.AnyRoot && e.tree.Root() != "/" {
		return Check{Program: p.Name, NotChecked: fmt.Sprintf("%s would follow %s to files of this machine, not to those below %s", p.Name, p.Main, e.tree.Root())}
	}
	return e.ask(ctx, p, e.tree.Real(p.Main))
}

// alsoBefore says so when the program does not accept the file as it was either.
func (e *Engine) alsoBefore(ctx context.Context, p Program) string {
	if c := e.ask(ctx, p, e.tree.Real(p.Main)); c.NotChecked == "" && !c.OK {
		return fmt.Sprintf(" (%s does not accept the file as it is now either)", p.Name)
	}
	return ""
}

// ask runs a program on one file.
func (e *Engine) ask(ctx context.Context, p Program, file string) Check {
	c := Check{Program: p.Name}
	args := slices.Clone(p.Args)
	for i := range args {
		if args[i] == Candidate {
			args[i] = file
		}
	}
	c.Command = strings.Join(append([]string{p.File}, args...), " ")
	if !filepath.IsAbs(p.File) || !exists(p.File) {
		c.NotChecked = p.File + " is not installed"
		return c
	}
	if len(p.Needs) > 0 {
		said, _ := command(ctx, e.opts.CheckTimeout, p.File, p.Needs)
		if !strings.Contains("\n"+said.all(), p.Has) {
			c.NotChecked = fmt.Sprintf("this version of %s cannot check a file", p.Name)
			return c
		}
	}
	said, err := command(ctx, e.opts.CheckTimeout, p.File, args)
	c.OK = err == nil
	if err != nil {
		c.Said = strings.TrimSpace(err.Error() + "\n" + said.trouble())
	}
	return c
}

func (w *work) note(c Check) {
	w.r.Checks = append(slices.Clip(w.r.Checks), c)
}

// refusal makes an error of a check. What an undo brings back was in use before: it
// is only recorded.
func (w *work) refusal(c Check) error {
	if c.OK || c.NotChecked != "" || w.r.Undoes != "" {
		return nil
	}
	return fmt.Errorf("%s does not accept %q: %s", c.Program, c.Path, c.Said)
}
