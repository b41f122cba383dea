package alert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
)

// ErrRejected wraps the error of a message that a sink can never send. An outlet
// drops it and goes on; any other error makes it try again.
var ErrRejected = errors.New("message rejected")

// Sink is somewhere an alert goes. Only one goroutine uses it at a time.
type Sink interface {
	// Send hands messages over, in order, and gives how many of them, from the
	// first on, are done: acknowledged where the receiver can do that, else
	// written. With an error it says why the next one is not; that one and those
	// after it are sent again, so a sink may send one twice but never leaves one
	// out. The error wraps ErrRejected when the next one can never be sent. An error
	// with all of them done is something else that people have to know.
	Send(ctx context.Context, batch []*Message) (done int, err error)
	Close() error
}

// prompter is a sink that can send without waiting, when all is well.
type prompter interface {
	// trySend never waits. After false the message has to be sent by Send.
	trySend(m *Message) bool
}

// witness is a sink whose transport confirms later than Send returns.
type witness interface {
	// unconfirmed gives how many of the messages that were sent last the peer has
	// not confirmed yet. An error says that the connection broke and those will not
	// be confirmed any more: the outlet sends them again.
	unconfirmed() (int, error)
}

// parting is a witness that can have the peer confirm more at the end.
type parting interface {
	// part says good-bye and waits for the peer's, no longer than ctx. It reports
	// whether that came: then the program there has read all that was sent. Nothing
	// is sent after it.
	part(ctx context.Context) bool
}

// acknowledging is a witness whose confirmations are the receiving program's own,
// and not only its machine's: what it confirmed is never sent again.
type acknowledging interface{ acknowledges() }

// DialFunc opens a connection, like net.Dialer.DialContext.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Options are what a sink needs besides its configuration.
type Options struct {
	Config
	Version string    // of stigwatch, for formats that name the product's
	Out     io.Writer // where stdout writes; nil: os.Stdout
	Dial    DialFunc  // nil: the real network
}

// kind is one type of sink.
type kind struct {
	keys    []string // of the configuration that it takes, besides those of every sink
	formats []string // the first is the default; none: the sink has its own

	// fill sets the defaults; may be nil.
	fill func(c *Config)
	// check tells each thing that is wrong with the configuration; may be nil.
	check func(c *Config, wrong Wrong)
	// open makes the sink. It connects when there is something to send: a receiver
	// that is away is no error here.
	open func(o Options) (Sink, error)
}

// Wrong takes down one mistake, by the key of the sink that has it and what to
// write instead. It never repeats a value in which somebody may have written a
// secret.
type Wrong func(key, format string, args ...any)

// kinds are the types of sinks by their names in the configuration.
func kinds() map[string]kind {
	return map[string]kind{
		"syslog":   syslogKind,
		"relp":     relpKind,
		"journald": {open: newJournald},
		"stdout":   {open: newStdout},
		"file":     fileKind,
		"smtp":     smtpKind,
		"webhook":  webhookKind,
		"hec":      hecKind,
		"elastic":  elasticKind,
		"otlp":     otlpKind,
	}
}

// Types are the names of all types of sinks, sorted.
func Types() []string {
	var names []string
	for name := range kinds() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// New makes the sink that o describes, whose configuration was checked.
func New(o Options) (Sink, error) {
	k, ok := kinds()[o.Type]
	if !ok {
		return nil, fmt.Errorf("cannot use sink type %q: one of %v is needed", o.Type, Types())
	}
	o.Fill()
	return k.open(o)
}

// one makes a Send of a function that sends a single message.
func one(batch []*Message, send func(m *Message) error) (done int, err error) {
	for i, m := range batch {
		if err := send(m); err != nil {
			return i, err
		}
	}
	return len(batch), nil
}
