package who

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// key is that of our rules, as auditctl(8) takes it with -k.
const key = "stigwatch"

// event is one system call that our rules had logged, of the records that bear its
// serial number. Every one of them begins with its SYSCALL.
type event struct {
	serial             string // "1364481363.243:24287"
	at                 time.Time
	pid                int
	auid, uid, session string
	exe, comm, tty     string
	cwd, title         string
	names              []named
}

// named is a PATH record: a file as the caller named it.
type named struct {
	path string // may be relative
	inode
}

// maxNames is how many PATH records of one event are kept. rename(2) has four.
const maxNames = 8

// record splits a line of auditd's log: its type, its serial, its fields. The names
// that log_format=ENRICHED adds stand behind a group separator.
func record(line string) (kind, serial, rest string, ok bool) {
	line, _, _ = strings.Cut(line, "\x1d")
	if strings.HasPrefix(line, "node=") { // name_format of auditd.conf(5)
		_, line, _ = strings.Cut(line, " ")
	}
	line, ok = strings.CutPrefix(line, "type=")
	if !ok {
		return "", "", "", false
	}
	kind, line, _ = strings.Cut(line, " ")
	line, ok = strings.CutPrefix(line, "msg=audit(")
	if !ok {
		return "", "", "", false
	}
	serial, rest, ok = strings.Cut(line, ")")
	return kind, serial, strings.TrimLeft(rest, ": "), ok
}

// value is a field's, without quotes; what the kernel did not dare to quote is in
// hexadecimal digits, and stays so here.
func value(fields, name string) (text string, quoted bool) {
	for rest := fields; ; {
		i := strings.Index(rest, name+"=")
		if i < 0 {
			return "", false
		}
		begins := i == 0 || strings.ContainsRune(" ('", rune(rest[i-1]))
		rest = rest[i+len(name)+1:]
		if !begins {
			continue
		}
		if after, ok := strings.CutPrefix(rest, `"`); ok {
			text, _, _ = strings.Cut(after, `"`)
			return text, true
		}
		if end := strings.IndexAny(rest, " '"); end >= 0 {
			rest = rest[:end]
		}
		return rest, false
	}
}

// plain is a field's value that is a word or a number.
func plain(fields, name string) string {
	v, _ := value(fields, name)
	return cut(v, maxWord)
}

// text is a field's value that comes from users: quoted, or in hexadecimal digits
// when it has a quote, a blank or a control character.
func text(fields, name string, most int) string {
	v, quoted := value(fields, name)
	if !quoted {
		if v == "(null)" || v == "?" || v == "(none)" {
			return ""
		}
		if b, err := hex.DecodeString(v[:min(len(v), 2*most)]); err == nil {
			v = string(b)
		}
	}
	return cut(v, most)
}

// moment is the time that a serial begins with.
func moment(serial string) (time.Time, bool) {
	stamp, _, ok := strings.Cut(serial, ":")
	sec, milli, dot := strings.Cut(stamp, ".")
	s, err1 := strconv.ParseInt(sec, 10, 40)
	ms, err2 := strconv.ParseUint(milli, 10, 10)
	if !ok || !dot || err1 != nil || err2 != nil || s < 0 || ms > 999 || len(serial) > 64 {
		return time.Time{}, false
	}
	return time.UnixMilli(s*1000 + int64(ms)), true
}

// syscallEvent begins an event; nil when it is none of ours, or failed.
func syscallEvent(serial, fields string) *event {
	if !ours(fields) || plain(fields, "success") == "no" {
		return nil
	}
	at, ok := moment(serial)
	pid, err := strconv.ParseUint(plain(fields, "pid"), 10, 31)
	if !ok || err != nil {
		return nil
	}
	return &event{
		serial: strings.Clone(serial), at: at, pid: int(pid),
		auid: id(plain(fields, "auid")), uid: id(plain(fields, "uid")), session: id(plain(fields, "ses")),
		exe: text(fields, "exe", maxWord), comm: text(fields, "comm", maxWord), tty: auditTerminal(text(fields, "tty", maxWord)),
	}
}

// ours tells whether a record has our key. Several keys are one text, with 0x01
// between them.
func ours(fields string) bool {
	i := strings.LastIndex(fields, " key=")
	if i < 0 {
		return false
	}
	for k := range strings.SplitSeq(text(fields[i+1:], "key", maxWord), "\x01") {
		if k == key {
			return true
		}
	}
	return false
}

// auditTerminal writes pts0 as everybody else does.
func auditTerminal(s string) string {
	if n, ok := strings.CutPrefix(s, "pts"); ok && n != "" && n[0] != '/' {
		return "pts/" + n
	}
	return strings.TrimPrefix(s, "/dev/")
}

// take adds another record to the event.
func (e *event) take(kind, fields string) {
	switch kind {
	case "CWD":
		e.cwd = text(fields, "cwd", maxPath)
	case "PROCTITLE":
		e.title = title([]byte(text(fields, "proctitle", maxTitle)))
	case "PATH":
		if plain(fields, "nametype") == "PARENT" || len(e.names) == maxNames {
			return
		}
		n := named{path: text(fields, "name", maxPath)}
		n.ino, _ = strconv.ParseUint(plain(fields, "inode"), 10, 64)
		n.major, n.minor = device(plain(fields, "dev"))
		e.names = append(e.names, n)
	}
}

// device reads fd:00, which is hexadecimal.
func device(s string) (major, minor uint32) {
	a, b, _ := strings.Cut(s, ":")
	x, err1 := strconv.ParseUint(a, 16, 32)
	y, err2 := strconv.ParseUint(b, 16, 32)
	if err1 != nil || err2 != nil {
		return 0, 0
	}
	return uint32(x), uint32(y)
}

// login gives the session and the address of a USER_LOGIN or USER_START, which a
// program wrote: sshd's have an address, those of sudo and cron have "?".
func login(fields string) (session, addr string) {
	session = id(plain(fields, "ses"))
	_, said, ok := strings.Cut(fields, "msg='")
	if !ok || session == "" || plain(said, "res") != "success" {
		return "", ""
	}
	ip, err := netip.ParseAddr(plain(said, "addr"))
	if err != nil || ip.Zone() != "" || ip.IsUnspecified() {
		return "", ""
	}
	return strings.Clone(session), ip.String()
}
