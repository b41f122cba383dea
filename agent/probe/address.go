package probe

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

var errNotOwn = errors.New("it is not an address of this machine")

// own refuses every address but those of this machine. Names are refused too:
// what they mean is for others to say, and may change between asking and dialling.
func own(address string) error {
	if err := isOwn(address); err != nil {
		return fmt.Errorf("cannot probe %q: %w", address, err)
	}
	return nil
}

func isOwn(address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || to.Port() == 0 {
		return errors.New("it is not an IP address and a port")
	}
	ip := to.Addr().Unmap().WithZone("")
	if ip.IsLoopback() {
		return nil
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return err
	}
	for _, a := range addresses {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		if mine, ok := netip.AddrFromSlice(n.IP); ok && mine.Unmap() == ip {
			return nil
		}
	}
	return errNotOwn
}
