package facts

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"

	"stigwatch/agent/lens"
)

// certificate judges the first certificate of a file, or of what a port serves, with
// the others as the chain, against the site's approved authorities at this time. Rego
// cannot: it has no clock and no cryptography. The fingerprint and the kind of key
// tell whether a port serves what stands in the file.
func (r *Reader) certificate(values []lens.Value) (any, error) {
	leaf, err := x509.ParseCertificate(values[0].DER)
	if err != nil {
		return nil, at(&values[0], fmt.Errorf("it is not a certificate: %w", err))
	}
	chain := x509.NewCertPool()
	for i := range values[1:] {
		if c, err := x509.ParseCertificate(values[i+1].DER); err == nil {
			chain.AddCert(c)
		}
	}
	now := r.o.Now()
	rec := map[string]any{
		"subject":     leaf.Subject.String(),
		"issuer":      leaf.Issuer.String(),
		"self_signed": bytes.Equal(leaf.RawSubject, leaf.RawIssuer),
		"in_date":     !now.Before(leaf.NotBefore) && !now.After(leaf.NotAfter),
		"trusted":     false,
		"fingerprint": fmt.Sprintf("%x", sha256.Sum256(leaf.Raw)),
		"key":         leaf.PublicKeyAlgorithm.String(),
	}
	roots := r.o.CAs
	if roots == nil {
		roots = x509.NewCertPool() // never the machine's own list
	}
	_, err = leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: chain, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		rec["problem"] = problem(err)
		return rec, nil
	}
	rec["trusted"] = true
	return rec, nil
}

// problem says what is wrong without saying when that was found: a fact that tells
// the time would be another one at each reading.
func problem(err error) string {
	if invalid := (x509.CertificateInvalidError{}); errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		return "the certificate, or a CA above it, has expired or is not yet valid"
	}
	return err.Error()
}
