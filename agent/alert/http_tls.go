package alert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
)

// httpSuites are those of TLS 1.2 that SP 800-52r2 (3.3.1.1) prefers: ephemeral
// keys and AES-GCM. All of TLS 1.3's that FIPS mode leaves are approved.
var httpSuites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
}

// dialHTTPS connects with TLS. It reads the certificates for each connection:
// renewed ones need no restart.
func dialHTTPS(c Config, dial DialFunc) DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		config, err := httpsConfig(c, address)
		if err != nil {
			return nil, err
		}
		raw, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		conn := tls.Client(raw, config)
		ctx, cancel := context.WithTimeout(ctx, dialTimeout)
		defer cancel()
		if err := conn.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return nil, err
		}
		return conn, nil
	}
}

func httpsConfig(c Config, address string) (*tls.Config, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, CipherSuites: httpSuites, ServerName: host}
	if c.ServerName != "" {
		config.ServerName = c.ServerName
	}
	if c.CA != "" {
		if config.RootCAs, err = readCA(c.CA); err != nil {
			return nil, err
		}
	}
	if c.Cert == "" {
		return config, nil
	}
	cert, err := readPair(c.Cert, c.Key)
	config.Certificates = []tls.Certificate{cert}
	return config, err
}

func readCA(path string) (*x509.CertPool, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the receiver's authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("cannot use %q: it holds no certificate in PEM", path)
	}
	return pool, nil
}

func readPair(certPath, keyPlace string) (tls.Certificate, error) {
	cert, err := os.ReadFile(certPath)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("cannot read our certificate: %w", err)
	}
	key, err := readSecret(keyPlace)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fmt.Errorf("cannot use certificate %q with key %q: %w", certPath, keyPlace, err)
	}
	return pair, nil
}
