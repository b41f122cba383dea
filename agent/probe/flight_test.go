package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// subject is the identity's name, which the rigs name as the accepted authority.
func (id identity) subject(t *testing.T) []byte {
	t.Helper()
	c, err := x509.ParseCertificate(id.der)
	if err != nil {
		t.Fatal(err)
	}
	return c.RawSubject
}

func TestFlightOfGoServer(t *testing.T) {
	id := newIdentity(t)
	pool := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(id.der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(leaf)
	pair := id.pair()
	pair.Certificate = append(pair.Certificate, id.der) // a chain of two
	chain := [][]byte{id.der, id.der}
	for name, c := range map[string]struct {
		config *tls.Config
		want   Flight
	}{
		"1.2": {&tls.Config{}, Flight{Version: "TLSv1.2", Chain: chain}},
		"1.2 with request": {
			&tls.Config{ClientAuth: tls.RequestClientCert, ClientCAs: pool},
			Flight{Version: "TLSv1.2", Chain: chain, Requested: true, Authorities: [][]byte{leaf.RawSubject}},
		},
		"1.2 with a request of any": {
			&tls.Config{ClientAuth: tls.RequireAnyClientCert},
			Flight{Version: "TLSv1.2", Chain: chain, Requested: true},
		},
		"1.0 with request": {
			&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10, ClientAuth: tls.RequestClientCert, ClientCAs: pool},
			Flight{Version: "TLSv1", Chain: chain, Requested: true, Authorities: [][]byte{leaf.RawSubject}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.config.Certificates = []tls.Certificate{pair}
			flightIs(t, goServer(t, c.config), c.want)
		})
	}
}

