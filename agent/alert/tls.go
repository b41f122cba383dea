package alert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"
)

// tlsKeys are the keys of the configuration that tlsFiles needs.
var tlsKeys = []string{"ca", "cert", "key", "server_name"}

// tlsFiles say where the certificates for a connection are. They are read anew
// for each, so that a renewed one works without a reload.
type tlsFiles struct {
	ca, cert, key string
	serverName    string
}

// newTLSFiles takes the keys of a sink whose address has this host.
func newTLSFiles(c *Config, host string) *tlsFiles {
	f := &tlsFiles{ca: c.CA, cert: c.Cert, key: c.Key, serverName: c.ServerName}
	if f.serverName == "" {
		f.serverName = host
	}
	return f
}

// checkTLS tells what is wrong with the keys for TLS, of a sink that has it or
// not.
func checkTLS(c *Config, has bool, without string, wrong Wrong) {
	values := map[string]string{"ca": c.CA, "cert": c.Cert, "key": c.Key, "server_name": c.ServerName}
	for _, key := range tlsKeys {
		value := values[key]
		switch {
		case value == "":
		case !has:
			wrong(key, "%s has no certificates: remove the key, or write an address with TLS", without)
		case key == "key":
			if why := checkSecret(value); why != "" {
				wrong(key, "%s", why)
			}
		case key != "server_name" && !filepath.IsAbs(value):
			wrong(key, "it is not the absolute path of a PEM file")
		}
	}
	if has && c.Cert != "" && c.Key == "" {
		wrong("cert", "a certificate needs its private key: write key too")
	}
	if has && c.Key != "" && c.Cert == "" {
		wrong("key", "a private key needs its certificate: write cert too")
	}
}

// handshake makes TLS over a connection. The hint says why the peer may refuse
// it later, as TLS 1.3 does; "" when nothing speaks for that.
func (f *tlsFiles) handshake(ctx context.Context, conn net.Conn) (_ net.Conn, hint string, err error) {
	config, hint, err := f.config()
	if err != nil {
		return nil, "", err
	}
	certificate := config.GetClientCertificate
	config.GetClientCertificate = func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if f.cert == "" {
			hint = "it asked for a certificate: write cert and key"
		}
		return certificate(r)
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	c := tls.Client(conn, config)
	err = c.HandshakeContext(ctx)
	switch {
	case err == nil:
		return c, hint, approved(c.ConnectionState())
	case hint != "":
		return nil, hint, fmt.Errorf("%w (%s)", err, hint)
	}
	return nil, "", explained(err)
}

func (f *tlsFiles) config() (c *tls.Config, hint string, err error) {
	c = approvedConfig(f.serverName)
	if f.ca != "" {
		pem, err := readPEM(f.ca)
		if err != nil {
			return nil, "", err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, "", fmt.Errorf("cannot use %q: there is no certificate in it", f.ca)
		}
	}
	own := &tls.Certificate{}
	if f.cert != "" {
		if own, hint, err = f.own(); err != nil {
			return nil, "", err
		}
	}
	// Not Certificates: those would be held back when the server names other CAs,
	// and it would say that there was none.
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return own, nil }
	return c, hint, nil
}

// own reads our certificate. One that has expired is offered all the same, in
// case the receiver does not mind; the hint says so if it does.
func (f *tlsFiles) own() (_ *tls.Certificate, hint string, err error) {
	chain, err := readPEM(f.cert)
	if err != nil {
		return nil, "", err
	}
	key, err := readSecret(f.key)
	if err != nil {
		return nil, "", err
	}
	defer clear(key)
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, "", fmt.Errorf("cannot use the certificate %q with its key: %w", f.cert, err)
	}
	if end := pair.Leaf.NotAfter; time.Now().After(end) {
		hint = fmt.Sprintf("our own certificate %q expired at %s", f.cert, end.UTC().Format(time.RFC3339))
	}
	return &pair, hint, nil
}

const maxPEM = 4 << 20 // a bundle of every public CA has a quarter of that

func readPEM(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read certificates: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	if err == nil && len(b) > maxPEM {
		err = errors.New("it is too long for certificates")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %q: %w", path, err)
	}
	return b, nil
}
