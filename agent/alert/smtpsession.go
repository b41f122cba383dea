package alert

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mailTime bounds one mail, from the greeting to the server's last word.
// RFC 5321 (section 4.5.3.2) would give single answers longer; a mail that was
// taken meanwhile comes again, with the same id.
const mailTime = 3 * time.Minute

// session speaks SMTP with the next mail server.
type session struct {
	server   string // host:port
	host     string
	implicit bool // TLS from the first byte: RFC 8314
	plain    bool // no TLS: to this very machine, and nothing about certificates is configured
	tls      *tlsFiles
	dial     DialFunc
	login    login
}

func newSession(u *url.URL, o Options) session {
	s := session{
		server: u.Host, host: u.Hostname(), implicit: u.Scheme == "smtps",
		tls: newTLSFiles(&o.Config, u.Hostname()), dial: o.Dial, login: login{user: o.User, place: o.PasswordFile},
	}
	ip := net.ParseIP(s.host)
	here := s.host == "localhost" || ip != nil && ip.IsLoopback()
	s.plain = here && !s.implicit && o.CA == "" && o.ServerName == ""
	if s.dial == nil {
		s.dial = (&net.Dialer{Timeout: dialTimeout}).DialContext
	}
	return s
}

// transaction hands one mail over. It gives the recipients that the server
// refused; and an error when nobody gets the mail.
func (s *session) transaction(ctx context.Context, host, from string, to []*recipient, text []byte) (map[*recipient]error, error) {
	ctx, cancel := context.WithTimeout(ctx, mailTime)
	defer cancel()
	c, err := s.connect(ctx, host)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := announce(c, from, len(text)); err != nil {
		return nil, err
	}
	refused := map[*recipient]error{}
	for _, r := range to {
		if err := c.Rcpt(r.address); err != nil {
			refused[r] = fmt.Errorf("%s is refused: %w", r.address, err)
		}
		var answer *textproto.Error
		if err := refused[r]; err != nil && !errors.As(err, &answer) {
			return nil, err // the connection broke
		}
	}
	if len(refused) == len(to) {
		return refused, nobody(refused)
	}
	if err := data(c, text); err != nil {
		return nil, err
	}
	_ = c.Quit() // it has taken the mail
	return refused, nil
}

// errNobody is the error of a mail whose every recipient is refused.
var errNobody = errors.New("no recipient is left")

func nobody(refused map[*recipient]error) error {
	var texts []string
	for _, err := range refused {
		texts = append(texts, err.Error())
	}
	slices.Sort(texts)
	return fmt.Errorf("%w: %s", errNobody, strings.Join(texts, "; "))
}

// connect comes back with a connection on which a mail may be sent. The context
// holds for all of that connection.
func (s *session) connect(ctx context.Context, host string) (*smtp.Client, error) {
	conn, err := s.dial(ctx, "tcp", s.server)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	c, err := s.greet(ctx, conn, host)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

func (s *session) greet(ctx context.Context, conn net.Conn, host string) (*smtp.Client, error) {
	plain := s.plain && isLoopback(conn.RemoteAddr())
	if s.implicit {
		var err error
		if conn, _, err = s.tls.handshake(ctx, conn); err != nil {
			return nil, fmt.Errorf("cannot begin TLS: %w", err)
		}
	}
	c, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return nil, fmt.Errorf("cannot begin: %w", err)
	}
	if err := c.Hello(helloName(host)); err != nil {
		return nil, fmt.Errorf("the server does not greet: %w", err)
	}
	if !s.implicit && !plain {
		if err := s.startTLS(c); err != nil {
			return nil, fmt.Errorf("cannot begin TLS: %w", err)
		}
	}
	return c, s.login.in(c)
}

func (s *session) startTLS(c *smtp.Client) error {
	if ok, _ := c.Extension("STARTTLS"); !ok {
		return errors.New("the server offers no STARTTLS, without which nothing is mailed")
	}
	config, _, err := s.tls.config()
	if err != nil {
		return err
	}
	config.VerifyConnection = approved // before the library greets again over it
	if err := c.StartTLS(config); err != nil {
		return explained(err)
	}
	return nil
}

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`)

// helloName is what we call ourselves (RFC 5321, section 4.1.1.1).
func helloName(host string) string {
	if hostName.MatchString(host) {
		return host
	}
	return "localhost"
}

// announce begins a mail. The library's Mail would ask for SMTPUTF8, which the
// servers further on may not have and nothing here needs; it does not know SIZE
// (RFC 1870, section 6), which saves sending what is too large.
func announce(c *smtp.Client, from string, size int) error {
	line := "MAIL FROM:<" + from + ">"
	if ok, limit := c.Extension("SIZE"); ok {
		if most, err := strconv.Atoi(limit); err == nil && most > 0 && size > most {
			return &textproto.Error{Code: 552, Msg: fmt.Sprintf("the server takes mails of %d bytes, and this has %d", most, size)}
		}
		line += " SIZE=" + strconv.Itoa(size)
	}
	id, err := c.Text.Cmd("%s", line)
	if err != nil {
		return err
	}
	c.Text.StartResponse(id)
	defer c.Text.EndResponse(id)
	_, _, err = c.Text.ReadResponse(250)
	if err != nil && !isContent(err) {
		return fmt.Errorf("the server takes no mail from %s: %w", from, err)
	}
	return err
}

func data(c *smtp.Client, text []byte) error {
	w, err := c.Data()
	if err != nil {
		return fmt.Errorf("the server takes no mail: %v", err) // not wrapped: it has not seen the content
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	return w.Close()
}

// isTemporary tells whether the server will think otherwise later.
func isTemporary(err error) bool {
	var answer *textproto.Error
	return errors.As(err, &answer) && answer.Code/100 == 4
}

// isContent tells whether the server refuses for good what the mail holds: it is
// too large (552, unless RFC 3463's 5.2.2 says that a mailbox is full), or its
// content is not wanted (5.6.x). Other answers to a mail are about sender, network
// or reputation, which somebody will put right.
func isContent(err error) bool {
	var answer *textproto.Error
	if !errors.As(err, &answer) {
		return false
	}
	full := strings.HasPrefix(answer.Msg, "5.2.2")
	return answer.Code == 552 && !full || answer.Code/100 == 5 && strings.HasPrefix(answer.Msg, "5.6.")
}
