package who

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	maxLogTail  = 64 << 10 // of a package manager's log
	maxFileList = 4 << 20
	maxPackages = 32 // looked at for one question
)

// packageLogs are what package managers say of themselves. dpkg's log (its stamps
// are in local time) has the packages, and its lists have their files, so that an
// answer is about the file. The rpm database is not read: what dnf or yum logged
// at that time is all that is known, and the answer says so.
type packageLogs struct {
	dpkg, info string
	dnf, yum   string
}

func (l *packageLogs) logs() []string { return []string{l.dpkg, l.dnf, l.yum} }

func (l *packageLogs) usable() bool {
	return slices.ContainsFunc(l.logs(), func(p string) bool { _, err := os.Stat(p); return err == nil })
}

// writtenSince tells whether a log was written since a time.
func (l *packageLogs) writtenSince(from time.Time) bool {
	return slices.ContainsFunc(l.logs(), func(p string) bool { return changedSince(p, from) })
}

func changedSince(path string, from time.Time) bool {
	info, err := os.Stat(path)
	return err == nil && !info.ModTime().Before(from)
}

// find names the package whose installation changed the file; "" when none is known.
func (l *packageLogs) find(q Question) string {
	from := q.Seen.Add(-Window).Truncate(time.Second) // as the logs' times are
	if changedSince(l.dpkg, from) {
		for _, p := range recent(l.dpkg, from, dpkgLine) {
			if l.owns(p.name, q.Paths) {
				return p.text
			}
		}
	}
	for _, log := range []struct {
		path string
		line func(string) (pkg, time.Time)
	}{{l.dnf, dnfLine}, {l.yum, yumLine(q.Seen)}} {
		if !changedSince(log.path, from) {
			continue
		}
		found := recent(log.path, from, log.line)
		if len(found) == 0 {
			continue
		}
		if len(found) > 1 {
			return fmt.Sprintf("%s and %d more (which one has the file is not known)", found[0].text, len(found)-1)
		}
		return found[0].text + " (whether it has the file is not known)"
	}
	return ""
}

// pkg is one package of a log.
type pkg struct {
	name string // as its list of files is named
	text string // for people
}

// recent gives the packages of a log since a time, each once, the newest first.
func recent(path string, from time.Time, parse func(string) (pkg, time.Time)) []pkg {
	b, err := readTail(path, maxLogTail)
	if err != nil {
		return nil
	}
	var out []pkg
	lines := strings.Split(string(b), "\n")
	for i := len(lines) - 1; i >= 0 && len(out) < maxPackages; i-- {
		p, at := parse(lines[i])
		if p.name == "" || at.Before(from) {
			continue
		}
		if !slices.ContainsFunc(out, func(o pkg) bool { return o.name == p.name }) {
			out = append(out, p)
		}
	}
	return out
}

// dpkgLine reads a line of dpkg.log, as dpkg(1) has them under "--log":
//
//	2026-11-23 16:19:11 upgrade openssh-server:amd64 1:9.2p1-2 1:9.2p1-3
//	2026-11-23 16:19:11 status half-configured openssh-server:amd64 1:9.2p1-3
func dpkgLine(line string) (pkg, time.Time) {
	f := strings.Fields(cut(line, maxPath))
	if len(f) < 5 {
		return pkg{}, time.Time{}
	}
	at, err := time.ParseInLocation(time.DateTime, f[0]+" "+f[1], time.Local)
	name, version := "", ""
	switch f[2] {
	case "status":
		if len(f) > 5 {
			name, version = f[4], f[5]
		}
	case "install", "upgrade", "configure", "remove", "purge", "trigproc":
		name, version = f[3], f[len(f)-1]
	}
	if err != nil || name == "" || strings.ContainsAny(name, "/\x00") {
		return pkg{}, time.Time{}
	}
	short, _, _ := strings.Cut(name, ":")
	if version == "" || version == "<none>" {
		return pkg{name, cut(short, maxWord)}, at
	}
	return pkg{name, cut(short+" "+version, maxWord)}, at
}

// owns looks a path up in the list of a package's files. Packages that can be
// installed for several architectures at once have theirs in the list's name.
func (l *packageLogs) owns(name string, paths []string) bool {
	short, _, _ := strings.Cut(name, ":")
	for _, list := range []string{name, short} {
		b, err := readRegular(filepath.Join(l.info, list+".list"), maxFileList)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			if slices.Contains(paths, strings.TrimSuffix(line, "\n")) {
				return true
			}
		}
		return false
	}
	return false
}

// dnfLine reads a line of dnf.rpm.log:
//
//	2023-05-04T10:11:12+0200 SUBDEBUG Upgrade: openssh-server-8.7p1-29.el9_2.x86_64
func dnfLine(line string) (pkg, time.Time) {
	f := strings.Fields(cut(line, maxPath))
	if len(f) != 4 || f[1] != "SUBDEBUG" || !deed(f[2]) {
		return pkg{}, time.Time{}
	}
	for _, layout := range []string{"2006-01-02T15:04:05-0700", time.RFC3339} {
		if at, err := time.Parse(layout, f[0]); err == nil {
			return pkg{f[3], cut(f[3], maxWord)}, at
		}
	}
	return pkg{}, time.Time{}
}

// yumLine reads a line of yum.log, which has no year:
//
//	Nov 23 16:19:11 Updated: openssl-1.0.2k-19.el7.x86_64
func yumLine(now time.Time) func(string) (pkg, time.Time) {
	now = now.Local()
	return func(line string) (pkg, time.Time) {
		f := strings.Fields(cut(line, maxPath))
		if len(f) != 5 || !deed(f[3]) {
			return pkg{}, time.Time{}
		}
		at, err := time.ParseInLocation("Jan 2 15:04:05 2006", strings.Join(f[:3], " ")+now.Format(" 2006"), time.Local)
		if err != nil || at.After(now.Add(24*time.Hour)) { // it was last year's December
			return pkg{}, time.Time{}
		}
		return pkg{f[4], cut(f[4], maxWord)}, at
	}
}

// deed tells whether a word of rpm's logs says that files were put or taken.
func deed(word string) bool {
	return slices.Contains([]string{
		"Install:", "Installed:", "Upgrade:", "Upgraded:", "Update:", "Updated:",
		"Downgrade:", "Downgraded:", "Reinstall:", "Reinstalled:", "Erase:", "Erased:",
	}, word)
}
