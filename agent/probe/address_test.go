package probe

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
)

func TestOnlyThisMachineIsDialled(t *testing.T) {
	dialled := false
	o := Options{Dial: func(context.Context, string, string) (net.Conn, error) {
		dialled = true
		return nil, errors.New("no")
	}}
	for _, address := range []string{
		"192.0.2.1:443", "[2001:db8::1]:443", "0.0.0.0:443", "[::]:443", "localhost:443", "sentry1.lab.example:443",
		"127.0.0.1", "127.0.0.1:0", "127.0.0.1:https", "127.0.0.1:65536", "224.0.0.1:443", "", ":443", "127.1:443",
	} {
		answers := Versions(context.Background(), address, o)
		if len(answers) != len(versions) {
			t.Errorf("%q: %d answers", address, len(answers))
		}
		for _, a := range answers {
			if a.State != Unreadable || !strings.HasPrefix(a.Reason, "cannot probe") {
				t.Errorf("%q: %+v", address, a)
			}
		}
		if _, err := Handshake(context.Background(), address, o); err == nil {
			t.Errorf("%q was asked for certificates", address)
		}
		if dialled {
			t.Fatalf("%q was dialled", address)
		}
	}
}

func TestOwnAddressesAreDialled(t *testing.T) {
	list := []string{"127.0.0.1:443", "127.8.9.10:443", "[::1]:443", "[::ffff:127.0.0.1]:443"}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		list = append(list, net.JoinHostPort(a.(*net.IPNet).IP.String(), "443"))
	}
	for _, address := range list {
		if err := own(address); err != nil {
			t.Error(err)
		}
	}
}
