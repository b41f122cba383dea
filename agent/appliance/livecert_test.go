package appliance

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
)

// authority is a CA of a test's own.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: rand.Text()}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key}
}

// issue makes a server's certificate for this key, valid until then.
func (a authority) issue(t *testing.T, key crypto.Signer, until time.Time) tls.Certificate {
	t.Helper()
	form := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "sentry1.lab.example"},
		NotBefore: until.Add(-2 * time.Hour), NotAfter: until,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func ecKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rsaKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pemOf(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// TestWhatAPortServesCanFailTheCertificateRule serves on all ports alike; the file
// of both certificates holds one of an approved CA.
func TestWhatAPortServesCanFailTheCertificateRule(t *testing.T) {
	ca, other, key := newAuthority(t), newAuthority(t), ecKey(t)
	hour := time.Now().Add(time.Hour)
	read := ca.issue(t, key, hour)
	own := tls.Certificate{Certificate: [][]byte{other.cert.Raw}, PrivateKey: other.key}
	for what, c := range map[string]struct {
		served tls.Certificate
		reason string // "": it passes
	}{
		"what was read":                {read, ""},
		"the same with its chain":      {tls.Certificate{Certificate: [][]byte{read.Certificate[0], ca.cert.Raw}, PrivateKey: key}, ""},
		"another of the same CA":       {ca.issue(t, ecKey(t), hour), "is not the one that was read, must be the same"},
		"another kind of key":          {ca.issue(t, rsaKey(t), hour), ""},
		"an expired one":               {ca.issue(t, key, time.Now().Add(-time.Minute)), "is out of date, must be in date"},
		"one that is not valid yet":    {ca.issue(t, key, time.Now().Add(3*time.Hour)), "is out of date, must be in date"},
		"one of a CA nobody approved":  {other.issue(t, key, hour), "is not trusted"},
		"one with a CA it brings":      {tls.Certificate{Certificate: [][]byte{other.issue(t, key, hour).Certificate[0], other.cert.Raw}, PrivateKey: key}, "is not trusted"},
		"one that vouches for itself":  {own, "is self-signed"},
		"more certificates than a few": {tls.Certificate{Certificate: repeated(read.Certificate[0], 17), PrivateKey: key}, ""},
	} {
		t.Run(what, func(t *testing.T) {
			p := liveIn(t, certified(t, ca, read), tlsServing(t, &tls.Config{Certificates: []tls.Certificate{c.served}}))
			p.around(t)
			r := p.results["V-251005"]
			if c.reason == "" && r.Outcome != finding.Pass {
				t.Errorf("%s: %s", r.Outcome, r.Reason)
			}
			if c.reason != "" {
				for _, port := range []string{"8443", "443"} {
					if r.Outcome != finding.Fail || !strings.Contains(r.Reason, "certificate served on port "+port+" "+c.reason) || !strings.Contains(r.Reason, "saved but not applied") {
						t.Errorf("%s: %s", r.Outcome, r.Reason)
					}
				}
				if e := r.Evidence[0]; e.File != "live:cert/8443" || e.Line != 3 {
					t.Errorf("%+v", e)
				}
			}
			if f := p.snap["probe.portal_certificate"]; (f.State == finding.Unreadable) != strings.HasPrefix(what, "more") {
				t.Errorf("%s: %s", f.State, f.Reason)
			}
		})
	}
}

func repeated(der []byte, n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = der
	}
	return out
}

// certified gives the compliant appliance with this CA for the approved one and this
// certificate in its files.
func certified(t *testing.T, ca authority, read tls.Certificate) string {
	t.Helper()
	dir := rig.New(t, "compliant")
	rig.Put(t, filepath.Join(dir, "stigwatch/ca/approved-ca.pem"), pemOf(ca.cert.Raw))
	for _, file := range certificateFiles {
		rig.Put(t, filepath.Join(dir, file), pemOf(read.Certificate[0]))
	}
	// where the port listens is no address of the machine that tests
	rig.Edit(t, filepath.Join(dir, "root/proc/net/tcp"), "0A6433C6:20FB", "00000000:20FB")
	return dir
}

func TestWhetherAPortAsksForACertificateIsToldAndNotJudged(t *testing.T) {
	ca, key := newAuthority(t), ecKey(t)
	read := ca.issue(t, key, time.Now().Add(time.Hour))
	for ask, want := range map[tls.ClientAuthType]string{
		tls.RequireAnyClientCert: "port 8443 asks for a client certificate",
		tls.NoClientCert:         "port 8443 asks for no client certificate when a handshake begins; it may still ask later",
	} {
		p := liveIn(t, certified(t, ca, read), tlsServing(t, &tls.Config{Certificates: []tls.Certificate{read}, ClientAuth: ask}))
		p.around(t)
		if r := p.results["V-250988"]; r.Outcome != finding.Pass || !strings.Contains(r.Remark, want) {
			t.Errorf("%s: %s; %s", r.Outcome, r.Reason, r.Remark)
		}
	}
}

// A server of TLS 1.3 alone shows nothing, and that proves nothing.
func TestCertificatesThatArePrivateAreNoFinding(t *testing.T) {
	ca, key := newAuthority(t), ecKey(t)
	read := ca.issue(t, key, time.Now().Add(time.Hour))
	p := liveIn(t, certified(t, ca, read), tlsServing(t, &tls.Config{Certificates: []tls.Certificate{read}, MinVersion: tls.VersionTLS13}))
	p.around(t)
	f := p.snap["probe.portal_certificate"]
	if r := p.results["V-251005"]; r.Outcome != finding.Pass || f.State != finding.Unreadable || !strings.Contains(f.Reason, "protocol_version") {
		t.Errorf("%s: %s; %s: %s", r.Outcome, r.Reason, f.State, f.Reason)
	}
}

// certificateFiles are where the compliant appliance keeps what ports 8443 and 443
// are meant to serve.
var certificateFiles = []string{"root/etc/pki/tls/certs/portal.crt", "root/mi/tomcat/conf/device-cert.pem"}
