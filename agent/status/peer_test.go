package status

import (
	"context"
	"net"
	"os"
	"testing"
)

func TestWhoMay(t *testing.T) {
	own := uint32(os.Geteuid())
	cases := map[string]struct {
		peer          peer
		reads, writes bool
	}{
		"root":       {peer{true, 0}, true, true},
		"own user":   {peer{true, own}, true, true},
		"group":      {peer{true, own + 1}, true, false},
		"not known":  {peer{}, false, false},
		"no context": {peerFrom(context.Background()), false, false},
	}
	for name, c := range cases {
		if readers.allows(c.peer) != c.reads || owners.allows(c.peer) != c.writes {
			t.Errorf("%s: reads %v, writes %v", name, readers.allows(c.peer), owners.allows(c.peer))
		}
	}
}

func TestPeerIsTheProcessAtTheOtherEnd(t *testing.T) {
	l, err := listen(t.TempDir()+"/s", "stigwatch", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("unix", l.path)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if got, want := peerOf(server), (peer{true, uint32(os.Getuid())}); got != want {
		t.Errorf("peer %+v, want %+v", got, want)
	}
	if got := peerOf(client); got.known {
		t.Errorf("a foreign kind of connection is known: %+v", got)
	}
}
