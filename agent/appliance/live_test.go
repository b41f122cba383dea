package appliance

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/fips140"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
	"stigwatch/agent/live"
	"stigwatch/agent/probe"
	"stigwatch/agent/units"
)

// tlsServer speaks these versions until the test ends.
func tlsServer(t *testing.T, least, most uint16) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tlsServing(t, &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: least, MaxVersion: most,
	})
}

func tlsServing(t *testing.T, c *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = c.(*tls.Conn).Handshake(); c.Close() }()
		}
	}()
	return l.Addr().String()
}

// liveOn gives the compliant appliance whose ports are all answered by a server.
func liveOn(t *testing.T, server string) *pass {
	t.Helper()
	return liveIn(t, rig.New(t, "compliant"), server)
}

func liveIn(t *testing.T, dir, server string) *pass {
	t.Helper()
	p := passOf(t, dir)
	t.Cleanup(p.Close)
	p.ask(server, units.New(units.Options{Socket: filepath.Join(t.TempDir(), "none")}))
	return p
}

// ask has all ports answered by a server.
func (p *pass) ask(server string, bus *units.Bus) {
	p.Ask(live.Options{Units: bus, Probe: probe.Options{Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server)
	}}})
}

func (p *pass) around(t *testing.T) {
	t.Helper()
	p.snap = p.LookAround(t.Context())
	p.Attest(p.now)
	p.keep(p.Engine.Evaluate(t.Context(), p.snap, nil, p.now))
}

func TestWhatAPortSpeaksCanFailARuleAndNotPassIt(t *testing.T) {
	for name, c := range map[string]struct {
		least, most uint16
		outcome     finding.Outcome
		reason      string
	}{
		"only 1.2":        {tls.VersionTLS12, tls.VersionTLS12, finding.Pass, ""},
		"1.2 and 1.3":     {tls.VersionTLS12, tls.VersionTLS13, finding.Fail, "port 443 speaks TLSv1.3, must refuse it"},
		"1.1 and 1.2":     {tls.VersionTLS11, tls.VersionTLS12, finding.Fail, "port 443 speaks TLSv1.1, must refuse it"},
		"1.3 and not 1.2": {tls.VersionTLS13, tls.VersionTLS13, finding.Fail, "port 443 refuses TLSv1.2, must speak it"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.least < tls.VersionTLS12 && fips140.Enabled() {
				t.Skip("in FIPS mode Go's server does not speak that; package probe asks openssl's")
			}
			p := liveOn(t, tlsServer(t, c.least, c.most))
			p.around(t)
			r := p.results["V-251013"]
			if r.Outcome != c.outcome || !strings.Contains(r.Reason, c.reason) {
				t.Errorf("%s: %s (%+v)", r.Outcome, r.Reason, p.snap["probe.incoming_on"])
			}
			if f := p.snap["probe.incoming_on"]; c.outcome == finding.Fail && (f.Assurance != finding.Direct || f.Evidence[0].File != "live:tls/443" || f.Evidence[0].Line == 0) {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestAPortThatDoesNotAnswerProvesNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	p := liveOn(t, address)
	p.around(t)
	if f := p.snap["probe.incoming_on"]; f.State != finding.Unreadable || !strings.Contains(f.Reason, "no version got a clear answer") {
		t.Errorf("%s: %s", f.State, f.Reason)
	}
	if r := p.results["V-251013"]; r.Outcome != finding.Pass {
		t.Errorf("%s: %s", r.Outcome, r.Reason)
	}
}

func TestACopiedTreeIsNotAsked(t *testing.T) {
	p := passOf(t, rig.New(t, "compliant"))
	defer p.Close()
	if f := p.snap["probe.incoming_on"]; p.Asker != nil || f.State != finding.Unreadable || !strings.Contains(f.Reason, "not available offline") {
		t.Errorf("%s: %s", f.State, f.Reason)
	}
}

func TestOnlyAnswersThatChangedAreTold(t *testing.T) {
	p := liveOn(t, tlsServer(t, tls.VersionTLS12, tls.VersionTLS12))
	if first := p.Asker.Ask(t.Context(), p.snap, p.Asker.Questions()); len(first) != 12 {
		t.Errorf("at first: %v", first)
	}
	if again := p.Asker.Ask(t.Context(), p.snap, p.Asker.Questions()); len(again) != 0 {
		t.Errorf("again: %v", again)
	}
	next := live.New(live.Options{Questions: p.Asker.Questions()})
	next.TakeOver(p.Asker)
	if b, err := next.Last("tls/443"); err != nil || !strings.Contains(string(b), "TLSv1.2 on") {
		t.Errorf("%s %v", b, err)
	}
}
