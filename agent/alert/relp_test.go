package alert

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// relpServer answers each connection with a script: what it says to the open and
// to each batch, %d being the numbers of the commands in it.
func relpServer(t *testing.T, answers ...func(conn net.Conn, in *bufio.Reader)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for _, answer := range answers {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			answer(conn, bufio.NewReader(conn))
			conn.Close()
		}
	}()
	return "relp://" + l.Addr().String()
}

const relpHello = "200 OK\nrelp_version=0\nrelp_software=x\ncommands=syslog"

func respond(conn net.Conn, number int, text string) {
	fmt.Fprintf(conn, "%d rsp %d %s\n", number, len(text), text)
}

// commands reads so many of the client's commands and gives their names.
func commands(in *bufio.Reader, n int) (names []string) {
	s := &relpSession{in: in}
	for range n {
		_, name, _, err := s.frame()
		if err != nil {
			return append(names, err.Error())
		}
		names = append(names, name)
	}
	return names
}

func relpBatch(n uint64) (batch []*Message) {
	for seq := uint64(1); seq <= n; seq++ {
		batch = append(batch, numbered(seq))
	}
	return batch
}

func TestRELPCountsWhatWasAcknowledged(t *testing.T) {
	open := func(then func(conn net.Conn, in *bufio.Reader)) func(net.Conn, *bufio.Reader) {
		return func(conn net.Conn, in *bufio.Reader) {
			commands(in, 1)
			respond(conn, 1, relpHello)
			commands(in, 4)
			then(conn, in)
		}
	}
	tests := map[string]struct {
		server func(net.Conn, *bufio.Reader)
		done   int
		want   string // part of the error
	}{
		"all, in any order": {open(func(c net.Conn, in *bufio.Reader) {
			for _, n := range []int{3, 2, 5, 4} {
				respond(c, n, "200 OK")
			}
			commands(in, 1) // until the client is done
		}), 4, ""},
		"cut after two": {open(func(c net.Conn, _ *bufio.Reader) { respond(c, 2, "200 OK"); respond(c, 3, "200 OK") }), 2, "EOF"},
		"gap":           {open(func(c net.Conn, _ *bufio.Reader) { respond(c, 2, "200 OK"); respond(c, 4, "200 OK") }), 1, "EOF"},
		"refused":       {open(func(c net.Conn, _ *bufio.Reader) { respond(c, 2, "200 OK"); respond(c, 3, "500 disk full") }), 1, "500 disk full"},
		"server closes": {open(func(c net.Conn, _ *bufio.Reader) { respond(c, 2, "200 OK"); fmt.Fprint(c, "0 serverclose 0\n") }), 1, "ended the session"},
		"twice":         {open(func(c net.Conn, _ *bufio.Reader) { respond(c, 2, "200 OK"); respond(c, 2, "200 OK") }), 1, "not open"},
		"not RELP":      {func(c net.Conn, in *bufio.Reader) { commands(in, 1); fmt.Fprint(c, "HTTP/1.1 400 Bad Request\n") }, 0, "does not speak RELP"},
		"no syslog":     {func(c net.Conn, in *bufio.Reader) { commands(in, 1); respond(c, 1, "200 OK\ncommands=x") }, 0, "does not take"},
		"endless":       {func(c net.Conn, in *bufio.Reader) { commands(in, 1); fmt.Fprint(c, "1 rsp 999999999 x") }, 0, "is no length"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			sink := rigSink(t, Config{Type: "relp", Address: relpServer(t, tt.server)})
			done, err := sink.Send(t.Context(), relpBatch(4))
			if done != tt.done || (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%d done: %v, want %d: %q", done, err, tt.done, tt.want)
			}
			_ = sink.Close()
		})
	}
}

func TestRELPSaysGoodBye(t *testing.T) {
	names := make(chan []string, 1)
	sink := rigSink(t, Config{Type: "relp", Address: relpServer(t, func(conn net.Conn, in *bufio.Reader) {
		first := commands(in, 1)
		respond(conn, 1, relpHello)
		first = append(first, commands(in, 1)...)
		respond(conn, 2, "200 OK")
		first = append(first, commands(in, 1)...)
		fmt.Fprint(conn, "3 rsp 0\n")
		names <- first
	})})
	must(t, send(t.Context(), sink, numbered(1)))
	must(t, sink.Close())
	if d := cmp.Diff([]string{"open", "syslog", "close"}, <-names); d != "" {
		t.Error(d)
	}
}

func TestRELPNumbersBeginAnew(t *testing.T) {
	s := &relpSession{number: relpMaxNumber - 1}
	if a, b := s.next(), s.next(); a != relpMaxNumber || b != 1 {
		t.Errorf("%d, %d", a, b)
	}
}
