package status

import (
	"os"

	"stigwatch/agent/socket"
)

// who says what a peer must be to use a route.
type who int

const (
	readers who = iota // whoever the socket's mode let connect
	owners             // root and the agent's own user
)

func (w who) allows(p socket.Peer) bool {
	if !p.Known {
		return false
	}
	return w == readers || p.UID == 0 || p.UID == uint32(os.Geteuid())
}
