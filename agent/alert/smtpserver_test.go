package alert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// postOffice is a real mail server with answers of a test's choice.
type postOffice struct {
	server  *smtp.Server
	address string

	mu       sync.Mutex // guards all below
	rcpt     func(to string) error
	data     func(text []byte) error
	password string
	logins   int
	mails    []delivery
}

type delivery struct {
	from string
	to   []string
	text []byte
	tls  bool
}

func (p *postOffice) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// taken are the mails up to now.
func (p *postOffice) taken() []delivery {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]delivery(nil), p.mails...)
}

// visit is one connection.
type visit struct {
	p    *postOffice
	conn *smtp.Conn
	now  delivery
}

func (v *visit) Reset()        { v.now = delivery{} }
func (v *visit) Logout() error { return nil }

func (v *visit) Mail(from string, _ *smtp.MailOptions) error {
	v.now.from = from
	return nil
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.p.mu.Lock()
	defer v.p.mu.Unlock()
	if v.p.rcpt != nil {
		if err := v.p.rcpt(to); err != nil {
			return err
		}
	}
	v.now.to = append(v.now.to, to)
	return nil
}

func (v *visit) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	v.p.mu.Lock()
	defer v.p.mu.Unlock()
	if v.p.data != nil {
		if err := v.p.data(text); err != nil {
			return err
		}
	}
	v.now.text = text
	_, v.now.tls = v.conn.TLSConnectionState()
	v.p.mails = append(v.p.mails, v.now)
	return nil
}

// guest is a visit that has to log in.
type guest struct{ visit }

func (*guest) AuthMechanisms() []string { return []string{sasl.Plain, sasl.Login} }

func (g *guest) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		g.p.mu.Lock()
		defer g.p.mu.Unlock()
		g.p.logins++
		if user != "watch" || password != g.p.password {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

// openPostOffice starts a server. Without a change it offers STARTTLS.
func openPostOffice(t *testing.T, address string, cert *tls.Certificate, change func(*smtp.Server)) *postOffice {
	t.Helper()
	p := &postOffice{}
	p.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		v := visit{p: p, conn: c}
		if p.password != "" {
			return &guest{v}, nil
		}
		return &v, nil
	}))
	if cert != nil {
		p.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*cert}}
	}
	p.server.ErrorLog = quiet{}
	change(p.server)
	l, err := net.Listen("tcp", address)
	must(t, err)
	p.address = l.Addr().String()
	go func() { _ = p.server.Serve(l) }()
	t.Cleanup(func() { p.server.Close() })
	return p
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// identity is a certificate for mail.example, and the file with its authority.
func identity(t *testing.T) (*tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.example"}, DNSNames: []string{"mail.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	path := filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

func mailerTo(t *testing.T, c Config) Sink {
	t.Helper()
	c.Type, c.From = "smtp", "stigwatch <watch@example.org>"
	if c.To == nil {
		c.To = []string{"soc@example.org"}
	}
	c.Check(func(string) bool { return false }, func(key, format string, args ...any) { t.Errorf("%s: "+format, append([]any{key}, args...)...) })
	sink, err := New(Options{Config: c})
	must(t, err)
	return sink
}

func secretFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(path, []byte(text+"\n"), 0o600))
	return path
}

func reply(code int, enhanced smtp.EnhancedCode, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}
