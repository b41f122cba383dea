package alert

import (
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// smtpKind is mail to a few people: RFC 5321 by the standard library's net/smtp.
// That is frozen and not abandoned. The library that the world uses in its stead
// takes a whole mail back when one of its recipients is refused; here the others
// have to get it.
var smtpKind = kind{
	keys:  []string{"address", "from", "to", "user", "password_file", "ca", "server_name"},
	check: checkSMTP,
	open:  newSMTP,
}

const mailServerForms = "write smtp://host:587, smtp://host:25 or smtps://host:465"

func checkSMTP(c *Config, wrong Wrong) {
	if _, why := mailServer(c.Address); why != "" {
		wrong("address", "%s", why)
	}
	if _, err := recipientOf(c.From); err != nil {
		wrong("from", "%s", err)
	}
	if len(c.To) == 0 {
		wrong("to", "nobody gets the mails: write [soc@example.org]")
	}
	for _, to := range c.To {
		if _, err := recipientOf(to); err != nil {
			wrong("to", "%s", err)
		}
	}
	if (c.User == "") != (c.PasswordFile == "") {
		wrong("user", "user and password_file belong together: write both, or remove both")
	}
	if strings.ContainsFunc(c.User, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		wrong("user", "it has a control character")
	}
	if c.PasswordFile != "" {
		if why := checkSecret(c.PasswordFile); why != "" {
			wrong("password_file", "%s", why)
		}
	}
}

// mailServer reads an address, and says what is wrong with it.
func mailServer(address string) (u *url.URL, why string) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "smtp" && u.Scheme != "smtps":
		return nil, "it is not the address of a mail server: " + mailServerForms
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return nil, "only scheme, host and port may stand here: " + mailServerForms
	case u.Hostname() == "":
		return nil, "there is no host: " + mailServerForms
	}
	if u.Port() == "" { // RFC 6409, section 3.1, and RFC 8314, section 7.3
		u.Host = net.JoinHostPort(u.Hostname(), map[string]string{"smtp": "587", "smtps": "465"}[u.Scheme])
	}
	if n, err := strconv.Atoi(u.Port()); err != nil || n < 1 || n > 65535 {
		return nil, "the port is not from 1 to 65535: " + mailServerForms
	}
	return u, ""
}

// mailbox is what we write to: plain ASCII, which needs no extension of the
// servers on the way, and nothing that has to be quoted.
var mailbox = regexp.MustCompile(`^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$`)

func recipientOf(text string) (*recipient, error) {
	a, err := mail.ParseAddress(text)
	if err != nil || !mailbox.MatchString(a.Address) {
		return nil, fmt.Errorf("%q is no mail address: write soc@example.org, or Security <soc@example.org>", text)
	}
	return &recipient{address: a.Address, header: a.String()}, nil
}
