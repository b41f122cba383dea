package doctor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"stigwatch/agent/service"
)

// processStatus reads proc_pid_status(5) of the process that listens at the socket. The
// kernel said its number: what a program says of itself proves nothing.
func (b *box) processStatus() (map[string]string, error) {
	if b.peerErr != nil {
		return nil, nil
	}
	text, err := b.text(fmt.Sprintf("/proc/%d/status", b.peer.PID))
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			out[name] = strings.TrimSpace(value)
		}
	}
	return out, nil
}

// field is one line of the process's status; the item says why there is none.
func (b *box) field(name string) (string, *Item) {
	var why Item
	switch {
	case b.peerErr != nil:
		why = b.notRunning()
	case b.procErr != nil:
		why = unseen("the process", b.procErr)
	case b.status[name] == "":
		why = skip("", "this kernel does not tell: /proc/%d/status has no line %q", b.peer.PID, name)
	default:
		return b.status[name], nil
	}
	return "", &why
}

func (b *box) process(context.Context) []Item {
	uids, why := b.field("Uid")
	if why != nil {
		return []Item{*why}
	}
	gids, why := b.field("Gid")
	if why != nil {
		return []Item{*why}
	}
	if b.uid < 0 || b.gid < 0 {
		return []Item{skip(service.MakeUser, "cannot tell whether uid %s, gid %s is right: there is no user or group %q", first(uids), first(gids), service.Name)}
	}
	const next = "systemctl restart stigwatch; run it as a service, not by hand"
	items := []Item{
		alike(b.peer.PID, "user", uids, b.uid, b.owner, next),
		alike(b.peer.PID, "group", gids, b.gid, b.groupOf, next),
	}
	var more []string
	for _, g := range strings.Fields(b.status["Groups"]) {
		if number(g) != b.gid {
			more = append(more, b.groupOf(number(g)))
		}
	}
	if len(more) > 0 {
		items = append(items, warn("systemctl cat stigwatch", "it has groups besides its own: %s", strings.Join(more, ", ")))
	}
	return items
}

// alike looks at the four numbers of a process: real, effective, saved, file system.
func alike(pid int32, what, numbers string, want int, name func(int) string, next string) Item {
	for _, n := range strings.Fields(numbers) {
		if number(n) != want {
			return fail(next, "pid %d runs as %s %s, not %q", pid, what, name(number(n)), service.Name)
		}
	}
	return ok("pid %d runs as %s %s", pid, what, name(want))
}

func first(text string) string {
	f := strings.Fields(text)
	if len(f) == 0 {
		return "?"
	}
	return f[0]
}

// wanted is the one capability, by its number in capability.h.
const wanted = 2

// names are capabilities(7) by number.
var names = []string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
	"CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK",
	"CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN",
	"CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
	"CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
}

func (b *box) capabilities(context.Context) []Item {
	var items []Item
	for _, set := range []struct{ line, what string }{{"CapEff", "has"}, {"CapPrm", "may take up"}, {"CapBnd", "could be given"}} {
		text, why := b.field(set.line)
		if why != nil {
			return []Item{*why}
		}
		has, err := strconv.ParseUint(text, 16, 64)
		if err != nil {
			return []Item{skip("", "cannot read %s of the process: %q", set.line, text)}
		}
		items = append(items, amiss(set.what, has)...)
	}
	if len(items) == 0 {
		items = append(items, ok("it has CAP_DAC_READ_SEARCH, and can get no other"))
	}
	return items
}

// amiss says what is wrong with one set. Without the one it reads what its own user
// may, and much is unreadable; with more than the one, somebody gave it more.
func amiss(what string, has uint64) []Item {
	var items []Item
	if has&(1<<wanted) == 0 {
		items = append(items, fail("systemctl cat stigwatch: AmbientCapabilities=CAP_DAC_READ_SEARCH is missing or has no effect", "it %s no CAP_DAC_READ_SEARCH: much will be unreadable", what))
	}
	var more []string
	for n := range 64 {
		if n == wanted || has&(1<<n) == 0 {
			continue
		}
		if n < len(names) {
			more = append(more, names[n])
		} else {
			more = append(more, "capability "+strconv.Itoa(n))
		}
	}
	switch {
	case len(more) >= len(names)-1:
		items = append(items, fail("systemctl cat stigwatch", "it %s every capability", what))
	case slices.Contains(more, "CAP_DAC_OVERRIDE"), slices.Contains(more, "CAP_SETUID"), slices.Contains(more, "CAP_SYS_MODULE"):
		items = append(items, fail("systemctl cat stigwatch", "it %s %s too, and so can write where it must not", what, strings.Join(more, ", ")))
	case len(more) > 0:
		items = append(items, warn("systemctl cat stigwatch: a drop-in gives it", "it %s %s too", what, strings.Join(more, ", ")))
	}
	return items
}

func (b *box) noNewPrivs(context.Context) []Item {
	switch text, why := b.field("NoNewPrivs"); {
	case why != nil:
		return []Item{*why}
	case text != "1":
		return []Item{fail("systemctl cat stigwatch: NoNewPrivileges=yes is missing", "no_new_privs is %s: what it starts could gain privileges", text)}
	}
	return []Item{ok("no_new_privs is set")}
}

func (b *box) seccomp(context.Context) []Item {
	switch text, why := b.field("Seccomp"); {
	case why != nil:
		return []Item{*why}
	case text != "2":
		return []Item{fail("systemctl cat stigwatch: SystemCallFilter= is missing or has no effect", "seccomp mode is %s: no system call is filtered", text)}
	}
	return []Item{ok("seccomp mode is 2: a filter is in force")}
}

// coreDumps looks at both guards. The limit alone does not hold where the kernel pipes
// dumps to a program (core(5)); a process that is not dumpable shows by files in /proc
// that are root's (proc(5)).
func (b *box) coreDumps(context.Context) []Item {
	if _, why := b.field("Uid"); why != nil {
		return []Item{*why}
	}
	var items []Item
	limits, err := b.text(fmt.Sprintf("/proc/%d/limits", b.peer.PID))
	if err != nil {
		items = append(items, unseen("the limits of the process", err))
	} else {
		items = append(items, coreLimit(limits))
	}
	st, err := b.stat(fmt.Sprintf("/proc/%d/status", b.peer.PID))
	switch {
	case err != nil:
		items = append(items, unseen("the process", err))
	case b.peer.UID == 0:
		items = append(items, skip("", "cannot tell whether it is dumpable: it runs as root"))
	case st.Uid == 0:
		items = append(items, ok("it is not dumpable"))
	default:
		items = append(items, warn("sysctl kernel.core_pattern: a program that takes dumps may ignore the limit", "it is dumpable: only its limit keeps its memory off the disk"))
	}
	return items
}

func coreLimit(limits string) Item {
	for line := range strings.Lines(limits) {
		if rest, ok := strings.CutPrefix(line, "Max core file size"); ok {
			return coreSize(strings.Fields(rest))
		}
	}
	return skip("", "cannot read the limit of core files")
}

func coreSize(values []string) Item {
	if len(values) < 2 {
		return skip("", "cannot read the limit of core files")
	}
	if values[0] != "0" || values[1] != "0" {
		return fail("systemctl cat stigwatch: LimitCORE=0 is missing", "core files may have %s, and up to %s if it asks", values[0], values[1])
	}
	return ok("core files may have 0 bytes")
}
