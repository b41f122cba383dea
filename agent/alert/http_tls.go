package alert

import (
	"context"
	"net"
)

// dialHTTPS connects with TLS. It reads the certificates for each connection:
// renewed ones need no restart.
func dialHTTPS(c Config, dial DialFunc) DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		raw, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		conn, _, err := newTLSFiles(&c, host).handshake(ctx, raw)
		if err != nil {
			_ = raw.Close()
			return nil, err
		}
		return conn, nil
	}
}
