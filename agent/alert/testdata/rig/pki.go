package rig

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Validity is how a certificate stands to the clock.
type Validity int

// A certificate is good for a day, or was until an hour ago.
const (
	Fresh Validity = iota
	Expired
)

// PKI is a certification authority in a folder, in which ca.pem lies.
type PKI struct {
	dir    string
	key    *ecdsa.PrivateKey
	ca     *x509.Certificate
	serial int64
}

// NewPKI makes one.
func NewPKI(t testing.TB, dir string) *PKI {
	t.Helper()
	p := &PKI{dir: dir, serial: 1}
	var err error
	p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	p.ca = p.template("Rig CA", Fresh)
	p.ca.IsCA, p.ca.BasicConstraintsValid, p.ca.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	p.write(t, "ca", p.ca, p.key)
	return p
}

// File is the path of a file in the authority's folder.
func (p *PKI) File(name string) string { return filepath.Join(p.dir, name) }

// Issue writes NAME.pem and NAME.key, over older ones. The certificate is for
// NAME.example.invalid, localhost and 127.0.0.1.
func (p *PKI) Issue(t testing.TB, name string, v Validity) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	host := name + ".example.invalid"
	c := p.template(host, v)
	c.KeyUsage = x509.KeyUsageDigitalSignature
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	c.DNSNames, c.IPAddresses = []string{host, "localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	p.write(t, name, c, key)
}

func (p *PKI) template(name string, v Validity) *x509.Certificate {
	p.serial++
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(p.serial), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(24 * time.Hour),
	}
	if v == Expired {
		c.NotAfter = now.Add(-time.Hour)
	}
	return c
}

func (p *PKI) write(t testing.TB, name string, c *x509.Certificate, key *ecdsa.PrivateKey) {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, p.ca, key.Public(), p.key)
	must(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	must(t, os.WriteFile(p.File(name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(t, os.WriteFile(p.File(name+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
}
