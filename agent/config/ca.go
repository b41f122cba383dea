package config

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"stigwatch/agent/strict"
)

// readCAs reads the certificates of the approved authorities. Their files are
// relative to the site profile's folder.
func (s *Site) readCAs(d *strict.Doc, dir string) {
	if s.ApprovedCAs == nil {
		return
	}
	s.CAs = x509.NewCertPool()
	for i, name := range s.ApprovedCAs {
		path := within(dir, name)
		b, err := strict.ReadFile(path)
		if err != nil {
			d.Wrong(item("approved_cas", i), "%q: %s", path, strict.Cannot("read", err))
			continue
		}
		s.Files[path] = strict.Digest(b)
		s.Digest = strict.Digest([]byte(s.Digest + s.Files[path]))
		if err := addCertificates(s.CAs, b); err != nil {
			d.Wrong(item("approved_cas", i), "%q: %v", path, err)
		}
	}
}

// addCertificates takes all certificates of a PEM file or none that it would
// have to skip: a bundle that is half read approves half of what was meant.
func addCertificates(pool *x509.CertPool, b []byte) error {
	begun, n := bytes.Count(b, []byte("-----BEGIN ")), 0
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		n++
		if block.Type != "CERTIFICATE" {
			return fmt.Errorf("block %d is a %s: only blocks of type CERTIFICATE belong here", n, block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return fmt.Errorf("cannot parse certificate %d: %w", n, err)
		}
		pool.AddCert(c)
	}
	switch {
	case n < begun:
		return fmt.Errorf("%d of %d blocks are damaged: copy the file again", begun-n, begun)
	case n == 0:
		return errors.New("it holds no certificate: PEM is needed, which begins with -----BEGIN CERTIFICATE-----")
	}
	return nil
}
