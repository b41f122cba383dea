package doctor

import (
	"context"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"stigwatch/agent/service"
)

func (b *box) user(context.Context) []Item {
	u, err := b.entry("/etc/passwd")
	if err != nil {
		return []Item{unseen("/etc/passwd", err)}
	}
	g, err := b.entry("/etc/group")
	if err != nil {
		return []Item{unseen("/etc/group", err)}
	}
	var items []Item
	switch {
	case u == nil:
		items = append(items, fail(service.MakeUser, "there is no user %q in /etc/passwd", service.Name))
	case b.uid <= 0:
		items = append(items, fail("userdel "+service.Name+"; "+service.MakeUser, "the user %q has the number %q", service.Name, u[2]))
	}
	switch {
	case g == nil:
		items = append(items, fail(service.MakeGroup, "there is no group %q in /etc/group", service.Name))
	case b.gid <= 0:
		items = append(items, fail("groupdel "+service.Name+"; "+service.MakeGroup, "the group %q has the number %q", service.Name, g[2]))
	}
	if len(items) > 0 {
		return items
	}
	if number(u[3]) != b.gid {
		items = append(items, warn("usermod -g "+service.Name+" "+service.Name, "the user's own group is %s, not %q", u[3], service.Name))
	}
	if shell := path.Base(u[len(u)-1]); shell != "nologin" && shell != "false" {
		items = append(items, warn("usermod -s /usr/sbin/nologin "+service.Name, "the user has the shell %q", u[len(u)-1]))
	}
	who := "nobody is in the group"
	if len(b.members) > 0 {
		who = "in the group, who may ask the agent: " + strings.Join(b.members, ", ")
	}
	return append(items, ok("user %d and group %d are there; %s", b.uid, b.gid, who))
}

// wants is where systemd looks for what it starts at boot.
const wants = "/etc/systemd/system/multi-user.target.wants/stigwatch.service"

func (b *box) service(ctx context.Context) []Item {
	state, err := b.o.Service(ctx)
	if err != nil {
		return []Item{skip("", "%v", err)}
	}
	items := []Item{b.managed(state)}
	if unit, _ := b.installed(agentUnit); unit == "" {
		return items
	}
	switch _, err := b.lstat(wants); {
	case absent(err):
		items = append(items, warn("systemctl enable stigwatch", "it is not started at boot"))
	case err != nil:
		items = append(items, unseen(wants, err))
	default:
		items = append(items, ok("it is started at boot"))
	}
	return items
}

func (b *box) managed(s service.State) Item {
	const log = "journalctl -u stigwatch"
	switch s {
	case service.Running:
		return ok("it runs")
	case service.Starting:
		return fail(log, "it is about to start, or it ends and is started again and again")
	case service.Failed:
		return fail(log, "it has failed")
	case service.Stopped:
		return fail("systemctl start stigwatch", "it is stopped")
	}
	if b.peerErr == nil {
		return warn("stigwatch service install, or install the package", "the agent runs, and no service manager knows of it: nobody starts it at boot")
	}
	return fail("install the package, or stigwatch service install", "it is not installed as a service")
}

// socketMode is the packages': root and the group may ask.
const socketMode = 0o660

func (b *box) socket(context.Context) []Item {
	path := b.o.Config.Socket
	st, err := b.lstat(path)
	switch {
	case absent(err):
		return []Item{fail("systemctl start stigwatch", "there is no socket at %s", path)}
	case err != nil:
		return []Item{unseen(path, err)}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return []Item{fail("remove it, then systemctl restart stigwatch", "%s is no socket", path)}
	}
	var items []Item
	if m := st.Mode & 0o777; m&^socketMode != 0 {
		items = append(items, fail("systemctl restart stigwatch", "others may ask: %s has mode %s", path, mode(st)))
	} else if m != socketMode {
		items = append(items, warn("systemctl restart stigwatch", "the group may not ask: %s has mode %s", path, mode(st)))
	}
	if b.gid > 0 && int(st.Gid) != b.gid {
		items = append(items, fail("systemctl restart stigwatch", "%s belongs to the group %s, which may ask in the place of %q", path, b.groupOf(int(st.Gid)), service.Name))
	}
	switch {
	case denied(b.peerErr):
		return append(items, skip(asRoot+", or be in the group "+service.Name, "cannot ask at %s: permission denied", path))
	case b.peerErr != nil:
		return append(items, fail("systemctl restart stigwatch", "nobody answers at %s: %v", path, b.peerErr))
	case b.agentErr != nil:
		return append(items, fail("journalctl -u stigwatch", "pid %d listens, and does not answer: %v", b.peer.PID, b.agentErr))
	}
	return append(items, ok("pid %d answers at %s, mode %s, %s:%s", b.peer.PID, path, mode(st), b.owner(int(st.Uid)), b.groupOf(int(st.Gid))))
}

// notRunning is the item of checks that look at the process, when there is none to see.
func (b *box) notRunning() Item {
	if denied(b.peerErr) {
		return skip(asRoot+", or be in the group "+service.Name, "cannot tell which process the agent is: permission denied at its socket")
	}
	return skip("systemctl start stigwatch", "no agent runs")
}

// notSaid is the item of checks that rest on what the agent says.
func (b *box) notSaid() Item {
	if denied(b.peerErr) {
		return skip(asRoot+", or be in the group "+service.Name, "cannot ask the agent: permission denied at its socket")
	}
	return skip("systemctl start stigwatch", "no agent answers")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
