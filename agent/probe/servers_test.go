package probe

import (
	"context"
	"crypto/fips140"
	"crypto/tls"
	"net"
	"strings"
	"testing"
)

// summary is the states and, where a ServerHello decided, the version chosen.
func summary(answers []Answer) string {
	var out []string
	for _, a := range answers {
		s := a.Version + "=" + string(a.State)
		if a.Chosen != "" && a.Chosen != a.Version {
			s += "(" + a.Chosen + ")"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func want(t *testing.T, address, expected string, o Options) {
	t.Helper()
	answers := Versions(context.Background(), address, o)
	if got := summary(answers); got != expected {
		t.Errorf("got  %s\nwant %s\n%+v", got, expected, answers)
	}
	for _, a := range answers {
		if a.Reason == "" {
			t.Errorf("%s has no reason", a.Version)
		}
	}
}

func goServer(t *testing.T, c *tls.Config) string {
	t.Helper()
	if fips140.Enabled() {
		t.Skip("in FIPS mode Go's server refuses what is asked for here")
	}
	return serve(t, func(conn net.Conn) { _ = tls.Server(conn, c).Handshake() })
}

func TestGoServers(t *testing.T) {
	id := newIdentity(t)
	for name, c := range map[string]struct {
		min, max uint16
		want     string
	}{
		"1.0 only":   {tls.VersionTLS10, tls.VersionTLS10, "SSLv3=off TLSv1=on TLSv1.1=off(TLSv1) TLSv1.2=off(TLSv1) TLSv1.3=off"},
		"1.1 only":   {tls.VersionTLS11, tls.VersionTLS11, "SSLv3=off TLSv1=off TLSv1.1=on TLSv1.2=off(TLSv1.1) TLSv1.3=off"},
		"1.2 only":   {tls.VersionTLS12, tls.VersionTLS12, "SSLv3=off TLSv1=off TLSv1.1=off TLSv1.2=on TLSv1.3=off"},
		"1.3 only":   {tls.VersionTLS13, tls.VersionTLS13, "SSLv3=off TLSv1=off TLSv1.1=off TLSv1.2=off TLSv1.3=on"},
		"1.2 to 1.3": {tls.VersionTLS12, tls.VersionTLS13, "SSLv3=off TLSv1=off TLSv1.1=off TLSv1.2=on TLSv1.3=on"},
		"1.0 to 1.3": {tls.VersionTLS10, tls.VersionTLS13, "SSLv3=off TLSv1=on TLSv1.1=on TLSv1.2=on TLSv1.3=on"},
	} {
		t.Run(name, func(t *testing.T) {
			want(t, goServer(t, &tls.Config{MinVersion: c.min, MaxVersion: c.max, Certificates: []tls.Certificate{id.pair()}}), c.want, patient)
		})
	}
}

func (id identity) pair() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{id.der}, PrivateKey: id.key}
}

func TestHelloRetryRequestCountsAsOn(t *testing.T) {
	id := newIdentity(t)
	address := goServer(t, &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{id.pair()},
		CurvePreferences: []tls.CurveID{tls.CurveP521},
	})
	want(t, address, "SSLv3=off TLSv1=off TLSv1.1=off TLSv1.2=off TLSv1.3=on", patient)
}

func TestServerNameReachesTheServer(t *testing.T) {
	id := newIdentity(t)
	names := make(chan string, 100)
	address := goServer(t, &tls.Config{
		MinVersion: tls.VersionTLS10, Certificates: []tls.Certificate{id.pair()},
		GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			names <- h.ServerName
			return nil, nil
		},
	})
	Versions(context.Background(), address, Options{Timeout: patient.Timeout, ServerName: "sentry1.lab.example."})
	if first := <-names; first != "" {
		t.Errorf("SSLv3 has no SNI, but says %q", first)
	}
	for range 4 {
		if name := <-names; name != "sentry1.lab.example" {
			t.Errorf("SNI is %q", name)
		}
	}
}

const broad = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"

func TestOpenSSLServers(t *testing.T) {
	id := newIdentity(t)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"1.0 only":    {[]string{"-tls1", "-cipher", broad}, "SSLv3=off TLSv1=on TLSv1.1=off(TLSv1) TLSv1.2=off(TLSv1) TLSv1.3=off"},
		"1.1 only":    {[]string{"-tls1_1", "-cipher", broad}, "SSLv3=off TLSv1=off TLSv1.1=on TLSv1.2=off(TLSv1.1) TLSv1.3=off"},
		"1.2 only":    {[]string{"-tls1_2", "-cipher", broad}, "SSLv3=off TLSv1=off TLSv1.1=off TLSv1.2=on TLSv1.3=off"},
		"1.3 only":    {[]string{"-tls1_3", "-cipher", broad}, "SSLv3=off TLSv1=off TLSv1.1=off TLSv1.2=off TLSv1.3=on"},
		"all":         {[]string{"-cipher", broad}, "SSLv3=off TLSv1=on TLSv1.1=on TLSv1.2=on TLSv1.3=on"},
		"not 1.1":     {[]string{"-no_tls1_1", "-cipher", broad}, "SSLv3=off TLSv1=on TLSv1.1=off(TLSv1) TLSv1.2=on TLSv1.3=on"},
		"1.2 and 1.3": {[]string{"-no_tls1", "-no_tls1_1"}, "SSLv3=off TLSv1=off TLSv1.1=off TLSv1.2=on TLSv1.3=on"},
		"one suite":   {[]string{"-tls1", "-cipher", "AES128-SHA:@SECLEVEL=0"}, "SSLv3=off TLSv1=on TLSv1.1=off(TLSv1) TLSv1.2=off(TLSv1) TLSv1.3=off"},
		"anonymous":   {[]string{"-tls1", "-nocert", "-cipher", "ADH:AECDH:@SECLEVEL=0"}, "SSLv3=off TLSv1=on TLSv1.1=off(TLSv1) TLSv1.2=off(TLSv1) TLSv1.3=off"},
	} {
		t.Run(name, func(t *testing.T) { want(t, openssl(t, id, c.args...), c.want, patient) })
	}
}

func TestJavaServers(t *testing.T) {
	cases := []struct{ protocols, want string }{
		{"SSLv3", "SSLv3=on TLSv1=off(SSLv3) TLSv1.1=off(SSLv3) TLSv1.2=off(SSLv3) TLSv1.3=off"},
		{"SSLv3,TLSv1.2", "SSLv3=on TLSv1=off(SSLv3) TLSv1.1=off(SSLv3) TLSv1.2=on TLSv1.3=off"},
		{"TLSv1", "SSLv3=off TLSv1=on TLSv1.1=off(TLSv1) TLSv1.2=off(TLSv1) TLSv1.3=off"},
		{"TLSv1.2", "SSLv3=off TLSv1=off TLSv1.1=off TLSv1.2=on TLSv1.3=off"},
		{"TLSv1.3", "SSLv3=off TLSv1=off TLSv1.1=off TLSv1.2=off TLSv1.3=on"},
		{"SSLv3,TLSv1,TLSv1.1,TLSv1.2,TLSv1.3", "SSLv3=on TLSv1=on TLSv1.1=on TLSv1.2=on TLSv1.3=on"},
	}
	var protocols []string
	for _, c := range cases {
		protocols = append(protocols, c.protocols)
	}
	addresses := java(t, newIdentity(t), protocols...)
	for i, c := range cases {
		t.Run(c.protocols, func(t *testing.T) { want(t, addresses[i], c.want, patient) })
	}
}
