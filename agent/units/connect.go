package units

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	propertiesChanged = "PropertiesChanged"
	writeTimeout      = 2 * time.Second // for one message; they are small
)

var (
	errNoBus    = errors.New("there is no system bus on this machine")
	errNoAnswer = errors.New("no answer in time")
)

// connect makes the connection unless there is one. It says to systemd that
// somebody listens, without which it tells nobody anything.
func (b *Bus) connect(ctx context.Context) error {
	if b.conn != nil && b.conn.Connected() {
		return nil
	}
	b.Close()
	raw, err := new(net.Dialer).DialContext(ctx, "unix", b.o.Socket)
	if err != nil {
		return reason(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	conn, err := dbus.NewConn(&patientless{raw}, dbus.WithSignalHandler(b.changed))
	if err == nil {
		err = greet(conn)
	}
	if inTime := stop(); err == nil && !inTime {
		err = ctx.Err()
	}
	if err != nil {
		_ = raw.Close()
		if conn != nil {
			_ = conn.Close()
		}
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return reason(err)
	}
	b.conn = conn
	_ = conn.Object(manager, managerPath).CallWithContext(ctx, manager+".Manager.Subscribe", dbus.FlagNoAutoStart).Err
	return nil
}

func greet(conn *dbus.Conn) error {
	if err := conn.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(os.Geteuid()))}); err != nil {
		return err
	}
	return conn.Hello()
}

// reason says in words why there is no answer.
func reason(err error) error {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return errNoAnswer
	case errors.Is(err, fs.ErrNotExist):
		return errNoBus
	}
	return err
}

// patientless is a connection on which no write waits for long, whoever does not
// read at the other end.
type patientless struct{ net.Conn }

func (c *patientless) Write(b []byte) (int, error) {
	_ = c.SetWriteDeadline(time.Now().Add(writeTimeout))
	return c.Conn.Write(b)
}

// changed takes signals of the bus, where it is called by the connection's reader.
// It has room for one note and drops what is more: the note is that there is news.
type changed chan struct{}

// DeliverSignal implements dbus.SignalHandler.
func (c changed) DeliverSignal(iface, name string, _ *dbus.Signal) {
	if iface != properties || name != propertiesChanged {
		return
	}
	select {
	case c <- struct{}{}:
	default:
	}
}
