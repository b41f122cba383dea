package socket

import (
	"context"
	"fmt"
	"net"
	"os/user"
	"strconv"

	"golang.org/x/sys/unix"
)

// Peer is the process at the other end, as the kernel saw it when it connected.
type Peer struct {
	Known bool
	UID   uint32
	PID   int32
}

type peerKey struct{}

// WithPeer puts the peer into the context of its connection's requests.
func WithPeer(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, peerKey{}, peerOf(c))
}

// PeerFrom gives the peer of a request's context; one that is not known when there is
// none.
func PeerFrom(ctx context.Context) Peer {
	p, _ := ctx.Value(peerKey{}).(Peer)
	return p
}

// Server names the process that listens at a socket, as the kernel knows it.
func Server(path string) (Peer, error) {
	c, err := net.DialTimeout("unix", path, dialTime) // where nobody takes connections a queue is full in the end
	if err != nil {
		return Peer{}, fmt.Errorf("cannot reach who listens at %q: %w", path, err)
	}
	defer c.Close()
	p := credentials(c.(*net.UnixConn))
	if !p.Known || p.PID <= 1 {
		return Peer{}, fmt.Errorf("cannot tell which process listens at %q", path)
	}
	return p, nil
}

// peerOf tells who is at the other end of a connection of ours.
func peerOf(c net.Conn) Peer {
	u, ok := c.(*conn)
	if !ok {
		return Peer{}
	}
	return credentials(u.UnixConn)
}

// credentials reads SO_PEERCRED (unix(7)). A peer that cannot be told is not known,
// and then it may do nothing.
func credentials(u *net.UnixConn) Peer {
	raw, err := u.SyscallConn()
	if err != nil {
		return Peer{}
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err != nil || credErr != nil {
		return Peer{}
	}
	return Peer{Known: true, UID: cred.Uid, PID: cred.Pid}
}

// UserName is a user as people know it.
func UserName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "uid " + id
}
