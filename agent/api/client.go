package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// MaxSocketPath is the longest path that a unix socket can have on Linux:
	// sun_path of 108 bytes, the closing zero included.
	MaxSocketPath = 107
	// MaxWait is the longest that a status request with "after" waits.
	MaxWait = 25 * time.Second
	// MaxSelfTest is the longest that a self-test may take, waiting for the one
	// before it included.
	MaxSelfTest = 5 * time.Minute

	callTimeout   = 10 * time.Second
	maxAnswer     = 16 << 20
	maxProblem    = 64 << 10
	socketAddress = "http://stigwatch" // the host name means nothing on a unix socket
)

// Unreachable says that nobody answers at the socket.
type Unreachable struct {
	Socket string
	Err    error

	who string // "" is the agent
}

func (e *Unreachable) Error() string {
	return fmt.Sprintf("cannot reach %s at %q: %v", cmp.Or(e.who, theAgent), e.Socket, e.Err)
}

// Unwrap gives the reason.
func (e *Unreachable) Unwrap() error { return e.Err }

// UnknownRule says that no benchmark has a rule of that id.
type UnknownRule struct {
	ID      string
	Nearest string // "" when nothing is near
}

func (e *UnknownRule) Error() string {
	if e.Nearest == "" {
		return fmt.Sprintf("cannot find rule %q", e.ID)
	}
	return fmt.Sprintf("cannot find rule %q: the nearest is %s", e.ID, e.Nearest)
}

// Stopping is the reason of who takes no request any more.
const Stopping = "stopping"

// Refused is the agent's own sentence in an answer that is not a success.
type Refused struct {
	Code   int    // of HTTP
	Reason string // a stable word for it; "" for most
	Text   string
}

func (e *Refused) Error() string { return e.Text }

// Who may be at the other end of a socket.
const (
	theAgent    = "the agent"
	theEnforcer = "the enforcer"
)

// Client asks a running agent, or the enforcer.
type Client struct {
	who    string
	socket string
	http   *http.Client
}

// Dial makes a client of the agent at a socket. It connects at the first call.
func Dial(socket string) *Client { return dial(theAgent, socket) }

// DialEnforcer makes a client of the enforcer at its socket.
func DialEnforcer(socket string) *Client { return dial(theEnforcer, socket) }

func dial(who, socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: callTimeout}).DialContext(ctx, "unix", socket)
	}
	return &Client{who: who, socket: socket, http: &http.Client{Transport: &http.Transport{
		DialContext:            dial,
		MaxConnsPerHost:        1,
		MaxResponseHeaderBytes: maxProblem,
		DisableCompression:     true,
	}}}
}

// Close lets go of the connection.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Status asks for the newest report.
func (c *Client) Status(ctx context.Context) (*Report, error) {
	r := &Report{}
	return r, c.call(ctx, callTimeout, "/v1/status", r)
}

// Watch asks for a report of another revision than after, and gives the newest
// one when none comes within MaxWait.
func (c *Client) Watch(ctx context.Context, after uint64) (*Report, error) {
	r := &Report{}
	path := "/v1/status?after=" + strconv.FormatUint(after, 10)
	return r, c.call(ctx, MaxWait+callTimeout, path, r)
}

// Health asks whether the agent is ready.
func (c *Client) Health(ctx context.Context) (*Health, error) {
	h := &Health{}
	return h, c.call(ctx, callTimeout, "/v1/health", h)
}

// Explain asks all about one rule, with each step of the evaluation if trace.
func (c *Client) Explain(ctx context.Context, rule string, trace bool) (*Explanation, error) {
	e := &Explanation{}
	path := "/v1/explain/" + url.PathEscape(rule)
	if trace {
		path += "?trace=1"
	}
	return e, c.call(ctx, MaxWait, path, e)
}

// Journal gives the agent's journal after an entry, one JSON document a line: its
// extent, then the entries. The caller closes it.
func (c *Client) Journal(ctx context.Context, after uint64) (io.ReadCloser, error) {
	res, err := c.get(ctx, "/v1/journal?after="+strconv.FormatUint(after, 10))
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

// SelfTest has the agent test itself, and waits for what comes of it.
func (c *Client) SelfTest(ctx context.Context) (*SelfTest, error) {
	t := &SelfTest{}
	return t, c.ask(ctx, MaxSelfTest+callTimeout, http.MethodPost, "/v1/selftest", nil, t)
}

// OpenWindow asks for a window of maintenance.
func (c *Client) OpenWindow(ctx context.Context, q *WindowRequest) (*Window, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("cannot ask for a window: %w", err)
	}
	w := &Window{}
	return w, c.ask(ctx, callTimeout, http.MethodPost, "/v1/maintenance", body, w)
}

// CloseWindow asks for the end of a window, by its id.
func (c *Client) CloseWindow(ctx context.Context, id string) (*WindowEnd, error) {
	e := &WindowEnd{}
	return e, c.ask(ctx, callTimeout, http.MethodPost, "/v1/maintenance/"+url.PathEscape(id)+"/close", nil, e)
}

func (c *Client) call(ctx context.Context, timeout time.Duration, path string, into any) error {
	return c.ask(ctx, timeout, http.MethodGet, path, nil, into)
}

func (c *Client) ask(ctx context.Context, timeout time.Duration, method, path string, body []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	res, err := c.do(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := decode(io.LimitReader(res.Body, maxAnswer), into); err != nil {
		return fmt.Errorf("cannot read the answer of %s at %q: %w", c.who, c.socket, err)
	}
	return nil
}

// get asks for a path; the answer, whose body the caller closes, is a success.
func (c *Client) get(ctx context.Context, path string) (*http.Response, error) {
	return c.do(ctx, http.MethodGet, path, nil)
}

func (c *Client) do(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	if len(c.socket) > MaxSocketPath {
		return nil, &Unreachable{who: c.who, Socket: c.socket, Err: fmt.Errorf("the path has %d bytes, a socket's may have %d", len(c.socket), MaxSocketPath)}
	}
	req, err := http.NewRequestWithContext(ctx, method, socketAddress+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("cannot ask for %q: %w", path, err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, &Unreachable{who: c.who, Socket: c.socket, Err: cause(err)}
	}
	if res.StatusCode != http.StatusOK {
		defer res.Body.Close()
		return nil, c.refusal(res)
	}
	return res, nil
}

// decode keeps numbers as they stand, so that 1000000 is not shown as 1e+06.
func decode(r io.Reader, into any) error {
	d := json.NewDecoder(r)
	d.UseNumber()
	return d.Decode(into)
}

// refusal is what the other end said. One that is about to stop is as good as gone,
// and its socket starts the next.
func (c *Client) refusal(res *http.Response) error {
	var p Problem
	if err := decode(io.LimitReader(res.Body, maxProblem), &p); err != nil || p.Error == "" {
		p.Error = fmt.Sprintf("the agent answered %q", res.Status)
	}
	if p.Reason == Stopping {
		return &Unreachable{who: c.who, Socket: c.socket, Err: errors.New(p.Error)}
	}
	return &Refused{Code: res.StatusCode, Reason: p.Reason, Text: p.Error}
}

// cause takes the address off a network error: it is said already.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
