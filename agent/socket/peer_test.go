package socket

import (
	"net"
	"os"
	"testing"
)

func TestPeerIsTheProcessAtTheOtherEnd(t *testing.T) {
	l, err := Listen(t.TempDir()+"/s", "stigwatch", 1)
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
	if got, want := peerOf(server), (Peer{true, uint32(os.Getuid()), int32(os.Getpid())}); got != want {
		t.Errorf("peer %+v, want %+v", got, want)
	}
	if got := peerOf(client); got.Known {
		t.Errorf("a foreign kind of connection is known: %+v", got)
	}
}
