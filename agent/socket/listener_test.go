package socket

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// TestMain lets the test's own binary be a guest: as another user it opens as many
// connections as it is told, says which of them stay, and waits.
func TestMain(m *testing.M) {
	if path := os.Getenv("STIGWATCH_TEST_GUEST"); path != "" {
		guest(path)
		return
	}
	os.Exit(m.Run())
}

func guest(path string) {
	var open []net.Conn
	for range 4 {
		c, err := net.Dial("unix", path)
		if err != nil {
			os.Exit(1)
		}
		open = append(open, c)
	}
	stay := 0
	for _, c := range open {
		var b [1]byte
		if _, err := c.Read(b[:]); err == nil { // greeted
			stay++
		}
	}
	os.Stdout.Write([]byte{byte('0' + stay)})
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test ends
}

func TestGuestsCannotTakeThePlacesOfTheOwners(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(dir+"/..", 0o755)); err != nil {
		t.Fatal(err)
	}
	l, err := Listen(dir+"/s", "stigwatch", 4)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.Chmod(dir+"/s", 0o666); err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn, 8)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("!"))
			accepted <- c
		}
	}()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(exe)
	if err == nil {
		err = os.WriteFile(dir+"/guest", b, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(dir + "/guest")
	cmd.Env = []string{"STIGWATCH_TEST_GUEST=" + dir + "/s"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { in.Close(); _ = cmd.Wait() }()
	var stay [1]byte
	if _, err := io.ReadFull(out, stay[:]); err != nil || stay[0] != '3' {
		t.Fatalf("%q of a guest's connections stay, want 3 (%v)", stay, err)
	}
	c, err := net.Dial("unix", dir+"/s")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.ReadFull(c, stay[:]); err != nil {
		t.Errorf("the owner does not get in: %v", err)
	}
}
