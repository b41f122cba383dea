package probe

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// record is one plaintext record.
func record(kind byte, content ...byte) []byte {
	return append([]byte{kind, 3, 1}, vector(2, content)...)
}

// chooses is a ServerHello as a message.
func chooses(v version, suite uint16, mark string, extensions ...byte) []byte {
	body := append(words(v), bytes.Repeat([]byte{7}, 32-len(mark))...)
	body = append(append(body, mark...), 0)
	body = append(append(body, words(suite)...), 0)
	if extensions != nil {
		body = append(body, vector(2, extensions)...)
	}
	return append([]byte{messageServerHello}, vector(3, body)...)
}

func selects(v version) []byte {
	return append(words[uint16](extSupportedVersions), vector(2, words(v))...)
}

// answers gives the outcome of one hello that is answered with these bytes, cut
// into reads of one byte, and then the end of the connection.
func answers(h hello, b []byte) Answer {
	var sh serverHello
	s := &stream{r: &dribble{b}}
	sh, err := readServerHello(s, h)
	return judge(h.version, sh, err)
}

type dribble struct{ rest []byte }

func (d *dribble) Read(b []byte) (int, error) {
	if len(d.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:1], d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

func TestOneAnswer(t *testing.T) {
	const aes = 0x002f
	hs := func(message []byte) []byte { return record(recordHandshake, message...) }
	split := func(message []byte) (out []byte) {
		for _, b := range message {
			out = append(out, record(recordHandshake, b)...)
		}
		return out
	}
	of := func(v version) hello { return hello{version: v, listed: v == tls13, suites: suitesOf(v)} }
	ok := chooses(tls10, aes, "")
	for name, c := range map[string]struct {
		h     hello
		bytes []byte
		want  State
		words string
	}{
		"ServerHello":              {of(tls10), hs(ok), On, "chose TLSv1"},
		"fragments of one byte":    {of(tls10), split(ok), On, "chose TLSv1"},
		"coalesced":                {of(tls10), hs(append(bytes.Clone(ok), messageCertificate, 0, 0, 0)), On, "chose TLSv1"},
		"HelloRequest first":       {of(tls10), hs(append([]byte{0, 0, 0, 0}, ok...)), On, "chose TLSv1"},
		"a warning first":          {of(tls10), append(record(recordAlert, 1, 112), hs(ok)...), On, "chose TLSv1"},
		"TLS 1.3":                  {of(tls13), hs(chooses(tls12, 0x1301, "", selects(tls13)...)), On, "TLSv1.3"},
		"protocol_version":         {of(tls10), record(recordAlert, 2, 70), Off, "protocol_version"},
		"a warning of that":        {of(tls10), record(recordAlert, 1, 70), Off, "protocol_version"},
		"alert in two records":     {of(tls10), append(record(recordAlert, 2), record(recordAlert, 70)...), Off, "protocol_version"},
		"two alerts in one record": {of(tls10), record(recordAlert, 1, 112, 2, 70), Off, "protocol_version"},
		"older":                    {of(tls12), hs(ok), Off, "the highest up to TLSv1.2"},
		"older than TLS 1.3":       {of(tls13), hs(chooses(tls12, aes, "")), Off, "the highest up to TLSv1.3"},
		"a gap":                    {of(tls11), hs(chooses(tls10, aes, "DOWNGRD\x00")), Off, "chose TLSv1"},

		"hints at TLS 1.3":          {of(tls13), hs(chooses(tls12, aes, "DOWNGRD\x01")), Unreadable, "hints"},
		"hints at TLS 1.2":          {of(tls12), hs(chooses(tls11, aes, "DOWNGRD\x00")), Unreadable, "hints"},
		"newer than offered":        {of(tls10), hs(chooses(tls12, aes, "")), Unreadable, "not offered"},
		"unasked TLS 1.3":           {of(tls12), hs(chooses(tls12, aes, "", selects(tls13)...)), Unreadable, "not offered"},
		"a draft of TLS 1.3":        {of(tls13), hs(chooses(tls12, 0x1301, "", selects(0x7f1c)...)), Unreadable, "not offered"},
		"extension with an old one": {of(tls13), hs(chooses(tls12, aes, "", selects(tls12)...)), Unreadable, "malformed"},
		"extension in TLS 1.0":      {of(tls13), hs(chooses(tls10, aes, "", selects(tls13)...)), Unreadable, "malformed"},
		"extension twice":           {of(tls13), hs(chooses(tls12, 0x1301, "", append(selects(tls13), selects(tls13)...)...)), Unreadable, "malformed"},
		"TLS 1.3 as legacy version": {of(tls13), hs(chooses(tls13, 0x1301, "")), Unreadable, "malformed"},
		"SSL 2":                     {of(tls10), hs(chooses(0x0002, aes, "")), Unreadable, "malformed"},
		"suite not offered":         {of(tls10), hs(chooses(tls10, 0x1301, "")), Unreadable, "0x1301"},
		"no suite":                  {of(tls10), hs(chooses(tls10, renegotiationInfo, "")), Unreadable, "0x00ff"},
		"something behind it":       {of(tls10), hs(append([]byte{2, 0, 0, 39}, append(bytes.Clone(ok[4:]), 0)...)), Unreadable, "malformed"},
		"handshake_failure":         {of(tls10), record(recordAlert, 2, 40), Unreadable, "handshake_failure (40)"},
		"close_notify":              {of(tls10), record(recordAlert, 1, 0), Unreadable, "close_notify"},
		"an unknown alert":          {of(tls10), record(recordAlert, 2, 200), Unreadable, "number (200)"},
		"an unknown level":          {of(tls10), record(recordAlert, 3, 70), Unreadable, "malformed"},
		"half an alert":             {of(tls10), record(recordAlert, 2), Unreadable, "in the middle"},
		"nothing":                   {of(tls10), nil, Unreadable, "without an answer"},
		"half a record head":        {of(tls10), []byte{recordAlert, 3}, Unreadable, "in the middle"},
		"half a record":             {of(tls10), hs(ok)[:20], Unreadable, "in the middle"},
		"half a message":            {of(tls10), hs(ok[:20]), Unreadable, "in the middle"},
		"HTTP":                      {of(tls10), []byte("HTTP/1.1 400 Bad Request\r\n\r\n"), Unreadable, "not TLS"},
		"SSL 2 record":              {of(tls10), []byte{0x80, 3, 0, 0, 1}, Unreadable, "not TLS"},
		"application data":          {of(tls10), record(23, 1), Unreadable, "not TLS"},
		"empty record":              {of(tls10), record(recordHandshake), Unreadable, "malformed"},
		"record too long":           {of(tls10), []byte{recordHandshake, 3, 1, 0x40, 1}, Unreadable, "malformed"},
		"message too long":          {of(tls10), hs([]byte{2, 1, 0, 1}), Unreadable, "larger"},
		"another message":           {of(tls10), hs([]byte{messageCertificate, 0, 0, 0}), Unreadable, "message 11"},
		"warnings for ever":         {of(tls10), bytes.Repeat(record(recordAlert, 1, 112), maxAnswer), Unreadable, "larger"},
		"HelloRequests for ever":    {of(tls10), bytes.Repeat(hs([]byte{0, 0, 0, 0}), maxAnswer), Unreadable, "larger"},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(c.h, c.bytes)
			if a.State != c.want || !strings.Contains(a.Reason, c.words) {
				t.Errorf("%+v", a)
			}
		})
	}
}

