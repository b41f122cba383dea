package alert

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	relpPatience  = 30 * time.Second // for the next answer
	relpGoodbye   = time.Second      // for the answer to close
	relpMaxNumber = 999_999_999      // then 1 again
	relpMaxAnswer = 128 << 10
)

// relpSession speaks the client's side of RELP, version 0, as its specification
// (rsyslog's relp.html, 0.0.1 of 2008) and librelp have it: each command has a
// number, and the server answers each by that number.
type relpSession struct {
	conn   net.Conn
	in     *bufio.Reader
	number uint32 // of the last command
}

func newRELPSession(conn net.Conn) *relpSession {
	return &relpSession{conn: conn, in: bufio.NewReader(conn)}
}

// open offers what we can and looks at what the server can.
func (s *relpSession) open(ctx context.Context) error {
	offers := "relp_version=0\nrelp_software=" + appName + "\ncommands=syslog"
	stop := s.within(ctx, dialTimeout)
	defer stop()
	if _, err := s.conn.Write(relpFrame(s.next(), "open", []byte(offers))); err != nil {
		return err
	}
	_, data, err := s.answer()
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if name == "commands" && slices.Contains(strings.Split(value, ","), "syslog") {
			return nil
		}
	}
	return errors.New("the server does not take the command syslog")
}

// deliver sends all lines and gives how many, from the first on, the server
// acknowledged.
func (s *relpSession) deliver(ctx context.Context, lines [][]byte) (done int, err error) {
	open := map[uint32]int{} // index of the line, by number of the command
	var out []byte
	for i, line := range lines {
		n := s.next()
		open[n] = i
		out = append(out, relpFrame(n, "syslog", line)...)
	}
	stop := s.within(ctx, relpPatience)
	defer stop()
	if _, err := s.conn.Write(out); err != nil {
		return 0, err
	}
	acknowledged := make([]bool, len(lines))
	for done < len(lines) {
		_ = s.conn.SetReadDeadline(time.Now().Add(relpPatience)) // each answer buys time for the next
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		number, _, err := s.answer()
		if err != nil {
			return done, err
		}
		i, ours := open[number]
		if !ours {
			return done, fmt.Errorf("the server answered command %d, which was not open", number)
		}
		delete(open, number)
		acknowledged[i] = true
		for done < len(lines) && acknowledged[done] {
			done++
		}
	}
	return done, nil
}

// answer reads one answer; one that is not 200 is an error.
func (s *relpSession) answer() (number uint32, data []byte, err error) {
	number, command, data, err := s.frame()
	switch {
	case err != nil:
		return 0, nil, err
	case command == "serverclose":
		return 0, nil, fmt.Errorf("the server ended the session: %w", io.EOF)
	case command != "rsp":
		return 0, nil, fmt.Errorf("the server sent %q and not an answer", clean(command))
	}
	status, data, _ := bytes.Cut(data, []byte("\n"))
	if code, _, _ := bytes.Cut(status, []byte(" ")); string(code) != "200" {
		return 0, nil, fmt.Errorf("the server refused command %d: %q", number, clean(string(status)))
	}
	return number, data, nil
}

// frame reads one frame of the server.
func (s *relpSession) frame() (number uint32, command string, data []byte, err error) {
	words := [2]string{}
	for i := range words {
		if words[i], err = s.word(' '); err != nil {
			return 0, "", nil, err
		}
	}
	n, err := strconv.ParseUint(words[0], 10, 32)
	if err != nil || n > relpMaxNumber {
		return 0, "", nil, fmt.Errorf("the server does not speak RELP: %q", clean(words[0]))
	}
	size, err := s.size()
	if err != nil {
		return 0, "", nil, err
	}
	data = make([]byte, size+1) // and the newline
	if _, err := io.ReadFull(s.in, data); err != nil {
		return 0, "", nil, err
	}
	if data[size] != '\n' {
		return 0, "", nil, errors.New("the server does not speak RELP: a frame has no end")
	}
	return uint32(n), words[1], data[:size], nil
}

// size reads the length of the data. Without data, the newline may follow at
// once.
func (s *relpSession) size() (int, error) {
	word, err := s.word(' ', '\n')
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(word, 10, 31)
	if err != nil || n > relpMaxAnswer {
		return 0, fmt.Errorf("the server does not speak RELP: %q is no length", clean(word))
	}
	if n > 0 {
		return int(n), nil
	}
	if err := s.in.UnreadByte(); err != nil {
		return 0, err
	}
	if c, err := s.in.Peek(1); err == nil && c[0] == ' ' {
		_, err = s.in.Discard(1)
		return 0, err
	}
	return 0, nil
}

// word reads up to one of the ends, and over it.
func (s *relpSession) word(ends ...byte) (string, error) {
	var b []byte
	for len(b) <= 32 {
		c, err := s.in.ReadByte()
		if err != nil {
			return "", err
		}
		if slices.Contains(ends, c) {
			return string(b), nil
		}
		b = append(b, c)
	}
	return "", fmt.Errorf("the server does not speak RELP: %q", clean(string(b)))
}

func (s *relpSession) next() uint32 {
	s.number = s.number%relpMaxNumber + 1
	return s.number
}

// within sets the time for what follows: d, or less when ctx ends before.
func (s *relpSession) within(ctx context.Context, d time.Duration) (stop func() bool) {
	_ = s.conn.SetDeadline(time.Now().Add(d))
	return context.AfterFunc(ctx, func() { _ = s.conn.SetDeadline(time.Unix(1, 0)) })
}

// close says good-bye and waits a moment for the answer. When none comes nothing
// is lost: what was acknowledged is.
func (s *relpSession) close() error {
	_ = s.conn.SetDeadline(time.Now().Add(relpGoodbye))
	_, err := s.conn.Write(relpFrame(s.next(), "close", nil))
	if err == nil {
		_, _, _, err = s.frame()
	}
	if err != nil {
		s.abandon()
		return nil
	}
	return s.conn.Close()
}

// abandon gives the session up without a word.
func (s *relpSession) abandon() { _ = s.conn.Close() }
