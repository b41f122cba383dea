// Command certs makes the certificates of the little appliances anew:
//
//	go run ./testdata/appliance/gen/certs testdata/appliance
//
// Private keys are thrown away: nothing has to be served or signed with them.
// All are valid until 2095, so that no test turns red with time.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

const (
	portalFile = "root/etc/pki/tls/certs/portal.crt"
	deviceFile = "root/mi/tomcat/conf/device-cert.pem"
	caFile     = "stigwatch/ca/approved-ca.pem"
)

// signer is a certificate and its key; the zero value signs nothing.
type signer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: certs APPLIANCES-FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir string) error {
	ca, err := issue(authority("Example Lab Root CA"), nil)
	if err != nil {
		return err
	}
	for _, name := range []string{"compliant", "factory", "drifted", "empty", "hostile"} {
		if err := write(filepath.Join(dir, name, caFile), ca.cert); err != nil {
			return err
		}
	}
	if err := pair(dir, &ca, "compliant", "drifted"); err != nil {
		return err
	}
	return pair(dir, nil, "factory")
}

// pair writes the two server certificates of appliances, self-signed where by is nil.
func pair(dir string, by *signer, appliances ...string) error {
	for file, host := range map[string]string{portalFile: "sentry1.lab.example", deviceFile: "mobile.lab.example"} {
		s, err := issue(server(host), by)
		if err != nil {
			return err
		}
		for _, name := range appliances {
			if err := write(filepath.Join(dir, name, file), s.cert); err != nil {
				return err
			}
		}
	}
	return nil
}

func issue(template *x509.Certificate, by *signer) (signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return signer{}, err
	}
	if by == nil {
		by = &signer{cert: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, key.Public(), by.key)
	if err != nil {
		return signer{}, fmt.Errorf("cannot make the certificate of %q: %w", template.Subject.CommonName, err)
	}
	cert, err := x509.ParseCertificate(der)
	return signer{cert: cert, key: key}, err
}

func authority(name string) *x509.Certificate {
	t := base(name)
	t.IsCA = true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	return t
}

func server(host string) *x509.Certificate {
	t := base(host)
	t.DNSNames = []string{host}
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	return t
}

func base(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		panic(err) // the system's random source does not fail
	}
	return &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{"Example Lab"}, CommonName: name},
		NotBefore:             time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2095, 1, 1, 0, 0, 0, 0, time.UTC),
		BasicConstraintsValid: true,
	}
}

func write(path string, cert *x509.Certificate) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	block := &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}
	return os.WriteFile(path, pem.EncodeToMemory(block), 0o644)
}
