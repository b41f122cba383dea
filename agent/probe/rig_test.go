package probe

import (
	"bufio"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// identity is a self-signed server on disk, as each rig wants it.
type identity struct {
	key                              *rsa.PrivateKey
	der                              []byte
	keyPEM, certPEM, keyDER, certDER string
}

func newIdentity(t *testing.T) identity {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sentry1.lab.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"sentry1.lab.example"}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	return identity{
		key: key, der: der,
		keyPEM:  write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
		certPEM: write("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		keyDER:  write("key.der", pkcs8),
		certDER: write("cert.der", der),
	}
}

// openssl starts the distribution's `openssl s_server` and gives its address.
func openssl(t *testing.T, id identity, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("STIGWATCH_NEED_RIGS") == "1" {
			t.Fatal("openssl is not installed, and STIGWATCH_NEED_RIGS=1 says that it must be")
		}
		t.Skip("openssl is not installed: no real server with old versions was asked; install the package openssl")
	}
	args = append([]string{"s_server", "-accept", "127.0.0.1:0", "-www", "-key", id.keyPEM, "-cert", id.certPEM}, args...)
	lines := start(t, "openssl", args...)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "ACCEPT "); ok {
			return address
		}
	}
	t.Fatalf("openssl %v does not listen", args)
	return ""
}

// java starts one server of testdata/Server.java for each list of protocols. It is a
// rig of its own, which STIGWATCH_NEED_RIGS does not ask for.
func java(t *testing.T, id identity, protocols ...string) []string {
	t.Helper()
	if _, err := exec.LookPath("java"); err != nil {
		t.Skip("java is not installed: no real server with SSLv3 was asked, only a hand-written one")
	}
	lines := start(t, "java", append([]string{"testdata/Server.java", id.keyDER, id.certDER}, protocols...)...)
	var addresses []string
	for len(addresses) < len(protocols) && lines.Scan() {
		addresses = append(addresses, net.JoinHostPort("127.0.0.1", lines.Text()))
	}
	if len(addresses) < len(protocols) {
		t.Skip("java cannot run testdata/Server.java with these protocols (a JDK from 11 on can): no real server with SSLv3 was asked")
	}
	return addresses
}

// start runs a program until the test ends and gives the lines that it prints.
func start(t *testing.T, name string, args ...string) *bufio.Scanner {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	if !testing.Verbose() {
		cmd.Stderr = nil
	}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return bufio.NewScanner(out)
}

// serve listens on loopback and hands each connection to handle, one at a time.
func serve(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
			handle(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String()
}
