package doctor

import (
	"context"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"stigwatch/agent/service"
)

// binaryPath is what the unit starts, else the packages' place.
func (b *box) binaryPath() string {
	if at, err := b.installed(agentUnit); err == nil && at != "" {
		if text, err := b.text(at); err == nil {
			if binary, _, made := service.Made(text); made {
				return binary
			}
		}
	}
	return service.PackagedBinary
}

func (b *box) binary(context.Context) []Item {
	path := b.binaryPath()
	var items []Item
	switch st, err := b.stat(path); {
	case absent(err):
		items = append(items, fail("install the package, or stigwatch service install", "there is no %s", path))
	case err != nil:
		items = append(items, unseen(path, err))
	case st.Mode&(unix.S_ISUID|unix.S_ISGID) != 0:
		items = append(items, fail("chmod 0755 "+path, "%s has mode %s: whoever runs it gets its owner's power", path, mode(st)))
	default:
		if items = b.trusted(path); len(items) == 0 {
			items = append(items, ok("%s can be changed by root alone", path))
		}
	}
	return append(items, b.runs(path)...)
}

// runs compares the process with the file.
func (b *box) runs(path string) []Item {
	if b.peerErr != nil {
		return []Item{b.notRunning()}
	}
	const next = "systemctl restart stigwatch"
	var items []Item
	exe, err := os.Readlink(b.at(fmt.Sprintf("/proc/%d/exe", b.peer.PID)))
	switch {
	case err != nil:
		items = append(items, unseen("which file the process runs", err))
	case strings.HasSuffix(exe, " (deleted)"):
		items = append(items, warn(next, "the process runs a file that was replaced since it started"))
	case exe != path:
		items = append(items, warn(next, "the process runs %s, not %s", exe, path))
	default:
		items = append(items, ok("the process runs it"))
	}
	if b.agent != nil && b.agent.Agent != nil && b.agent.Agent.Version != b.o.Version {
		items = append(items, warn(next, "the agent is version %s, this is %s", b.agent.Agent.Version, b.o.Version))
	}
	return items
}
