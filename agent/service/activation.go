package service

import (
	"fmt"
	"net"

	"github.com/coreos/go-systemd/v22/activation"
)

// Socket gives the unix socket that the service manager opened for this process and
// passed on, sd_listen_fds(3); nil when it passed none. More than one, or one of
// another kind, is an error: the unit is not the one that this process is made for.
func Socket() (*net.UnixListener, error) {
	passed, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("cannot take the socket of the service manager: %w", err)
	}
	if len(passed) == 0 {
		return nil, nil
	}
	u, ok := passed[0].(*net.UnixListener)
	if len(passed) > 1 || !ok {
		return nil, fmt.Errorf("cannot take the socket of the service manager: it passed %d, and one unix socket is needed", len(passed))
	}
	return u, nil
}
