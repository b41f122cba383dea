package status

import (
	"context"
	"os"
	"testing"

	"stigwatch/agent/socket"
)

func TestWhoMay(t *testing.T) {
	own := uint32(os.Geteuid())
	cases := map[string]struct {
		peer          socket.Peer
		reads, writes bool
	}{
		"root":       {socket.Peer{Known: true}, true, true},
		"own user":   {socket.Peer{Known: true, UID: own}, true, true},
		"group":      {socket.Peer{Known: true, UID: own + 1}, true, false},
		"not known":  {socket.Peer{}, false, false},
		"no context": {socket.PeerFrom(context.Background()), false, false},
	}
	for name, c := range cases {
		if readers.allows(c.peer) != c.reads || owners.allows(c.peer) != c.writes {
			t.Errorf("%s: reads %v, writes %v", name, readers.allows(c.peer), owners.allows(c.peer))
		}
	}
}
