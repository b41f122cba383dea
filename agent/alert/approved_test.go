package alert

import (
	"bufio"
	"crypto/fips140"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"stigwatch/agent/alert/testdata/rig"
)

// weak is a receiver that FIPS 140-3 does not approve of. Go's own server would not
// do these things, least of all in FIPS mode: openssl does.
type weak struct {
	args     []string // of openssl s_server
	key      string   // what openssl makes the server's key of
	digest   string   // that the certificate is signed with
	conf     string   // of openssl, as of a system
	fipsOnly bool     // refused in FIPS mode only: it is about keys, not suites
	means    string   // part of what is said
}

const ec = "ec:prime256v1"

var weakReceivers = map[string]weak{
	"TLS 1.3, ChaCha20 alone":        {args: []string{"-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"}, means: useApproved},
	"TLS 1.2, ChaCha20 alone":        {args: []string{"-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"}, means: useApproved},
	"TLS 1.2, CBC alone":             {args: []string{"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA"}, means: useApproved},
	"TLS 1.2, RSA carries the key":   {args: []string{"-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-GCM-SHA384"}, key: "rsa:2048", means: useApproved},
	"TLS 1.2, DHE alone":             {args: []string{"-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384"}, key: "rsa:2048", means: useApproved},
	"TLS 1.1":                        {args: []string{"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}, means: "neither TLS 1.2 nor TLS 1.3"},
	"X25519 alone":                   {args: []string{"-groups", "X25519"}, means: useApproved},
	"X25519 alone, TLS 1.2":          {args: []string{"-tls1_2", "-groups", "X25519"}, means: useApproved},
	"a certificate of SHA-1":         {args: []string{"-cipher", "ALL:@SECLEVEL=0"}, key: "rsa:2048", digest: "sha1", means: useCertificate},
	"a key of 1024 bits":             {args: []string{"-cipher", "ALL:@SECLEVEL=0"}, key: "rsa:1024", fipsOnly: true, means: useCertificate},
	"TLS 1.2, keys bound to nothing": {args: []string{"-tls1_2"}, conf: "Options = -ExtendedMasterSecret", fipsOnly: true, means: "RFC 7627"},
}

// In each mode, and whatever the sink.
func TestReceiverWithoutApprovedCryptographyIsRefused(t *testing.T) {
	for name, w := range weakReceivers {
		t.Run(name, func(t *testing.T) {
			p := rig.NewPKI(t, t.TempDir())
			port := w.start(t, p)
			for sink, err := range trySinks(t, p, port) {
				switch {
				case err == nil && (!w.fipsOnly || fips140.Enabled()):
					t.Errorf("%s: nothing is said", sink)
				case err != nil && w.fipsOnly && !fips140.Enabled() && strings.Contains(err.Error(), "tls:"):
					t.Errorf("%s: %v, outside FIPS mode", sink, err)
				case err != nil && (!w.fipsOnly || fips140.Enabled()) && !strings.Contains(err.Error(), w.means):
					t.Errorf("%s: %v, want %q", sink, err, w.means)
				}
			}
		})
	}
}

// The rig itself: with nothing weak about it each sink makes TLS.
func TestReceiverWithApprovedCryptographyIsTaken(t *testing.T) {
	for name, w := range map[string]weak{
		"TLS 1.3":        {args: []string{"-tls1_3", "-groups", "P-384"}},
		"TLS 1.2, RSA":   {args: []string{"-tls1_2"}, key: "rsa:2048"},
		"TLS 1.2, P-521": {args: []string{"-tls1_2", "-groups", "P-521"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := rig.NewPKI(t, t.TempDir())
			port := w.start(t, p)
			for sink, err := range trySinks(t, p, port) {
				if err != nil && (strings.Contains(err.Error(), "tls: ") || strings.Contains(err.Error(), "x509: ") || sink == "syslog") {
					t.Errorf("%s: %v", sink, err)
				}
			}
		})
	}
}

// A receiver of the kind that sites have, which an administrator has set up in that
// way and then puts right: nothing is lost meanwhile.
func TestRsyslogWithoutApprovedSuitesGetsAllLater(t *testing.T) {
	for driver, spoil := range map[string]func(r *rig.Rsyslog){
		"gnutls":  func(r *rig.Rsyslog) { r.Priority = "NORMAL:-CIPHER-ALL:+CHACHA20-POLY1305" },
		"openssl": func(r *rig.Rsyslog) { r.Commands = "Ciphersuites=TLS_CHACHA20_POLY1305_SHA256\nCipherString=CHACHA20" },
	} {
		t.Run(driver, func(t *testing.T) {
			r := rig.StartRsyslog(t)
			r.PKI.Issue(t, "client", rig.Fresh)
			r.Stop(t)
			spoil(r)
			r.Start(t)
			run := script()
			o, stop := tlsOutlet(t, withTLS(r.PKI, "tls://127.0.0.1:"+map[string]string{"gnutls": r.GnuTLS, "openssl": r.OpenSSL}[driver]))
			for _, m := range run {
				offerOne(o, m)
			}
			eventually(t, func() bool { return strings.Contains(o.Stats().LastError, useApproved) })
			if s := o.Stats(); s.Queued != len(run) || s.Healthy {
				t.Errorf("refused: %+v", s)
			}
			r.Stop(t)
			r.Priority, r.Commands = "", ""
			r.Start(t)
			got := r.Receipts(t, len(run))
			eventually(t, func() bool { return o.Stats().Queued == 0 })
			must(t, stop())
			compareReceipts(t, got, run, 3, driver)
		})
	}
}

// start runs the receiver, which speaks TLS and then says nothing that a sink wants to
// hear.
func (w weak) start(t *testing.T, p *rig.PKI) (port string) {
	t.Helper()
	w.certify(t, p)
	port = rig.FreePort(t)
	cmd := openssl(t, append([]string{"s_server", "-quiet", "-accept", port, "-cert", p.File("server.pem"), "-key", p.File("server.key")}, w.args...)...)
	if w.conf != "" {
		conf := p.File("openssl.cnf")
		must(t, os.WriteFile(conf, []byte("openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = system\n[system]\n"+w.conf+"\n"), 0o600))
		cmd.Env = append(os.Environ(), "OPENSSL_CONF="+conf)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	eventually(t, func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return port
}

// certify has openssl make the certificate: Go refuses to make some of these.
func (w weak) certify(t *testing.T, p *rig.PKI) {
	t.Helper()
	request, ext := p.File("server.csr"), p.File("server.ext")
	must(t, os.WriteFile(ext, []byte("subjectAltName=DNS:localhost,IP:127.0.0.1\n"), 0o600))
	args := []string{"req", "-new", "-nodes", "-subj", "/CN=server.example.invalid", "-keyout", p.File("server.key"), "-out", request}
	if w.key == "" || w.key == ec {
		args = append(args, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
	} else {
		args = append(args, "-newkey", w.key)
	}
	digest := w.digest
	if digest == "" {
		digest = "sha256"
	}
	for _, args := range [][]string{args, {
		"x509", "-req", "-in", request, "-" + digest, "-CA", p.File("ca.pem"), "-CAkey", p.File("ca.key"), "-set_serial", "7",
		"-days", "1", "-extfile", ext, "-out", p.File("server.pem"),
	}} {
		if out, err := openssl(t, args...).CombinedOutput(); err != nil {
			t.Fatalf("openssl %v: %v\n%s", args, err, out)
		}
	}
}

func openssl(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed: make rigs")
	}
	return exec.Command(program, args...)
}

// trySinks sends one message by each way that makes TLS.
func trySinks(t *testing.T, p *rig.PKI, port string) map[string]error {
	t.Helper()
	at, ca, errs := "127.0.0.1:"+port, p.File("ca.pem"), map[string]error{}
	hook := openSink(t, Config{Name: "hook", Type: "webhook", Address: "https://" + at, CA: ca, SecretFile: secretFile(t, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")})
	clientOf(hook).timeout = patience / 10 // s_server never answers
	for name, sink := range map[string]Sink{
		"syslog":  rigSink(t, Config{Address: "tls://" + at, CA: ca}),
		"webhook": hook,
		"smtps":   mailerTo(t, Config{Address: "smtps://" + at, CA: ca}),
		"smtp":    mailerTo(t, Config{Address: "smtp://" + startTLS(t, at), CA: ca}),
	} {
		errs[name] = send(t.Context(), sink, numbered(1))
		_ = sink.Close()
	}
	return errs
}

// startTLS is a mail server up to its STARTTLS, behind which is another server.
func startTLS(t *testing.T, behind string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		_, _ = io.WriteString(conn, "220 mail.example ESMTP\r\n")
		_, _ = r.ReadString('\n')
		_, _ = io.WriteString(conn, "250-mail.example\r\n250 STARTTLS\r\n")
		_, _ = r.ReadString('\n')
		_, _ = io.WriteString(conn, "220 go ahead\r\n")
		server, err := net.Dial("tcp", behind)
		if err != nil {
			return
		}
		defer server.Close()
		go func() { _, _ = io.Copy(conn, server); conn.Close() }()
		_, _ = io.Copy(server, r)
	}()
	return l.Addr().String()
}

// The mode is fixed when a process starts, so this is the same again in one with
// FIPS mode on.
func TestReceiverWithoutApprovedCryptographyIsRefusedInFIPSMode(t *testing.T) {
	if fips140.Enabled() {
		t.Skip("it is on already")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestReceiverWith(out)?ApprovedCryptographyIs(Refused|Taken)$", "-test.v")
	cmd.Env = append(os.Environ(), "GODEBUG=fips140=on", "GORACE=atexit_sleep_ms=0")
	cmd.Dir, _ = filepath.Abs(".")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestReceiverWithoutApprovedCryptographyIsRefused/") && !strings.Contains(string(out), "--- SKIP") {
		t.Errorf("%v\n%s", err, out)
	}
}