func flightIs(t *testing.T, address string, want Flight) {
	t.Helper()
	got, err := Handshake(context.Background(), address, patient)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFlightOfOpenSSL(t *testing.T) {
	id := newIdentity(t)
	request := []string{"-verify", "1", "-CAfile", id.certPEM}
	ca := [][]byte{id.subject(t)}
	chain := [][]byte{id.der}
	for name, c := range map[string]struct {
		args []string
		want Flight
	}{
		"1.2":              {[]string{"-no_tls1_3"}, Flight{Version: "TLSv1.2", Chain: chain}},
		"1.2 with request": {append([]string{"-tls1_2"}, request...), Flight{Version: "TLSv1.2", Chain: chain, Requested: true, Authorities: ca}},
		"1.0 with request": {append([]string{"-tls1", "-cipher", broad}, request...), Flight{Version: "TLSv1", Chain: chain, Requested: true, Authorities: ca}},
		"RSA key exchange": {[]string{"-tls1_2", "-cipher", "AES128-SHA"}, Flight{Version: "TLSv1.2", Chain: chain}},
		"small records":    {append([]string{"-tls1_2", "-max_send_frag", "512"}, request...), Flight{Version: "TLSv1.2", Chain: chain, Requested: true, Authorities: ca}},
	} {
		t.Run(name, func(t *testing.T) { flightIs(t, openssl(t, id, c.args...), c.want) })
	}
	t.Run("1.3 only", func(t *testing.T) {
		f, err := Handshake(context.Background(), openssl(t, id, "-tls1_3"), patient)
		if !isAlert(err, alertProtocolVersion) || f.Chain != nil {
			t.Errorf("%+v, %v", f, err)
		}
	})
	t.Run("anonymous", func(t *testing.T) {
		_, err := Handshake(context.Background(), openssl(t, id, "-tls1_2", "-nocert", "-cipher", "ADH:@SECLEVEL=0"), patient)
		if !isAlert(err, alertHandshakeFailure) {
			t.Error(err)
		}
	})
}

func TestHandshakeErrorsAreWordsWithACause(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	_, err = Handshake(context.Background(), l.Addr().String(), Options{})
	if !errors.Is(err, syscall.ECONNREFUSED) || !strings.HasSuffix(err.Error(), `": connection refused`) {
		t.Error(err)
	}
}

func message(kind byte, body ...byte) []byte {
	return append([]byte{kind}, vector(3, body)...)
}

// distinguished is a name as DER, n bytes longer than it has to be.
func distinguished(n int) []byte {
	der, _ := asn1.Marshal(pkix.Name{CommonName: strings.Repeat("a", n)}.ToRDNSequence())
	return der
}

func TestOddFlights(t *testing.T) {
	hello := chooses(tls12, 0x002f, "")
	certificate := message(messageCertificate, vector(3, vector(3, []byte("leaf")), vector(3, []byte("ca")))...)
	request := message(messageCertificateRequest, slices.Concat(vector(1, []byte{1}), vector(2, []byte{4, 1}), vector(2, vector(2, distinguished(1))))...)
	done := message(messageServerHelloDone)
	const requested, belongs = true, "where it does not belong"
	for name, c := range map[string]struct {
		messages [][]byte
		want     string
	}{
		"whole":                  {[][]byte{hello, certificate, request, done}, ""},
		"with all":               {[][]byte{hello, certificate, message(22, 1), message(12, 1), request, done}, ""},
		"no done":                {[][]byte{hello, certificate, request}, "in the middle"},
		"no certificate":         {[][]byte{hello, done}, belongs},
		"request without one":    {[][]byte{hello, request, done}, belongs},
		"two certificates":       {[][]byte{hello, certificate, certificate, done}, belongs},
		"request twice":          {[][]byte{hello, certificate, request, request, done}, belongs},
		"wrong order":            {[][]byte{hello, certificate, request, message(12, 1), done}, belongs},
		"an unknown message":     {[][]byte{hello, certificate, message(99), done}, belongs},
		"certificate first":      {[][]byte{certificate, done}, "instead of a ServerHello"},
		"empty list":             {[][]byte{hello, message(11, 0, 0, 0), done}, "no certificate"},
		"empty certificate":      {[][]byte{hello, message(11, 0, 0, 3, 0, 0, 0), done}, "malformed"},
		"certificate cut":        {[][]byte{hello, message(11, 0, 0, 4, 0, 0, 2, 1), done}, "malformed"},
		"certificate list short": {[][]byte{hello, message(11, 0, 0, 4, 0, 0, 1, 1, 9), done}, "malformed"},
		"request without types":  {[][]byte{hello, certificate, message(13, 0, 0, 0, 0, 0), done}, "malformed"},
		"request of TLS 1.0":     {[][]byte{hello, certificate, message(13, 1, 1, 0, 0), done}, "malformed"},
		"empty authority":        {[][]byte{hello, certificate, message(13, 1, 1, 0, 0, 0, 2, 0, 0), done}, "malformed"},
		"done with a body":       {[][]byte{hello, certificate, message(14, 1)}, "malformed"},
		"too much":               {[][]byte{hello, certificate, message(12, make([]byte, maxAnswer-50)...), request, done}, "larger"},
	} {
		t.Run(name, func(t *testing.T) {
			flight := slices.Concat(c.messages...)
			for _, size := range []int{1, 7, maxRecord} {
				if c.want == "larger" && size < maxRecord {
					continue // the heads of the records count too
				}
				f, err := readAll(inRecords(flight, size))
				if c.want != "" {
					if err == nil || !strings.Contains(reason(err), c.want) || f.Chain != nil {
						t.Errorf("records of %d: %+v, %v", size, f, err)
					}
					continue
				}
				want := Flight{Version: "TLSv1.2", Chain: [][]byte{[]byte("leaf"), []byte("ca")}, Requested: requested, Authorities: [][]byte{distinguished(1)}}
				if diff := cmp.Diff(want, f); err != nil || diff != "" {
					t.Errorf("records of %d: %v %s", size, err, diff)
				}
			}
		})
	}
}

func readAll(b []byte) (Flight, error) {
	return readFlight(&stream{r: bytes.NewReader(b)}, hello{version: tls12, suites: withCertificate(tls12)})
}

func inRecords(b []byte, size int) (out []byte) {
	for part := range slices.Chunk(b, size) {
		out = append(out, record(recordHandshake, part...)...)
	}
	return out
}

func TestManyAuthoritiesFit(t *testing.T) {
	var list []byte
	for range 300 {
		list = append(list, vector(2, distinguished(100))...)
	}
	request := message(messageCertificateRequest, slices.Concat(vector(1, []byte{1}), vector(2, []byte{4, 1}), vector(2, list))...)
	b := slices.Concat(chooses(tls12, 0x002f, ""), message(messageCertificate, vector(3, vector(3, []byte("leaf")))...), request, message(messageServerHelloDone))
	f, err := readAll(inRecords(b, maxRecord))
	if err != nil || len(f.Authorities) != 300 {
		t.Errorf("%d authorities, %v", len(f.Authorities), err)
	}
}
