package alert

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	answerTime    = 15 * time.Second // for a request and its answer as a whole
	maxAnswer     = 1 << 20          // bytes of an answer that are read
	maxShown      = 200              // bytes of an answer that an error shows
	maxRetryAfter = time.Hour        // what a receiver may ask for
)

// httpClient posts to one receiver, over one connection as long as that lasts.
// It follows no redirect, which would carry the token to somewhere else, and
// knows no proxy: HTTPS_PROXY is not read, what is configured is what is dialled.
type httpClient struct {
	address   string
	authorize func() (value string, hide []string, err error)
	header    http.Header // of every request
	timeout   time.Duration
	client    *http.Client
}

func newHTTPClient(o Options, scheme string) (*httpClient, error) {
	if why := badURL(o.Address); why != "" {
		return nil, fmt.Errorf("cannot use address %q: %s", redact(o.Address), why)
	}
	c := &httpClient{
		address: o.Address, authorize: authorization(o.Config, scheme), timeout: answerTime,
		header: http.Header{"User-Agent": {strings.TrimSuffix(appName+"/"+o.Version, "/")}},
	}
	for name, value := range o.Headers {
		c.header.Set(name, value)
	}
	c.client = &http.Client{
		Transport:     newTransport(o),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

func newTransport(o Options) *http.Transport {
	dial := o.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: dialTimeout}).DialContext
	}
	return &http.Transport{
		DialContext:            dial,
		DialTLSContext:         dialHTTPS(o.Config, dial),
		DisableCompression:     true, // so that an answer's size is what was sent
		MaxIdleConns:           2,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// authorization gives the Authorization header and what of it to hide, from secrets that are read each
// time: a renewed one counts at once.
func authorization(c Config, scheme string) func() (value string, hide []string, err error) {
	switch {
	case c.TokenFile != "":
		return func() (string, []string, error) {
			b, err := readSecret(c.TokenFile)
			defer clear(b)
			return scheme + " " + string(b), []string{string(b)}, err
		}
	case c.PasswordFile != "":
		return func() (string, []string, error) {
			b, err := readSecret(c.PasswordFile)
			defer clear(b)
			both := base64.StdEncoding.EncodeToString([]byte(c.User + ":" + string(b)))
			return "Basic " + both, []string{string(b), both}, err
		}
	}
	return func() (string, []string, error) { return "", nil, nil }
}

// post sends body and gives the answer, when that is a 2xx. Any other is a
// *refusal. Sending twice is safe with every receiver, for the id says so: the
// transport does it by itself where an old connection broke before the answer.
func (c *httpClient) post(ctx context.Context, path string, header http.Header, body []byte) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address+path, bytes.NewReader(body))
	if err != nil {
		return nil, c.failed(err)
	}
	r.Header = c.header.Clone()
	r.Header["X-Idempotency-Key"] = []string{} // says so to the transport, and is not sent
	for name, values := range header {
		r.Header[name] = values
	}
	value, hide, err := c.authorize()
	if err != nil {
		return nil, err
	}
	if value != "" {
		r.Header.Set("Authorization", value)
	}
	resp, err := c.client.Do(r)
	if err != nil {
		return nil, c.failed(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, c.failed(err)
	}
	a := &answer{kind: resp.Header.Get("Content-Type"), body: b}
	if resp.StatusCode/100 == 2 {
		return a, nil
	}
	return nil, &refusal{
		answer: *a, status: resp.StatusCode, to: redact(c.address),
		wait: retryAfter(resp.Header.Get("Retry-After"), time.Now()), hide: hide,
	}
}

// failed takes the URL out of an error of net/http, which says it in full.
func (c *httpClient) failed(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("cannot send to %q: %w", redact(c.address), err)
}

func (c *httpClient) close() error {
	c.client.CloseIdleConnections()
	return nil
}

// answer is what a receiver said.
type answer struct {
	kind string // its Content-Type
	body []byte
}

// refusal is an answer other than 2xx.
type refusal struct {
	answer
	status int
	wait   time.Duration // that the receiver asked for
	to     string
	hide   []string // never shown, even if the receiver repeats it
}

func (e *refusal) Error() string {
	s := fmt.Sprintf("cannot send to %q: it answered %d %s", e.to, e.status, http.StatusText(e.status))
	if text := e.said(); text != "" {
		s += ": " + text
	}
	switch {
	case e.status/100 == 3:
		s += ": write the address that it redirects to"
	case e.status == http.StatusUnauthorized || e.status == http.StatusForbidden:
		s += ": renew the secret, or let it do this at the receiver"
	case e.status == http.StatusNotFound:
		s += ": correct the address, or create there what it names"
	}
	return s
}

// said is the beginning of the answer's text, without the secret.
func (e *refusal) said() string { return shownText(string(e.body), e.hide...) }

func shownText(s string, hide ...string) string {
	s = strings.ReplaceAll(s, `\/`, "/") // as some write JSON, secrets in it too
	for _, secret := range hide {
		s = strings.ReplaceAll(s, secret, "[secret]")
	}
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxShown {
		s = s[:maxShown] + "…"
	}
	return clean(s)
}

func (e *refusal) retryAfter() time.Duration { return e.wait }

// rejects tells that the receiver will never take what was sent, and not that
// something else is wrong which somebody can put right: an expired token, a
// missing path, a receiver that is ill.
func (e *refusal) rejects() bool {
	return e.status == http.StatusBadRequest || e.status == http.StatusRequestEntityTooLarge ||
		e.status == http.StatusUnprocessableEntity
}

// orRejected marks the error of a request whose message can never be sent.
func orRejected(err error) error {
	var r *refusal
	if errors.As(err, &r) && r.rejects() {
		return fmt.Errorf("%w: %w", ErrRejected, err)
	}
	return err
}

// retryAfter reads a Retry-After header: seconds or a date (RFC 9110, 10.2.3).
func retryAfter(s string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		d = time.Duration(n) * time.Second
	} else if t, err := http.ParseTime(s); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

// halves sends a batch. When the receiver rejects it as a whole it goes in
// halves, until the one that is to blame stands alone.
func halves(batch []*Message, send func(batch []*Message) (int, error)) (int, error) {
	done, err := send(batch)
	var some *rejection
	if len(batch) == 1 || done > 0 || !errors.Is(err, ErrRejected) || errors.As(err, &some) {
		return done, err
	}
	half := len(batch) / 2
	if done, err = halves(batch[:half], send); err != nil {
		return done, err
	}
	more, err := halves(batch[half:], send)
	return done + more, err
}
