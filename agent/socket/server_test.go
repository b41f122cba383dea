package socket

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestServerNamesTheProcessThatListens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	if p, err := Server(path); err == nil {
		t.Errorf("nobody listens: %+v", p)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if p, err := Server(path); err != nil || int(p.PID) != os.Getpid() || int(p.UID) != os.Geteuid() {
		t.Errorf("got %+v, %v", p, err)
	}
}
