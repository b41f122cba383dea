package facts

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/lens"
)

// A fact that told the time would be a change, and an alert, at each reading.
func TestAnExpiredCertificateIsTheSameAtEachReading(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: end.AddDate(-1, 0, 0), NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	at := func(now time.Time) map[string]any {
		v, err := New(Options{Now: func() time.Time { return now }}).certificate([]lens.Value{{DER: der}})
		if err != nil {
			t.Fatal(err)
		}
		return v.(map[string]any)
	}
	first := at(end.Add(time.Minute))
	if first["in_date"] != false || first["trusted"] != false || !strings.Contains(first["problem"].(string), "has expired") ||
		first["key"] != "ECDSA" || len(first["fingerprint"].(string)) != 64 {
		t.Errorf("%v", first)
	}
	if d := cmp.Diff(first, at(end.Add(2*time.Minute))); d != "" {
		t.Error(d)
	}
}
