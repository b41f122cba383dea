package alert

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
)

func asIs(*smtp.Server) {}

func TestStormIsOneMail(t *testing.T) {
	p := openPostOffice(t, "127.0.0.1:0", nil, asIs)
	sink := mailerTo(t, Config{Address: "smtp://" + p.address, To: []string{"Sécurité <soc@example.org>", "b@example.org"}})
	n, err := sink.Send(t.Context(), messages(1, 10, numbered))
	must(t, err)
	mails := p.taken()
	if n != 10 || len(mails) != 1 {
		t.Fatalf("%d done, %d mails", n, len(mails))
	}
	h, body := parsed(t, mails[0].text)
	if got := subjectOf(t, h); got != "[stigwatch] sentry1: 10 opened (CAT II)" {
		t.Error(got)
	}
	if d := cmp.Diff([]string{"soc@example.org", "b@example.org"}, mails[0].to); d != "" || mails[0].from != "watch@example.org" {
		t.Error(mails[0].from, d)
	}
	if to, err := h.AddressList("To"); err != nil || len(to) != 2 || to[0].Name != "Sécurité" {
		t.Error(to, err)
	}
	if strings.Count(h.Get("X-Stigwatch-Id"), ",") != 9 || strings.Count(body, "V-250989 opened") != 10 {
		t.Errorf("%q\n%s", h.Get("X-Stigwatch-Id"), body)
	}
}

func TestMailNeedsTLSWithTheRightName(t *testing.T) {
	cert, ca := identity(t)
	_, foreign := identity(t)
	secure := openPostOffice(t, "127.0.0.1:0", cert, asIs)
	bare := openPostOffice(t, "127.0.0.1:0", nil, asIs)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{*cert}})
	must(t, err)
	implicit := &postOffice{address: l.Addr().String()}
	implicit.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &visit{p: implicit, conn: c}, nil }))
	implicit.server.ErrorLog = quiet{}
	go func() { _ = implicit.server.Serve(l) }()
	t.Cleanup(func() { implicit.server.Close() })
	for name, tt := range map[string]struct {
		p      *postOffice
		config Config
		want   string // part of the error; empty: it goes
	}{
		"starttls":          {secure, Config{Address: "smtp://" + secure.address, CA: ca, ServerName: "mail.example"}, ""},
		"wrong name":        {secure, Config{Address: "smtp://" + secure.address, CA: ca, ServerName: "other.example"}, "certificate"},
		"unknown authority": {secure, Config{Address: "smtp://" + secure.address, CA: foreign, ServerName: "mail.example"}, "certificate"},
		"no starttls":       {bare, Config{Address: "smtp://" + bare.address, CA: ca, ServerName: "mail.example"}, "offers no STARTTLS"},
		"implicit":          {implicit, Config{Address: "smtps://" + implicit.address, CA: ca, ServerName: "mail.example"}, ""},
		"implicit, unknown": {implicit, Config{Address: "smtps://" + implicit.address, CA: foreign, ServerName: "mail.example"}, "certificate"},
		"no such file":      {secure, Config{Address: "smtp://" + secure.address, CA: ca + "x"}, "cannot read certificates"},
	} {
		before := len(tt.p.taken())
		err := send(t.Context(), mailerTo(t, tt.config), numbered(1))
		mails := tt.p.taken()[before:]
		switch {
		case tt.want == "" && (err != nil || len(mails) != 1 || !mails[0].tls):
			t.Errorf("%s: %v, %d mails", name, err, len(mails))
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, ErrRejected) || len(mails) > 0):
			t.Errorf("%s: %v, %d mails", name, err, len(mails))
		}
	}
}

func TestNameThatOnlyLooksLikeThisMachineNeedsTLS(t *testing.T) {
	for address, plain := range map[string]bool{
		"smtp://localhost:25": true, "smtp://127.0.0.1": true, "smtp://[::1]:25": true,
		"smtp://localhost.example:25": false, "smtp://10.0.0.1": false, "smtps://127.0.0.1": false,
	} {
		u, why := mailServer(address)
		if why != "" {
			t.Fatal(why)
		}
		if s := newSession(u, Options{}); s.plain != plain {
			t.Errorf("%s: plain %v", address, s.plain)
		}
	}
	if isLoopback(&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}) {
		t.Error("a foreign address was taken for this machine")
	}
}

func TestWrongPasswordIsNotHammeredAndARenewedOneWorks(t *testing.T) {
	cert, ca := identity(t)
	p := openPostOffice(t, "127.0.0.1:0", cert, asIs)
	p.password = "right"
	password := secretFile(t, "wrong-hunter2")
	sink := mailerTo(t, Config{Address: "smtp://" + p.address, CA: ca, ServerName: "mail.example", User: "watch", PasswordFile: password})
	for range 3 {
		err := send(t.Context(), sink, numbered(1))
		if err == nil || !strings.Contains(err.Error(), `"watch"`) || strings.Contains(err.Error(), "hunter2") || errors.Is(err, ErrRejected) {
			t.Fatal(err)
		}
	}
	p.set(func() {
		if p.logins != 1 {
			t.Errorf("the wrong password was tried %d times", p.logins)
		}
	})
	must(t, os.WriteFile(password, []byte("right"), 0o600))
	must(t, send(t.Context(), sink, numbered(1)))
	if len(p.taken()) != 1 {
		t.Error("no mail came")
	}
}

