package alert

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/alert/testdata/rig"
)

// tlsOutlet starts an outlet over TLS to a rig.
func tlsOutlet(t *testing.T, c Config) (o *Outlet, stop func() error) {
	t.Helper()
	o = outletOf(rigSink(t, c), OutletOptions{Config: Config{Name: "siem"}})
	return o, running(t, o)
}

// With TLS 1.3 the receiver refuses after our first write. Until the certificate
// is put right nothing may count as sent for good.
func TestRefusedClientCertificateLosesNothing(t *testing.T) {
	refusals := map[string]func(t *testing.T, p *rig.PKI, c *Config){
		"none":       func(_ *testing.T, _ *rig.PKI, c *Config) { c.Cert, c.Key = "", "" },
		"expired":    func(t *testing.T, p *rig.PKI, _ *Config) { p.Issue(t, "client", rig.Expired) },
		"other name": func(t *testing.T, p *rig.PKI, c *Config) { c.Cert, c.Key = p.File("server.pem"), p.File("server.key") },
	}
	said := map[string]string{"none": "asked for a certificate", "expired": "expired at", "other name": "cannot send"}
	for name, spoil := range refusals {
		for _, driver := range []string{"gnutls", "openssl"} {
			if name == "other name" && driver == "openssl" {
				continue // rsyslog 8.2302 closes twice and then takes what that client sends
			}
			t.Run(name+" "+driver, func(t *testing.T) {
				r := rig.StartRsyslog(t)
				r.PKI.Issue(t, "client", rig.Fresh)
				port := map[string]string{"gnutls": r.GnuTLS, "openssl": r.OpenSSL}[driver]
				c := withTLS(r.PKI, "tls://127.0.0.1:"+port)
				spoil(t, r.PKI, &c)
				refusedThenRight(t, r, c, said[name], driver)
			})
		}
	}
}

// refusedThenRight sends under a configuration that is refused, until that has
// been said, and puts the files right.
func refusedThenRight(t *testing.T, r *rig.Rsyslog, c Config, said, input string) {
	t.Helper()
	run := script()
	sink := rigSink(t, c)
	o := outletOf(sink, OutletOptions{Config: Config{Name: "siem"}})
	stop := running(t, o)
	for _, m := range run {
		offerOne(o, m)
	}
	eventually(t, func() bool { return strings.Contains(o.Stats().LastError, said) && o.Stats().Failures > 2 })
	if s := o.Stats(); s.Queued != len(run) || s.Healthy {
		t.Errorf("refused: %+v", s)
	}
	r.PKI.Issue(t, "client", rig.Fresh)
	if c.Cert != r.PKI.File("client.pem") { // else the new file alone is enough
		err := stop()
		if err == nil || !strings.Contains(err.Error(), "alerts for sink") {
			t.Errorf("stopping with all undelivered: %v", err)
		}
		o = NewOutlet(rigSink(t, withTLS(r.PKI, c.Address)), OutletOptions{Config: Config{Name: "siem"}, Spool: o.spool})
		stop = running(t, o)
	}
	got := r.Receipts(t, len(run))
	eventually(t, func() bool { return o.Stats().Queued == 0 })
	must(t, stop())
	compareReceipts(t, got, run, 3, input)
}

func TestExpiredReceiverCertificateIsRefused(t *testing.T) {
	r := rig.StartRsyslog(t)
	r.PKI.Issue(t, "client", rig.Fresh)
	r.Stop(t)
	r.PKI.Issue(t, "server", rig.Expired)
	r.Start(t)
	run := script()
	o, stop := tlsOutlet(t, withTLS(r.PKI, "tls://127.0.0.1:"+r.OpenSSL))
	for _, m := range run {
		offerOne(o, m)
	}
	eventually(t, func() bool { return strings.Contains(o.Stats().LastError, "expired") })
	r.Stop(t)
	r.PKI.Issue(t, "server", rig.Fresh)
	r.Start(t)
	got := r.Receipts(t, len(run))
	eventually(t, func() bool { return o.Stats().Queued == 0 })
	must(t, stop())
	compareReceipts(t, got, run, 3, "openssl")
}

func TestReceiverOfAnotherNameOrCAIsRefused(t *testing.T) {
	dir := t.TempDir()
	ours, theirs := rig.NewPKI(t, dir), rig.NewPKI(t, t.TempDir())
	theirs.Issue(t, "server", rig.Fresh)
	pair, err := tls.LoadX509KeyPair(theirs.File("server.pem"), theirs.File("server.key"))
	must(t, err)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	must(t, err)
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.(*tls.Conn).Handshake()
			conn.Close()
		}
	}()
	address := "tls://" + l.Addr().String()
	for want, c := range map[string]Config{
		"unknown authority":    {Address: address, CA: ours.File("ca.pem")},
		"siem.example.invalid": {Address: address, CA: theirs.File("ca.pem"), ServerName: "siem.example.invalid"},
	} {
		err := send(t.Context(), rigSink(t, c), numbered(1))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestKeyThatOthersMayReadIsRefused(t *testing.T) {
	p := rig.NewPKI(t, t.TempDir())
	p.Issue(t, "client", rig.Fresh)
	must(t, os.Chmod(p.File("client.key"), 0o644))
	files := newTLSFiles(&Config{CA: p.File("ca.pem"), Cert: p.File("client.pem"), Key: p.File("client.key")}, "localhost")
	if _, _, err := files.config(); err == nil || !strings.Contains(err.Error(), "others may read it") {
		t.Error(err)
	}
	must(t, os.Chmod(p.File("client.key"), 0o600))
	t.Setenv("CREDENTIALS_DIRECTORY", p.File(""))
	files.key = credential + "client.key"
	_, _, err := files.config()
	must(t, err)
}

// A receiver that accepts and says nothing does not hold a sink for long, nor
// beyond the end of the agent.
func TestHandshakeThatNeverEnds(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := send(ctx, rigSink(t, Config{Address: "tls://" + silent.Addr().String()}), numbered(1)); err == nil {
		t.Error("sent to nobody")
	}
	if took := time.Since(start); took > dialTimeout/2 {
		t.Errorf("took %v", took)
	}
}

func TestTLSKeysAreChecked(t *testing.T) {
	for name, tt := range map[string]struct {
		config Config
		key    string // that is wrong; empty: none
	}{
		"all":              {Config{Address: "tls://siem.example", CA: "/ca", Cert: "/c", Key: "credential:k", ServerName: "x"}, ""},
		"none":             {Config{Address: "tls://siem.example"}, ""},
		"without TLS":      {Config{Address: "tcp://siem.example", CA: "/ca"}, "ca"},
		"name without TLS": {Config{Address: "udp://siem.example", ServerName: "x"}, "server_name"},
		"relative":         {Config{Address: "tls://siem.example", CA: "ca.pem"}, "ca"},
		"no key":           {Config{Address: "tls://siem.example", Cert: "/c"}, "cert"},
		"no cert":          {Config{Address: "tls://siem.example", Key: "/k"}, "key"},
		"key in place":     {Config{Address: "tls://siem.example", Cert: "/c", Key: "-----BEGIN PRIVATE KEY-----"}, "key"},
	} {
		tt.config.Name, tt.config.Type = "siem", "syslog"
		tt.config.Fill()
		var got []string
		tt.config.Check(func(string) bool { return false }, func(key, format string, _ ...any) {
			got = append(got, key)
			if strings.Contains(format, "BEGIN") {
				t.Error("a secret is shown")
			}
		})
		if strings.Join(got, " ") != tt.key {
			t.Errorf("%s: %v, want %q", name, got, tt.key)
		}
	}
}
