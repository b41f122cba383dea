package alert

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// everyHTTP runs a test with each sink over HTTP, and a receiver for it.
func everyHTTP(t *testing.T, test func(t *testing.T, rx *web, c Config, ca *authority)) {
	for name, p := range protocols(t) {
		t.Run(name, func(t *testing.T) {
			ca := newAuthority(t)
			rx := listenWeb(t, "127.0.0.1:0", p, ca.issue(t, time.Now().Add(time.Hour)))
			c := p.config
			c.Name, c.Address, c.CA = "siem", rx.address, ca.file
			test(t, rx, c, ca)
		})
	}
}

// deliver has an outlet bring n messages and gives its stats at the end.
func deliver(t *testing.T, sink Sink, n int) (o *Outlet, ids []string, stop func() error) {
	t.Helper()
	o = outletOf(sink, OutletOptions{Config: Config{Name: "siem"}})
	stop = running(t, o)
	all, ids := withIDs(n)
	for _, m := range all {
		offerOne(o, m)
	}
	return o, ids, stop
}

// unique leaves the first of each.
func unique(ids []string) (once []string) {
	seen := map[string]bool{}
	for _, id := range ids {
		if !seen[id] {
			once = append(once, id)
		}
		seen[id] = true
	}
	return once
}

func TestHTTPReceiverThatFailsLosesNothing(t *testing.T) {
	faults := map[string]fault{
		"cut in the answer": cutAnswer,
		"busy":              status(http.StatusServiceUnavailable),
		"slow":              hang,
		"missing":           status(http.StatusNotFound),
		"redirecting":       status(http.StatusTemporaryRedirect, "Location", "https://192.0.2.1/"),
	}
	everyHTTP(t, func(t *testing.T, rx *web, c Config, _ *authority) {
		for name, f := range faults {
			sink := openSink(t, c)
			clientOf(sink).timeout = 200 * time.Millisecond
			before := len(rx.allIDs())
			rx.fail(f, f)
			o, ids, stop := deliver(t, sink, 40)
			eventually(t, func() bool { return o.Stats().Queued == 0 })
			must(t, stop())
			got := rx.allIDs()[before:]
			if d := cmp.Diff(ids, unique(got)); d != "" {
				t.Errorf("%s: %s", name, d)
			}
			if s := o.Stats(); s.Dropped != 0 || s.Sent != 40 || s.Retries < 1 {
				t.Errorf("%s: %+v", name, s)
			}
		}
	})
}

