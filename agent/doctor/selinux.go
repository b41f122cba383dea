package doctor

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// Types of the policy module.
const (
	domain   = "stigwatch_t"
	execType = "stigwatch_exec_t"
)

func (b *box) selinux(context.Context) []Item {
	enforce, err := b.text("/sys/fs/selinux/enforce")
	switch {
	case absent(err):
		return []Item{none("this kernel runs without SELinux")}
	case err != nil:
		return []Item{unseen("the mode of SELinux", err)}
	}
	var items []Item
	if strings.TrimSpace(enforce) == "1" {
		items = append(items, ok("SELinux is enforcing"))
	} else {
		items = append(items, warn("setenforce 1, and SELINUX=enforcing in /etc/selinux/config", "SELinux is permissive: it denies nothing"))
	}
	return append(items, b.processLabel(), b.binaryLabel())
}

func (b *box) processLabel() Item {
	if b.peerErr != nil {
		return b.notRunning()
	}
	label, err := b.text(fmt.Sprintf("/proc/%d/attr/current", b.peer.PID))
	if err != nil {
		return unseen("the label of the process", err)
	}
	label = strings.TrimRight(label, "\x00\n")
	if typeOf(label) != domain {
		return warn("install stigwatch-selinux, then systemctl restart stigwatch", "the process has the label %q, not the domain %s", label, domain)
	}
	return ok("the process has the label %q", label)
}

func (b *box) binaryLabel() Item {
	path := b.binaryPath()
	label, err := b.o.label(b.at(path))
	if err != nil {
		return unseen("the label of "+path, err)
	}
	if typeOf(label) != execType {
		return warn("install stigwatch-selinux, or restorecon "+path, "%s has the label %q, not the type %s", path, label, execType)
	}
	return ok("%s has the label %q", path, label)
}

// typeOf is the third part of user:role:type:level.
func typeOf(label string) string {
	parts := strings.SplitN(label, ":", 4)
	if len(parts) < 3 {
		return ""
	}
	return parts[2]
}

func fileLabel(path string) (string, error) {
	buf := make([]byte, 256)
	n, err := unix.Getxattr(path, "security.selinux", buf)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(buf[:n]), "\x00"), nil
}
