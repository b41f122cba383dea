package lens

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const procRoutes = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n" +
	"eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n" +
	"eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n" +
	"eth1\t007100CB\t016433C6\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0\n" +
	"eth2\t0000000A\t016433C6\t0002\t0\t0\t0\t000000FF\t0\t0\t0\n" +
	"eth1\t0501000A\t016433C6\t0007\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n"

func TestProcRoute(t *testing.T) {
	checkProgram(t, ProcRoute{}, []programCase{
		{"up and through a gateway", procRoutes, "routes", []string{
			"destination=0.0.0.0/0 device=eth0 via=192.0.2.1",
			"destination=203.0.113.0/24 device=eth1 via=198.51.100.1",
			"destination=10.0.1.5/32 device=eth1 via=198.51.100.1",
		}},
		{"no routes", "Iface\tDestination\tGateway\n", "routes", nil},
	})
	checkRefused(t, ProcRoute{}, map[string]int{"": 1, "\n": 1, "eth0 00000000\n": 1, "Iface Mask\neth0\n": 2})
	if _, err := try(ProcRoute{}, Query{Path: "routes"}, "Iface Destination Gateway Flags Mask\ne 0 0 3 0\n"); err == nil {
		t.Error("a bad address passed")
	}
	if _, err := try(ProcRoute{}, Query{Path: "routes"}, "Iface Destination Gateway Flags Mask\ne 00000000 00000000 3 FF00FF00\n"); err == nil {
		t.Error("a mask with a hole passed")
	}
}

func TestRoutes(t *testing.T) {
	const name = "/etc/sysconfig/network-scripts/route-eth1"
	cases := []struct {
		name, text string
		want       []string
	}{
		{"device in the line", "10.0.0.0/8 via 192.0.2.1 dev eth9 metric 5\n", []string{"destination=10.0.0.0/8 device=eth9 via=192.0.2.1"}},
		{"device from the name", "10.0.0.0/8 via 192.0.2.1\n", []string{"destination=10.0.0.0/8 device=eth1 via=192.0.2.1"}},
		{"default", "default via 192.0.2.1\n", []string{"destination=0.0.0.0/0 device=eth1 via=192.0.2.1"}},
		{"default of version 6", "default via fe80::1\n", []string{"destination=::/0 device=eth1 via=fe80::1"}},
		{"short and host", "10/8 via 192.0.2.1\nto 10.1.2.3 via inet 192.0.2.1\n",
			[]string{"destination=10.0.0.0/8 device=eth1 via=192.0.2.1", "destination=10.1.2.3/32 device=eth1 via=192.0.2.1"}},
		{"netmask", "10.0.0.0/255.255.0.0 via 192.0.2.1\n", []string{"destination=10.0.0.0/16 device=eth1 via=192.0.2.1"}},
		{"without gateway", "10.0.0.0/8 dev eth2\n", []string{"destination=10.0.0.0/8 device=eth2"}},
		{"type", "blackhole 10.0.0.0/8\n", []string{"destination=10.0.0.0/8 device=eth1"}},
		{"several hops", "default nexthop via 192.0.2.1 dev a weight 1 nexthop via 192.0.2.2 dev b\n",
			[]string{"destination=0.0.0.0/0 device=a via=192.0.2.1", "destination=0.0.0.0/0 device=b via=192.0.2.2"}},
		{"comments", "# 10.0.0.0/8 via 192.0.2.1\n\n", nil},
		{"variables", "# c\nADDRESS0=10.0.0.0\nNETMASK0=255.0.0.0\nGATEWAY0=192.0.2.1\nADDRESS1='203.0.113.0' # c\nGATEWAY1=\"192.0.2.2\"\n",
			[]string{"destination=10.0.0.0/8 device=eth1 via=192.0.2.1", "destination=203.0.113.0/24 device=eth1 via=192.0.2.2"}},
		{"variables, the last counts", "ADDRESS0=10.0.0.0\nNETMASK0=255.0.0.0\nADDRESS0=11.0.0.0\nGATEWAY0=192.0.2.1\n",
			[]string{"destination=11.0.0.0/8 device=eth1 via=192.0.2.1"}},
		{"variables commented out", "ADDRESS0=10.0.0.0\nNETMASK0=255.0.0.0\n#GATEWAY0=192.0.2.1\n#ADDRESS1=11.0.0.0\n",
			[]string{"destination=10.0.0.0/8 device=eth1"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			vs := disk{name: c.text}.asked(t, Routes{}, "routes", name)
			if d := cmp.Diff(append([]string{}, c.want...), said(vs)); d != "" {
				t.Error(d)
			}
		})
	}
	checkRefused(t, Routes{}, map[string]int{"default via 192.0.2.1\nnonsense\n": 2, "ADDRESS0=1\nx\n": 2, "10.0.0.0/99 via 192.0.2.1\n": 1})
	if _, err := try(Routes{}, Query{Path: "routes"}, "ADDRESS0=nowhere\n"); err == nil {
		t.Error("a bad address passed")
	}
}

func TestRouteDevice(t *testing.T) {
	for name, want := range map[string]string{"/a/route-eth1": "eth1", "route6-br-0": "br-0", "/route-eth0:1": "eth0", "/routes": "", "/a-b": ""} {
		if got := routeDevice(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
