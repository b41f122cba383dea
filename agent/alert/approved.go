package alert

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
)

// What FIPS 140-3 approves of TLS, and SP 800-52r2 (section 3.3.1.1) prefers: AES-GCM
// with an ephemeral key, over a NIST curve or its hybrid with ML-KEM. It holds in each
// mode: alerts are as worth protecting where nobody set GODEBUG. In FIPS mode
// crypto/tls knows nothing else by itself.
//
// Suites of TLS 1.3 crypto/tls does not let one choose, so what was agreed is looked
// at again.

var approvedSuites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_AES_256_GCM_SHA384, tls.TLS_AES_128_GCM_SHA256,
}

var approvedCurves = []tls.CurveID{
	tls.X25519MLKEM768, tls.SecP256r1MLKEM768, tls.SecP384r1MLKEM1024, tls.CurveP256, tls.CurveP384, tls.CurveP521,
}

func approvedConfig(serverName string) *tls.Config {
	return &tls.Config{
		ServerName: serverName, MinVersion: tls.VersionTLS12,
		CipherSuites:     slices.Clone(approvedSuites), // heeded by TLS 1.2 only
		CurvePreferences: slices.Clone(approvedCurves),
	}
}

// approved refuses what crypto/tls cannot be told not to offer.
func approved(state tls.ConnectionState) error {
	if slices.Contains(approvedSuites, state.CipherSuite) {
		return nil
	}
	return fmt.Errorf("the receiver chose %s, which is not FIPS-approved: %s", tls.CipherSuiteName(state.CipherSuite), useApproved)
}

const (
	useApproved    = "have it use TLS 1.2 or 1.3, with AES-GCM and the curve P-256, P-384 or P-521"
	useCertificate = "a certificate with RSA of 2048 bits or more or ECDSA over these curves, signed with SHA-256 or better"
	nothingShared  = "it shares nothing with what FIPS 140-3 approves: " + useApproved + ", and " + useCertificate
)

// refusals are what crypto/tls says when there is nothing that both sides may use. It
// has no types for these errors, and a peer's word is a number of RFC 8446 (section 6)
// whose text is all that one gets.
var refusals = []struct{ says, means string }{
	{"remote error: tls: handshake failure", nothingShared},
	{"remote error: tls: insufficient security level", nothingShared},
	{"remote error: tls: protocol version not supported", "it speaks neither TLS 1.2 nor TLS 1.3: " + useApproved},
	{"server selected unsupported protocol version", "it speaks neither TLS 1.2 nor TLS 1.3: " + useApproved},
	{"server chose an unconfigured cipher suite", "FIPS 140-3 does not approve what it chose: " + useApproved},
	{"server selected unsupported", "FIPS 140-3 does not approve what it chose: " + useApproved},
	{"Extended Master Secret", "its TLS 1.2 does not bind the session's keys to the handshake (RFC 7627): have it use TLS 1.3, or update it"},
	{"no FIPS compatible certificate chains", "FIPS 140-3 does not approve of a key in its certificates: give it " + useCertificate},
	{"insecure algorithm", "that hash proves nothing any more: give it " + useCertificate},
}

// explained adds the cause and the next step to an error of a handshake.
func explained(err error) error {
	for _, r := range refusals {
		if strings.Contains(err.Error(), r.says) {
			return fmt.Errorf("%w: %s", err, r.means)
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) { // rsyslog with GnuTLS, for one
		return fmt.Errorf("%w: it ended the handshake without a word: look at its log, and %s", err, useApproved)
	}
	return err
}
