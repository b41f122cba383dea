package status

import (
	"context"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// peer is the process at the other end, as the kernel saw it when it connected.
type peer struct {
	known bool
	uid   uint32
}

type peerKey struct{}

// withPeer puts the peer into the context of its connection's requests.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, peerKey{}, peerOf(c))
}

func peerFrom(ctx context.Context) peer {
	p, _ := ctx.Value(peerKey{}).(peer)
	return p
}

// peerOf reads SO_PEERCRED (unix(7)). A peer that cannot be told is not known,
// and then it may do nothing.
func peerOf(c net.Conn) peer {
	u, ok := c.(*conn)
	if !ok {
		return peer{}
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return peer{}
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err != nil || credErr != nil {
		return peer{}
	}
	return peer{known: true, uid: cred.Uid}
}

// who says what a peer must be to use a route.
type who int

const (
	readers who = iota // whoever the socket's mode let connect
	owners             // root and the agent's own user
)

func (w who) allows(p peer) bool {
	if !p.known {
		return false
	}
	return w == readers || p.uid == 0 || p.uid == uint32(os.Geteuid())
}
