// Package who finds out who changed a file, as far as that can be known: the
// login, the user and the process, the terminal and the address it came from.
//
// There are three sources. The audit log knows most, when its rules have our key.
// fanotify(7) names the process at the moment of the write, when the agent has
// CAP_SYS_ADMIN. The logs of dpkg and rpm say that a package was being installed.
//
// A wrong name is worse than none. So when fanotify knows the process, the audit
// log only adds to it and never names another: its record of the one may be
// written after a record of the other was read. And an audit record from before
// the change that was asked about last answers no further question.
package who

import (
	"cmp"
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Window is how long before a change was seen its cause may lie: the audit log
// tells of the open(2), and an editor may take its time until the write.
const Window = 3 * time.Second

// The sources that an Answer names.
const (
	Audit    = "audit"
	Fanotify = "fanotify"
	Package  = "package"
)

// Answer says who it was. What is not known is empty.
type Answer struct {
	Source   string // Audit, Fanotify or Package
	Login    string // who logged in, by the audit uid: a name, else the number
	User     string // that the process ran as, by its real uid: likewise
	PID      int
	Command  string // the program, and in brackets what it calls itself
	Title    string // its command line, which may hold secrets
	Terminal string
	Remote   string // address from which the login came
	Package  string // being installed, with its version
}

// Question is about one change of one file or folder.
type Question struct {
	Paths []string  // by which it is known, on the machine; the one without links first
	Seen  time.Time // when the first sign of the change was seen
	After time.Time // when the change before was seen, of this file; zero: there was none
}

// after is After by the wall clock of Seen: the log's stamps are of it, and it may
// have been set in between.
func (q Question) after() time.Time {
	if q.After.IsZero() {
		return time.Time{}
	}
	return q.Seen.Round(0).Add(-q.Seen.Sub(q.After))
}

// Options of a Finder; empty paths are the usual ones.
type Options struct {
	Audit, Fanotify, Packages bool

	AuditLog string // of auditd
	Dpkg     string // log of dpkg
	DpkgInfo string // folder with the packages' lists of files
	DnfLog   string // log of rpm packages by dnf
	YumLog   string // and by yum
	Passwd   string // names of users

	plain bool // fanotify as kernels before 5.9 have it
}

func (o Options) withDefaults() Options {
	o.AuditLog = cmp.Or(o.AuditLog, "/var/log/audit/audit.log")
	o.Dpkg = cmp.Or(o.Dpkg, "/var/log/dpkg.log")
	o.DpkgInfo = cmp.Or(o.DpkgInfo, "/var/lib/dpkg/info")
	o.DnfLog = cmp.Or(o.DnfLog, "/var/log/dnf.rpm.log")
	o.YumLog = cmp.Or(o.YumLog, "/var/log/yum.log")
	o.Passwd = cmp.Or(o.Passwd, "/etc/passwd")
	return o
}

// Finder asks the sources. Its methods may be called from any goroutine.
type Finder struct {
	audit    *auditLog // nil: not asked, as the two below
	fanotify *fanotify
	packages *packageLogs
	users    users
}

// New makes a Finder, of the sources that are wanted and to be had. Close or Run
// must follow.
func New(o Options) *Finder {
	o = o.withDefaults()
	f := &Finder{users: users{path: o.Passwd}}
	if o.Audit {
		f.audit = newAuditLog(o.AuditLog)
	}
	if o.Packages {
		f.packages = &packageLogs{dpkg: o.Dpkg, info: o.DpkgInfo, dnf: o.DnfLog, yum: o.YumLog}
	}
	if o.Fanotify {
		f.fanotify = newFanotify(o.plain) // nil without the capability
	}
	return f
}

// Watch says in which folders, named without links, changes will be asked about.
// It is to be called again now and then, since a folder may be another one by now.
// The error lists the folders that fanotify does not take.
func (f *Finder) Watch(folders []string) error {
	if f.fanotify == nil {
		return nil
	}
	return f.fanotify.watch(folders)
}

// Run reads what fanotify tells until ctx ends. It sleeps while nobody writes in
// the folders.
func (f *Finder) Run(ctx context.Context) error {
	defer f.Close()
	if f.audit != nil {
		f.audit.refresh() // for the sessions of those who are logged in already
	}
	if f.fanotify != nil {
		return f.fanotify.run(ctx)
	}
	<-ctx.Done()
	return nil
}

// Close ends a Finder that was never run.
func (f *Finder) Close() {
	if f.fanotify != nil {
		f.fanotify.close()
	}
	if f.audit != nil {
		f.audit.close()
	}
}

// Sources are those that can be asked now.
func (f *Finder) Sources() []string {
	var have []string
	if f.audit != nil && f.audit.usable() {
		have = append(have, Audit)
	}
	if f.fanotify != nil {
		have = append(have, Fanotify)
	}
	if f.packages != nil && f.packages.usable() {
		have = append(have, Package)
	}
	return have
}

// AtOnce is what is known without reading any log; nil is nothing. Final says
// that Look will not know more.
func (f *Finder) AtOnce(q Question) (a *Answer, final bool) {
	p := f.writer(q)
	e := f.audited(q, p, false)
	return f.answer(p, e), f.final(p, e, q)
}

// Look reads what the logs have got since, in bounded pieces, and says what is
// known then.
func (f *Finder) Look(q Question) (a *Answer, final bool) {
	if f.audit != nil {
		f.audit.refresh()
	}
	p := f.writer(q)
	e := f.audited(q, p, true)
	a = f.answer(p, e)
	if f.packages == nil || a != nil && !installs(a.Command) {
		return a, f.final(p, e, q)
	}
	if name := f.packages.find(q); name != "" {
		if a == nil {
			a = &Answer{Source: Package}
		}
		a.Package = name
	}
	return a, f.final(p, e, q)
}

// final says that no log can add to what is known.
func (f *Finder) final(p *process, e *event, q Question) bool {
	if e != nil {
		return f.packages == nil || !installs(e.exe)
	}
	if f.audit != nil && f.audit.usable() {
		return false
	}
	if p != nil {
		return f.packages == nil || !installs(p.exe)
	}
	return f.packages == nil || !f.packages.writtenSince(q.Seen.Add(-Window))
}

func (f *Finder) writer(q Question) *process {
	if f.fanotify == nil {
		return nil
	}
	return f.fanotify.newest(q)
}

// audited is what the audit log has of a change, and of its writer if he is known.
func (f *Finder) audited(q Question, p *process, wait bool) *event {
	if f.audit == nil {
		return nil
	}
	pid := 0
	if p != nil {
		pid = p.pid
	}
	return f.audit.find(q, pid, wait)
}

// answer makes one of what two sources know of the same process.
func (f *Finder) answer(p *process, e *event) *Answer {
	switch {
	case e != nil:
		a := &Answer{
			Source: Audit, Login: f.users.name(e.auid), User: f.users.name(e.uid), PID: e.pid,
			Command: command(e.exe, e.comm), Title: e.title, Terminal: e.tty, Remote: f.remote(e.session),
		}
		if p != nil {
			a.Title, a.Terminal = cmp.Or(a.Title, p.title), cmp.Or(a.Terminal, p.tty)
		}
		return a
	case p != nil:
		return &Answer{
			Source: Fanotify, Login: f.users.name(p.loginuid), User: f.users.name(p.uid), PID: p.pid,
			Command: command(p.exe, p.comm), Title: p.title, Terminal: p.tty, Remote: f.remote(p.session),
		}
	}
	return nil
}

func (f *Finder) remote(session string) string {
	if f.audit == nil {
		return ""
	}
	return f.audit.remote(session)
}

// unset is the audit uid and the session of what no login began: (uint32)-1.
const unset = "4294967295"

const maxWord, maxTitle = 256, 1024

// command is the program, and what it calls itself where that is another name: a
// script's, of its interpreter.
func command(exe, comm string) string {
	if exe == "" || comm == "" {
		return exe + comm
	}
	// the kernel keeps 15 bytes of it
	if base := filepath.Base(exe); strings.HasPrefix(base, comm) {
		return exe
	}
	return exe + " (" + comm + ")"
}

// installs tells whether a program is one that puts packages' files in place.
func installs(exe string) bool {
	name, _, _ := strings.Cut(filepath.Base(exe), " ")
	for _, p := range []string{"dpkg", "rpm", "dnf", "dnf-3", "dnf5", "microdnf", "yum", "packagekitd"} {
		if name == p {
			return true
		}
	}
	return strings.Contains(exe, "(dnf)") || strings.Contains(exe, "(yum)") // which are scripts
}

// cut bounds a text from outside, and makes it UTF-8.
func cut(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// id gives a user's or session's number; "" when it is unset or none.
func id(s string) string {
	if _, err := strconv.ParseUint(s, 10, 32); err != nil || s == unset {
		return ""
	}
	return s
}