func TestHTTPReceiverThatIsDownLosesNothing(t *testing.T) {
	everyHTTP(t, func(t *testing.T, rx *web, c Config, ca *authority) {
		must(t, rx.server.Close())
		o, ids, stop := deliver(t, openSink(t, c), 20)
		eventually(t, func() bool { return o.Stats().Retries > 1 })
		again := listenWeb(t, strings.TrimPrefix(rx.address, "https://"), rx.protocol, ca.issue(t, time.Now().Add(time.Hour)))
		eventually(t, func() bool { return o.Stats().Queued == 0 })
		must(t, again.server.Close()) // with the connection at rest
		last := listenWeb(t, strings.TrimPrefix(rx.address, "https://"), rx.protocol, *again.cert.Load())
		m := numbered(21)
		offerOne(o, m)
		eventually(t, func() bool { return o.Stats().Sent == 21 })
		must(t, stop())
		if d := cmp.Diff(append(ids, m.ID), append(again.allIDs(), last.allIDs()...)); d != "" {
			t.Error(d)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	everyHTTP(t, func(t *testing.T, rx *web, c Config, _ *authority) {
		rx.fail(status(http.StatusTooManyRequests, "Retry-After", "1"))
		o, _, stop := deliver(t, openSink(t, c), 1)
		eventually(t, func() bool { return o.Stats().Sent == 1 })
		must(t, stop())
		at := rx.requests()
		if len(at) != 2 || at[1].Sub(at[0]) < time.Second {
			t.Errorf("asked at %v", at)
		}
	})
}

func TestRetryAfterForms(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		"": 0, "0": 0, "120": 2 * time.Minute, "-5": 0, "soon": 0, "99999999999999999999": 0, "2000000000": maxRetryAfter,
		"Mon, 23 Nov 2026 12:00:30 GMT": 30 * time.Second, "Mon, 23 Nov 2026 11:00:00 GMT": 0, "Mon, 23 Nov 2099 11:00:00 GMT": maxRetryAfter,
	} {
		if got := retryAfter(in, now); got != want {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
}

func TestExpiredCertificateIsRenewed(t *testing.T) {
	everyHTTP(t, func(t *testing.T, rx *web, c Config, ca *authority) {
		expired := ca.issue(t, time.Now().Add(-time.Minute))
		rx.cert.Store(&expired)
		o, ids, stop := deliver(t, openSink(t, c), 3)
		eventually(t, func() bool { return strings.Contains(o.Stats().LastError, "expired") })
		next := newAuthority(t) // another one signs from now on
		renewed := next.issue(t, time.Now().Add(time.Hour))
		next.write(t, c.CA)
		rx.cert.Store(&renewed)
		eventually(t, func() bool { return o.Stats().Sent == 3 })
		must(t, stop())
		if d := cmp.Diff(ids, rx.allIDs()); d != "" {
			t.Error(d)
		}
	})
}

func TestWrongTokenIsRenewedWithoutRestart(t *testing.T) {
	everyHTTP(t, func(t *testing.T, rx *web, c Config, _ *authority) {
		rx.mu.Lock()
		rx.right = strings.Replace(rx.token, "hunter2", "s3cr3t-new", 1)
		rx.mu.Unlock()
		o, ids, stop := deliver(t, openSink(t, c), 3)
		eventually(t, func() bool { return o.Stats().Retries > 0 })
		s := o.Stats()
		if !strings.Contains(s.LastError, "403 Forbidden") || !strings.Contains(s.LastError, "[secret]") || strings.Contains(s.LastError, "hunter2") {
			t.Error(s.LastError)
		}
		secretIn(t, c.TokenFile, "s3cr3t-new")
		eventually(t, func() bool { return o.Stats().Sent == 3 })
		must(t, stop())
		if d := cmp.Diff(ids, rx.allIDs()); d != "" || o.Stats().Dropped != 0 {
			t.Error(d)
		}
	})
}

func TestSecretInAnAnswerIsNotShown(t *testing.T) {
	for in, want := range map[string]string{
		"no a/b+c= here":         "no [secret] here",
		`{"got":"a\/b+c="}`:      `{"got":"[secret]"}`,
		"a\r\nb\x00":             "a b\u2400",
		strings.Repeat("x", 999): strings.Repeat("x", maxShown) + "…",
	} {
		if got := shownText(in, "a/b+c="); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestTokenThatOthersMayReadIsNotUsed(t *testing.T) {
	everyHTTP(t, func(t *testing.T, rx *web, c Config, _ *authority) {
		must(t, os.Chmod(c.TokenFile, 0o644))
		err := send(t.Context(), openSink(t, c), numbered(1))
		if err == nil || errors.Is(err, ErrRejected) || strings.Contains(err.Error(), "hunter2") || len(rx.requests()) != 0 {
			t.Error(err)
		}
		must(t, os.Chmod(c.TokenFile, 0o600))
	})
}

func TestNameThatDoesNotResolveLosesNothing(t *testing.T) {
	everyHTTP(t, func(t *testing.T, rx *web, c Config, _ *authority) {
		failing := 3
		c.Fill()
		address := strings.TrimPrefix(rx.address, "https://")
		_, port, err := net.SplitHostPort(address)
		must(t, err)
		c.Address, c.ServerName = "https://siem.example:"+port, "127.0.0.1"
		sink, err := New(Options{Config: c, Dial: func(ctx context.Context, network, name string) (net.Conn, error) {
			if failing--; failing >= 0 {
				return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
			}
			var d net.Dialer
			return d.DialContext(ctx, network, address)
		}})
		must(t, err)
		o, ids, stop := deliver(t, sink, 5)
		eventually(t, func() bool { return o.Stats().Sent == 5 })
		must(t, stop())
		if d := cmp.Diff(ids, rx.allIDs()); d != "" || o.Stats().Retries != 3 {
			t.Errorf("%s %+v", d, o.Stats())
		}
	})
}

func TestClientCertificateIsShown(t *testing.T) {
	everyHTTP(t, func(t *testing.T, rx *web, c Config, ca *authority) {
		c.Cert, c.Key = filepath.Join(t.TempDir(), "c.pem"), filepath.Join(t.TempDir(), "k.pem")
		if c.Type == "elastic" {
			c.TokenFile, rx.right = "", ""
		}
		writePair(t, ca.issue(t, time.Now().Add(time.Hour)), c.Cert, c.Key)
		must(t, send(t.Context(), openSink(t, c), numbered(1)))
		must(t, os.Chmod(c.Key, 0o644))
		if err := send(t.Context(), openSink(t, c), numbered(2)); err == nil {
			t.Error("used a key that others may read")
		}
	})
}

func TestWeakTLSIsRefused(t *testing.T) {
	weak := map[string]*tls.Config{
		"TLS 1.1": {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"CBC":     {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}},
	}
	for name, config := range weak {
		ca := newAuthority(t)
		config.Certificates = []tls.Certificate{ca.issue(t, time.Now().Add(time.Hour))}
		l, err := tls.Listen("tcp", "127.0.0.1:0", config)
		must(t, err)
		p := protocols(t)["otlp"]
		server := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: log.New(io.Discard, "", 0)}
		go func() { _ = server.Serve(l) }()
		c := p.config
		c.Name, c.Address, c.CA = "siem", "https://"+l.Addr().String(), ca.file
		err = send(t.Context(), openSink(t, c), numbered(1))
		if err == nil || strings.Contains(err.Error(), "404") {
			t.Errorf("%s: %v", name, err)
		}
		must(t, server.Close())
	}
}

func TestNoProxyIsUsed(t *testing.T) {
	if newTransport(Options{}).Proxy != nil {
		t.Error("alerts would go where an environment variable says")
	}
}

func TestOtherServersAreNotTakenForReceivers(t *testing.T) {
	everyHTTP(t, func(t *testing.T, rx *web, c Config, _ *authority) {
		if c.Type == "webhook" {
			t.Skip("any 2xx is an answer")
		}
		rx.fail(func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html>Please log in"))
			return false
		})
		err := send(t.Context(), openSink(t, c), numbered(1))
		if err == nil || errors.Is(err, ErrRejected) || !strings.Contains(err.Error(), "what answered") {
			t.Error(err)
		}
	})
}

func TestTooLargeABatchGoesInHalves(t *testing.T) {
	everyHTTP(t, func(t *testing.T, rx *web, c Config, _ *authority) {
		_, ids := withIDs(20)
		bad := ids[12]
		rx.refuse = func(got []string) int {
			for _, id := range got {
				if id == bad {
					return http.StatusRequestEntityTooLarge
				}
			}
			return 0
		}
		o, _, stop := deliver(t, openSink(t, c), 20)
		eventually(t, func() bool { return o.Stats().Queued == 0 })
		must(t, stop())
		want := append(append([]string(nil), ids[:12]...), ids[13:]...)
		if d := cmp.Diff(want, rx.allIDs()); d != "" {
			t.Error(d)
		}
		if s := o.Stats(); s.Dropped != 1 || s.Sent != 19 {
			t.Errorf("%+v", s)
		}
	})
}

func TestEndlessAnswerIsCutOff(t *testing.T) {
	everyHTTP(t, func(t *testing.T, rx *web, c Config, _ *authority) {
		rx.fail(func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusInternalServerError)
			for range 64 {
				_, _ = w.Write([]byte(strings.Repeat("hunter2 ", 16<<10)))
			}
			return false
		})
		err := send(t.Context(), openSink(t, c), numbered(1))
		if err == nil || len(err.Error()) > 500 || strings.Contains(err.Error(), "hunter2") {
			t.Error(err)
		}
	})
}