// talk is a Dial to a peer that reads the hello and then does as it likes. The
// bubble of synctest shows a goroutine that is left, and makes waiting free.
func talk(peer func(net.Conn)) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		mine, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			head := make([]byte, 5)
			if _, err := io.ReadFull(theirs, head); err != nil {
				return
			}
			_, _ = io.CopyN(io.Discard, theirs, int64(head[3])<<8|int64(head[4]))
			peer(theirs)
		}()
		return mine, nil
	}
}

func TestNothingTakesLongerThanTheTimeout(t *testing.T) {
	block := func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }
	for name, dial := range map[string]func(context.Context, string, string) (net.Conn, error){
		"silence":       talk(block),
		"half a record": talk(func(c net.Conn) { _, _ = c.Write(record(recordHandshake, 2, 0, 0)[:6]); block(c) }),
		"a drip that never ends": talk(func(c net.Conn) {
			_, err := c.Write([]byte{recordHandshake, 3, 1, 0x40, 0})
			for err == nil {
				time.Sleep(time.Second / 2)
				_, err = c.Write([]byte{2})
			}
		}),
		"does not even read": func(context.Context, string, string) (net.Conn, error) {
			mine, theirs := net.Pipe()
			go func() { time.Sleep(3 * time.Second); _ = theirs.Close() }()
			return mine, nil
		},
		"dialling hangs": func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				before := time.Now()
				for _, a := range Versions(t.Context(), "127.0.0.1:443", Options{Dial: dial}) {
					if a.State != Unreadable || a.Reason != "no answer in time" {
						t.Errorf("%+v", a)
					}
				}
				if took := time.Since(before); took != 5*defaultTimeout {
					t.Errorf("took %v", took)
				}
				before = time.Now()
				if f, err := Handshake(t.Context(), "127.0.0.1:443", Options{Dial: dial, Timeout: time.Second}); err == nil {
					t.Errorf("%+v", f)
				}
				if took := time.Since(before); took != time.Second {
					t.Errorf("took %v", took)
				}
				time.Sleep(4 * time.Second) // until the peers have noticed
			})
		})
	}
}

func TestCancelEndsAllOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second/4, cancel)
		before := time.Now()
		dial := talk(func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
		for _, a := range Versions(ctx, "127.0.0.1:443", Options{Dial: dial}) {
			if a.State != Unreadable || a.Reason != "the probe was cancelled" {
				t.Errorf("%+v", a)
			}
		}
		if took := time.Since(before); took != time.Second/4 {
			t.Errorf("took %v", took)
		}
	})
}

// The real network's own failures, and one that looks like a refusal.
func TestOddServers(t *testing.T) {
	all := func(word string) string {
		return strings.Join([]string{"SSLv3=" + word, "TLSv1=" + word, "TLSv1.1=" + word, "TLSv1.2=" + word, "TLSv1.3=" + word}, " ")
	}
	hear := func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }
	for name, peer := range map[string]func(net.Conn){
		"reset":                func(c net.Conn) { hear(c); _ = c.(*net.TCPConn).SetLinger(0) },
		"reset before reading": func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) },
		"close":                hear,
		"handshake_failure":    func(c net.Conn) { hear(c); _, _ = c.Write(record(recordAlert, 2, 40)) },
		"garbage":              func(c net.Conn) { hear(c); _, _ = c.Write([]byte("go away, this is no TLS")) },
	} {
		t.Run(name, func(t *testing.T) { want(t, serve(t, peer), all("unreadable"), patient) })
	}
	t.Run("nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		want(t, l.Addr().String(), all("unreadable"), patient)
	})
}

// ssl3Responder speaks SSLv3 and nothing else, by hand, as a server from before the
// alert protocol_version would.
func ssl3Responder(t *testing.T) string {
	return serve(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		_, _ = c.Write(record(recordHandshake, chooses(ssl3, 0x000a, "")...))
	})
}

func TestHandWrittenSSL3(t *testing.T) {
	want(t, ssl3Responder(t), "SSLv3=on TLSv1=off(SSLv3) TLSv1.1=off(SSLv3) TLSv1.2=off(SSLv3) TLSv1.3=off(SSLv3)", patient)
}

// A server from before supported_versions and TLS 1.3 that refuses SSLv3 with the
// only alert that SSLv3 has for it: nothing proves that SSLv3 is off.
func TestOldServerWithoutSSL3(t *testing.T) {
	address := serve(t, func(c net.Conn) {
		b := make([]byte, 4096)
		if _, _ = c.Read(b); version(b[9])<<8|version(b[10]) == ssl3 {
			_, _ = c.Write(record(recordAlert, 2, 40))
			return
		}
		_, _ = c.Write(record(recordHandshake, chooses(tls12, 0x002f, "")...))
	})
	a := Versions(context.Background(), address, patient)
	if a[0].State != Unreadable || !strings.Contains(a[0].Reason, "handshake_failure") {
		t.Errorf("%+v", a[0])
	}
	if a[4].State != Off || a[4].Chosen != "TLSv1.2" {
		t.Errorf("%+v", a[4])
	}
}