func TestLoginAnswersNameAndPassword(t *testing.T) {
	a := &loginAuth{answers: [][]byte{[]byte("watch"), []byte("secret")}}
	for _, want := range []string{"watch", "secret"} {
		if got, err := a.Next([]byte("?"), true); err != nil || string(got) != want {
			t.Errorf("%q, %v", got, err)
		}
	}
	if _, err := a.Next([]byte("?"), true); err == nil {
		t.Error("answered a third question")
	}
}

func TestServerThatIsDownGetsItLater(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := l.Addr().String()
	must(t, l.Close())
	o := outletOf(mailerTo(t, Config{Address: "smtp://" + address}), OutletOptions{})
	stop := running(t, o)
	for _, m := range messages(1, 5, numbered) {
		offerOne(o, m)
	}
	eventually(t, func() bool { return o.Stats().Retries > 1 })
	p := openPostOffice(t, address, nil, asIs)
	eventually(t, func() bool { return o.Stats().Queued == 0 })
	must(t, stop())
	if mails := p.taken(); len(mails) != 1 {
		t.Errorf("%d mails", len(mails))
	}
}

// TestServerThatEndsInTheMiddle scripts what no server does on purpose.
func TestServerThatEndsInTheMiddle(t *testing.T) {
	for _, end := range []string{"", "EHLO", "MAIL", "RCPT", "DATA", "Subject: ", "."} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			speak(conn, end)
		}()
		n, err := mailerTo(t, Config{Address: "smtp://" + l.Addr().String()}).Send(t.Context(), messages(1, 3, numbered))
		if n != 0 || err == nil || errors.Is(err, ErrRejected) {
			t.Errorf("ended at %q: %d done: %v", end, n, err)
		}
		must(t, l.Close())
	}
}

// speak answers until a line begins with end, and then goes away.
func speak(conn net.Conn, end string) {
	text := false
	say := func(s string) { _, _ = conn.Write([]byte(s + "\r\n")) }
	if end == "" {
		return
	}
	say("220 mail.example ESMTP")
	for in := bufio.NewScanner(conn); in.Scan(); {
		line := in.Text()
		switch {
		case strings.HasPrefix(line, end) && (end != "." || line == "."):
			return
		case text:
			text = line != "."
		case line == "DATA":
			text = true
			say("354 go on")
		default:
			say("250 mail.example")
		}
	}
}

func TestSilentServerIsLeftInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		c := Config{Type: "smtp", Address: "smtp://mail.example", From: "a@example.org", To: []string{"b@example.org"}}
		sink, err := New(Options{Config: c, Dial: func(context.Context, string, string) (net.Conn, error) { return ours, nil }})
		must(t, err)
		start := time.Now()
		err = send(t.Context(), sink, numbered(1))
		if took := time.Since(start); err == nil || took != mailTime {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestSMTPChecksItsConfiguration(t *testing.T) {
	good := Config{Name: "m", Type: "smtp", Address: "smtps://mail.example", From: "a@example.org", To: []string{"b@example.org"}}
	for want, change := range map[string]func(*Config){
		"":              func(*Config) {},
		"address":       func(c *Config) { c.Address = "tcp://mail.example:25" },
		"address ":      func(c *Config) { c.Address = "smtp://u:hunter2@mail.example" },
		"address  ":     func(c *Config) { c.Address = "smtp://mail.example:99999" },
		"from":          func(c *Config) { c.From = "a@example.org\r\nBcc: x@example.org" },
		"to":            func(c *Config) { c.To = nil },
		"to ":           func(c *Config) { c.To = []string{"b@example.org", `"b c"@example.org`} },
		"to  ":          func(c *Config) { c.To = []string{"b@example.org, c@example.org"} },
		"to   ":         func(c *Config) { c.To = []string{"müller@example.org"} },
		"user":          func(c *Config) { c.User = "u" },
		"password_file": func(c *Config) { c.User, c.PasswordFile = "u", "hunter2" },
	} {
		c := good
		change(&c)
		var keys []string
		c.Check(func(string) bool { return false }, func(key, format string, args ...any) {
			keys = append(keys, key)
			if strings.Contains(format, "hunter2") || strings.Contains(fmt.Sprintf(format, args...), "hunter2") {
				t.Errorf("%s shows a password", key)
			}
		})
		if got := strings.Join(keys, " "); got != strings.TrimSpace(want) {
			t.Errorf("mistakes in %q, want %q", got, want)
		}
	}
}
