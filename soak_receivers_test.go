package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leodido/go-syslog/v4/rfc5424"

	"stigwatch/agent/alert"
	"stigwatch/agent/alert/testdata/rig"
	"stigwatch/agent/finding"
)

// received is one message, however it travelled.
type received struct {
	seq              uint64
	id, rule, result string
	previous         string // "" over syslog, which does not say
	event            finding.Event
	head             string // of a heartbeat over syslog
	whole            string // all but what the transport adds
	essence          string // what the id stands for: all but the number and the time
}

// inbox is what one receiver got, in order.
type inbox struct {
	name string
	mu   sync.Mutex // guards what follows
	got  []received
	bad  []string // what could not be understood
}

func (in *inbox) take(m received, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if err != nil {
		in.bad = append(in.bad, err.Error())
		return
	}
	in.got = append(in.got, m)
}

func (in *inbox) all() []received {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]received(nil), in.got...)
}

// readJSON understands the message of a webhook or of a file.
func readJSON(b []byte) (received, error) {
	var m alert.Message
	if err := json.Unmarshal(b, &m); err != nil {
		return received{}, fmt.Errorf("%q: %w", b, err)
	}
	out := ofMessage(&m)
	out.whole = string(b)
	return out, nil
}

func ofMessage(m *alert.Message) received {
	out := received{seq: m.Seq, id: m.ID, rule: m.Rule, result: string(m.Result), previous: string(m.Previous), event: m.Event}
	c := *m
	c.Seq, c.Time, c.Who, c.Before = 0, time.Time{}, nil, "" // neither who did it nor what was there in between is known when a change is found again
	b, err := json.Marshal(c)
	out.essence = fmt.Sprint(string(b), err)
	return out
}

// readSyslog understands a message of RFC 5424.
func readSyslog(b []byte) (received, error) {
	parsed, err := rfc5424.NewParser().Parse(b)
	if err != nil {
		return received{}, fmt.Errorf("%q: %w", b, err)
	}
	m := parsed.(*rfc5424.SyslogMessage)
	if m.StructuredData == nil || m.Message == nil || m.Timestamp == nil {
		return received{}, fmt.Errorf("%q is no message of ours", b)
	}
	sd := (*m.StructuredData)["stigwatch@32473"]
	out := received{id: sd["id"], rule: sd["rule"], result: sd["result"], event: finding.Event(sd["event"]), head: (*m.StructuredData)["stigwatch-counters@32473"]["head"]}
	if out.seq, err = strconv.ParseUint(sd["seq"], 10, 64); err != nil {
		return received{}, fmt.Errorf("%q: %w", b, err)
	}
	delete(sd, "seq")
	delete(sd, "before")
	out.essence = fmt.Sprint(sd, *m.Message)
	out.whole = fmt.Sprint(out.seq, *m.Timestamp, out.essence)
	return out, nil
}

// stream receives frames of RFC 6587 (octet counting) over TCP or TLS, and
// misbehaves until it is told to be calm: it refuses, cuts connections in the
// middle of a frame, stalls, reads slowly, shows an expired certificate.
type stream struct {
	inbox
	address string
	certs   []tls.Certificate // valid, expired; none: TCP
	down    time.Duration     // that it is away for at most
	calm    atomic.Bool
}

