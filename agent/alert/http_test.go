package alert

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stigwatch/agent/finding"
)

// took is one request that a receiver took in.
type took struct {
	path   string
	header http.Header
	body   []byte
	ids    []string // of the messages in it
}

// protocol is what a receiver of one type does.
type protocol struct {
	config Config // of the sink, without address and ca
	token  string // what the Authorization header has to be; empty: any
	ids    func(body []byte) ([]string, error)
	answer func(w http.ResponseWriter, ids []string)
}

// web is a receiver over TLS that writes down what it takes.
type web struct {
	protocol
	address string
	cert    atomic.Pointer[tls.Certificate]
	server  *http.Server
	handler http.Handler // instead of all else; set between requests

	mu     sync.Mutex // guards all below
	taken  []took
	asked  []time.Time // of each request
	peers  map[string]bool
	faults []fault // of the next requests
	right  string  // token
	refuse func(ids []string) (status int)
}

// fault does something else than answering. It reports whether the request was
// taken all the same.
type fault func(w http.ResponseWriter, r *http.Request) (taken bool)

func listenWeb(t *testing.T, address string, p protocol, cert tls.Certificate) *web {
	t.Helper()
	l, err := net.Listen("tcp", address)
	must(t, err)
	rx := &web{protocol: p, address: "https://" + l.Addr().String(), right: p.token, peers: map[string]bool{}}
	rx.cert.Store(&cert)
	rx.server = &http.Server{
		Handler: rx, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return rx.cert.Load(), nil }},
	}
	go func() { _ = rx.server.ServeTLS(l, "", "") }()
	t.Cleanup(func() { _ = rx.server.Close() })
	return rx
}

func (rx *web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rx.handler != nil {
		rx.handler.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	rx.mu.Lock()
	defer rx.mu.Unlock()
	rx.peers[r.RemoteAddr] = true
	rx.asked = append(rx.asked, time.Now())
	if rx.right != "" && r.Header.Get("Authorization") != rx.right {
		http.Error(w, "who are you, "+r.Header.Get("Authorization")+"?", http.StatusForbidden)
		return
	}
	ids, err := rx.ids(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if rx.refuse != nil {
		if code := rx.refuse(ids); code != 0 {
			w.WriteHeader(code)
			return
		}
	}
	if len(rx.faults) > 0 {
		f := rx.faults[0]
		rx.faults = rx.faults[1:]
		if f(w, r) {
			rx.taken = append(rx.taken, took{r.URL.Path, r.Header, body, ids})
		}
		return
	}
	rx.taken = append(rx.taken, took{r.URL.Path, r.Header, body, ids})
	rx.answer(w, ids)
}

func (rx *web) all() []took {
	rx.mu.Lock()
	defer rx.mu.Unlock()
	return append([]took(nil), rx.taken...)
}

// ids are those of all messages taken, in order.
func (rx *web) allIDs() (ids []string) {
	for _, r := range rx.all() {
		ids = append(ids, r.ids...)
	}
	return ids
}

func (rx *web) requests() []time.Time {
	rx.mu.Lock()
	defer rx.mu.Unlock()
	return append([]time.Time(nil), rx.asked...)
}

func (rx *web) fail(faults ...fault) {
	rx.mu.Lock()
	defer rx.mu.Unlock()
	rx.faults = faults
}

func status(code int, header ...string) fault {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		return false
	}
}

// cutAnswer takes the request and breaks the connection in the middle of the answer.
func cutAnswer(w http.ResponseWriter, _ *http.Request) bool {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
		_ = conn.Close()
	}
	return true
}

// hang takes the request and answers only when the client has gone.
func hang(_ http.ResponseWriter, r *http.Request) bool {
	<-r.Context().Done()
	return true
}

// secretIn writes a secret as sinks want it.
func secretIn(t *testing.T, path, secret string) string {
	t.Helper()
	must(t, os.WriteFile(path, []byte(secret+"\n"), 0o600))
	return path
}

// mistakes are those of a configuration whose keys are all that are not zero.
func mistakes(c Config) map[string]string {
	found := map[string]string{}
	v := reflect.ValueOf(c)
	c.Fill()
	c.Check(func(key string) bool {
		for i, name := range keysOfConfig() {
			if name == key {
				return !v.Field(i).IsZero()
			}
		}
		return false
	}, func(key, format string, args ...any) {
		found[key] += fmt.Sprintf(format, args...)
	})
	return found
}

// openSink makes a sink of a configuration that has to be right.
func openSink(t *testing.T, c Config) Sink {
	t.Helper()
	if wrong := mistakes(c); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	c.Fill()
	sink, err := New(Options{Config: c, Version: "1.2.3"})
	must(t, err)
	t.Cleanup(func() { _ = sink.Close() })
	return sink
}

func clientOf(sink Sink) *httpClient {
	switch s := sink.(type) {
	case *webhook:
		return s.client
	case *hec:
		return s.client
	case *hecAcked:
		return s.client
	case *elastic:
		return s.client
	}
	return sink.(*otlp).client
}

// whole is a message with every field.
func whole() *Message {
	m := FromChange(opened(), "sentry1", 7)
	m.Text = clean("V-250989 <opened> & \"quoted\"\nünïcode \u202e")
	m.Before, m.Announced, m.Code, m.Waived = "15", "CHG-1", "code", true
	m.Who = &Who{
		Source: "audit", Login: "admin(1000)", User: "root", PID: 42, Command: "/usr/bin/vi", Terminal: "pts/0",
		Remote: "192.0.2.9", Package: "sentry-1.0",
	}
	m.Counters, m.Head, m.Sinks = map[string]uint64{"open": 3, "pass": 41}, "12:abcd", []string{"siem"}
	m.Previous = finding.Pass
	return &m
}

// withIDs are so many different ones, with their ids.
func withIDs(n int) (all []*Message, ids []string) {
	for seq := uint64(1); seq <= uint64(n); seq++ {
		m := numbered(seq)
		all, ids = append(all, m), append(ids, m.ID)
	}
	return all, ids
}

// strictly decodes JSON whose every key is known, up to the end.
func strictly(t *testing.T, b []byte, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	must(t, d.Decode(into))
	if rest, err := io.ReadAll(d.Buffered()); err != nil || strings.TrimSpace(string(rest)) != "" {
		t.Fatalf("after the document: %q %v", rest, err)
	}
}
