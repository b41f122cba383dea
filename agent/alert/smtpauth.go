package alert

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"time"
)

// lockoutPause is how long a password that was refused is not tried again, unless
// it is another one by then: trying twice a minute locks an account.
const lockoutPause = 15 * time.Minute

// login is how we say who we are.
type login struct {
	user, place string

	refused [sha256.Size]byte // of the password that the server did not take
	until   time.Time         // it is not tried again
}

// in logs in, if there is something to log in with. The connection has TLS, or
// ends on this machine.
func (l *login) in(c *smtp.Client) error {
	if l.user == "" {
		return nil
	}
	password, err := readSecret(l.place)
	if err != nil {
		return err
	}
	defer clear(password)
	sum := sha256.Sum256(password)
	if sum == l.refused && time.Now().Before(l.until) {
		return fmt.Errorf("the server refused the password of %q: the same one is not tried again before %s", l.user, l.until.UTC().Format(time.TimeOnly))
	}
	auth, err := l.auth(c, password)
	if err != nil {
		return err
	}
	defer auth.forget()
	if err := c.Auth(auth); err != nil {
		var answer *textproto.Error
		if errors.As(err, &answer) && answer.Code == 535 { // RFC 4954, section 6
			l.refused, l.until = sum, time.Now().Add(lockoutPause)
		}
		return fmt.Errorf("cannot log in as %q: %v", l.user, err) // not wrapped: no word about the mail
	}
	return nil
}

// secretAuth is a way to log in that can forget what it sent.
type secretAuth interface {
	smtp.Auth
	forget()
}

// auth picks PLAIN (RFC 4616), or LOGIN where a server has only that. Both need
// the encrypted connection that there is.
func (l *login) auth(c *smtp.Client, password []byte) (secretAuth, error) {
	_, offered := c.Extension("AUTH")
	names := strings.Fields(strings.ToUpper(offered))
	switch {
	case slices.Contains(names, "PLAIN"):
		return &plainAuth{bytes.Join([][]byte{nil, []byte(l.user), password}, []byte{0})}, nil
	case slices.Contains(names, "LOGIN"):
		return &loginAuth{answers: [][]byte{[]byte(l.user), password}}, nil
	}
	return nil, fmt.Errorf("cannot log in as %q: the server offers %q, and PLAIN or LOGIN is needed", l.user, offered)
}

// plainAuth is the library's but for its own idea of which host is this machine.
type plainAuth struct {
	first []byte // all that there is to say; with the password
}

// Start is smtp.Auth's.
func (a *plainAuth) Start(*smtp.ServerInfo) (string, []byte, error) {
	return "PLAIN", a.first, nil
}

// Next is smtp.Auth's.
func (*plainAuth) Next(_ []byte, more bool) ([]byte, error) {
	if more {
		return nil, errors.New("the server asks what PLAIN does not answer")
	}
	return nil, nil
}

func (a *plainAuth) forget() { clear(a.first) }

// loginAuth answers two questions: the name, and the password.
type loginAuth struct{ answers [][]byte }

// Start is smtp.Auth's.
func (*loginAuth) Start(*smtp.ServerInfo) (string, []byte, error) { return "LOGIN", nil, nil }

// Next is smtp.Auth's.
func (a *loginAuth) Next(_ []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	if len(a.answers) == 0 {
		return nil, errors.New("the server asks more than name and password")
	}
	answer := a.answers[0]
	a.answers = a.answers[1:]
	return answer, nil
}

// forget has nothing to do: the password is its caller's.
func (*loginAuth) forget() {}