// listenStream takes a port that it keeps.
func listenStream(t testing.TB, name string, down time.Duration, pki *rig.PKI) *stream {
	t.Helper()
	s := &stream{inbox: inbox{name: name}, down: down}
	if pki != nil {
		for _, v := range []rig.Validity{rig.Fresh, rig.Expired} {
			pki.Issue(t, name, v)
			cert, err := tls.LoadX509KeyPair(pki.File(name+".pem"), pki.File(name+".key"))
			if err != nil {
				t.Fatal(err)
			}
			s.certs = append(s.certs, cert)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	go s.run(t.Context(), l)
	return s
}

// run is up and away in turns.
func (s *stream) run(ctx context.Context, l net.Listener) {
	for ctx.Err() == nil {
		s.up(ctx, l)
		for end := time.Now().Add(rand.N(s.down)); !s.calm.Load() && ctx.Err() == nil && time.Now().Before(end); {
			pause(ctx, 50*time.Millisecond)
		}
		for l = nil; l == nil && ctx.Err() == nil; {
			var err error
			if l, err = net.Listen("tcp", s.address); err != nil {
				pause(ctx, 10*time.Millisecond)
			}
		}
	}
}

// up serves for a while, for good once it is calm.
func (s *stream) up(ctx context.Context, l net.Listener) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	go func() {
		pause(ctx, 200*time.Millisecond+rand.N(2*time.Second))
		if s.calm.Load() {
			<-ctx.Done()
		}
		cancel()
	}()
	expired := len(s.certs) > 0 && !s.calm.Load() && rand.N(4) == 0
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if len(s.certs) > 0 {
			cert := s.certs[0]
			if expired && !s.calm.Load() {
				cert = s.certs[1]
			}
			c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
		}
		s.serve(ctx, c)
	}
}

// serve reads frames from one connection, in one of its moods. There is only one
// connection at a time: else the end of an older one could be read after the
// beginning of a newer one, and there is no order between them.
func (s *stream) serve(ctx context.Context, c net.Conn) {
	defer context.AfterFunc(ctx, func() { c.Close() })()
	defer c.Close()
	var from io.Reader = c
	if !s.calm.Load() {
		switch rand.N(6) {
		case 0:
			from = io.LimitReader(c, rand.Int64N(20_000)) // ends in the middle of a frame
		case 1:
			from = &slow{ctx, c}
		case 2:
			pause(ctx, rand.N(time.Second)) // and reads nothing meanwhile
		}
	}
	r := bufio.NewReader(from)
	for {
		size, err := r.ReadString(' ')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSpace(size))
		if err != nil {
			s.take(received{}, err)
			return
		}
		frame := make([]byte, n)
		if _, err := io.ReadFull(r, frame); err != nil {
			return
		}
		s.take(readSyslog(frame))
	}
}

// slow reads little at a time.
type slow struct {
	ctx context.Context
	r   io.Reader
}

func (s *slow) Read(b []byte) (int, error) {
	pause(s.ctx, time.Millisecond)
	return s.r.Read(b[:min(len(b), 2000)])
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// hook receives messages over HTTP. Until it is calm it refuses some, and of
// some it keeps the message and cuts the answer.
type hook struct {
	inbox
	address string
	calm    atomic.Bool
}

func listenHook(t testing.TB) *hook {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hook{inbox: inbox{name: "hook"}, address: "http://" + l.Addr().String() + "/"}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	t.Cleanup(func() { server.Close() })
	go func() { _ = server.Serve(l) }()
	return h
}

// ServeHTTP takes one message.
func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return // the daemon was killed in the middle of it
	}
	mood := rand.N(60)
	switch {
	case h.calm.Load():
	case mood == 0:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case mood == 1:
		panic(http.ErrAbortHandler) // before the message was kept
	case mood == 2:
		h.take(readJSON(b))
		panic(http.ErrAbortHandler) // and after
	case mood == 3:
		pause(r.Context(), rand.N(300*time.Millisecond))
	}
	h.take(readJSON(b))
}

// listenUnix receives datagrams; nothing is lost there while it reads.
func listenUnix(t testing.TB, path string) *inbox {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	in := &inbox{name: "unix"}
	go func() {
		for b := make([]byte, 64<<10); ; {
			n, err := conn.Read(b)
			if err != nil {
				return
			}
			in.take(readSyslog(b[:n]))
		}
	}()
	return in
}

// readLines understands the file that a sink wrote.
func readLines(t testing.TB, path string) *inbox {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	in := &inbox{name: "file"}
	for line := range strings.Lines(string(b)) {
		in.take(readJSON([]byte(strings.TrimSuffix(line, "\n"))))
	}
	return in
}
