package socket

import (
	"context"
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

// peerOf reads SO_PEERCRED (unix(7)). A peer that cannot be told is not known,
// and then it may do nothing.
func peerOf(c net.Conn) Peer {
	u, ok := c.(*conn)
	if !ok {
		return Peer{}
	}
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
