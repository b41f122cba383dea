// Package socket owns unix sockets that people and other processes of the machine
// ask at: taking one without a race or a leak, and knowing who is at the other end.
package socket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// MaxPath is the longest path that a unix socket can have on Linux: sun_path of 108
// bytes, the closing zero included.
const MaxPath = 107

const (
	folderMode = 0o755 // the socket's own mode is the guard
	socketMode = 0o660
	dialTime   = time.Second
)

// Listener is a unix socket that takes a limited number of connections at a
// time and removes at the end only what it made itself.
type Listener struct {
	*net.UnixListener
	path  string
	made  os.FileInfo
	slots chan struct{} // one token for each open connection
	guest chan struct{} // one token for each of those that are neither root's nor this process's own user's
	done  chan struct{} // closed by Close
	once  sync.Once
}

// Listen takes the socket at a path for its owner, root and a group, for at most
// limit connections at a time; further ones wait in the kernel's queue. A stale
// socket is removed, one at which somebody answers is not.
func Listen(path, group string, limit int) (*Listener, error) {
	if len(path) > MaxPath {
		return nil, fmt.Errorf("cannot listen at %q: the path has %d bytes, a socket's may have %d", path, len(path), MaxPath)
	}
	if path == "" || path[0] == '@' {
		return nil, fmt.Errorf("cannot listen at %q: an abstract socket has no mode to guard it", path)
	}
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return nil, fmt.Errorf("cannot make the socket's folder %q: %w: make it, or choose another by runtime_dir", filepath.Dir(path), err)
	}
	if err := clear(path); err != nil {
		return nil, err
	}
	u, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("cannot listen at %q: %w", path, err)
	}
	u.SetUnlinkOnClose(false)
	made, err := guard(path, group)
	if err != nil {
		_ = u.Close()
		return nil, err
	}
	return &Listener{UnixListener: u, path: path, made: made, slots: make(chan struct{}, limit), guest: make(chan struct{}, guests(limit)), done: make(chan struct{})}, nil
}

// Adopt takes over a socket that somebody else listens at already and will remove:
// the service manager, for a service that is started by its socket.
func Adopt(u *net.UnixListener, limit int) *Listener {
	u.SetUnlinkOnClose(false)
	return &Listener{UnixListener: u, slots: make(chan struct{}, limit), guest: make(chan struct{}, guests(limit)), done: make(chan struct{})}
}

// clear removes a socket that nobody listens at any more. A living one, and
// anything that is no socket, stays.
func clear(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot look at the socket %q: %w", path, err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("cannot listen at %q: it is there and is not a socket", path)
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialTime)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err == nil {
		_ = conn.Close()
		return fmt.Errorf("cannot listen at %q: another stigwatch is running", path)
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("cannot tell whether another stigwatch is running at %q: %w", path, err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("cannot remove the stale socket %q: %w", path, err)
	}
	return nil
}

// guard gives the socket to the group when there is one and we may, and then
// opens it for the group: never the other way round, lest a moment's group be a
// wrong one.
func guard(path, group string) (os.FileInfo, error) {
	if g, err := user.LookupGroup(group); err == nil {
		if gid, err := strconv.Atoi(g.Gid); err == nil {
			if err := os.Lchown(path, -1, gid); err != nil && !errors.Is(err, fs.ErrPermission) {
				return nil, fmt.Errorf("cannot give the socket %q to the group %q: %w", path, group, err)
			}
		}
	}
	if err := os.Chmod(path, socketMode); err != nil {
		return nil, fmt.Errorf("cannot set the mode of the socket %q: %w", path, err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("cannot look at the socket %q: %w", path, err)
	}
	return info, nil
}

// guests is how many of a limit of connections others than root and this process's own
// user may have: however many they open, the owners get in.
func guests(limit int) int { return max(1, limit*3/4) }

// Accept waits for a free place, then for a connection. Guests beyond their number
// are shown out.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	c, err := l.AcceptUnix()
	if err != nil {
		<-l.slots
		return nil, err
	}
	in := &conn{UnixConn: c, release: sync.OnceFunc(func() { <-l.slots })}
	if p := peerOf(in); p.Known && (p.UID == 0 || int(p.UID) == os.Geteuid()) {
		return in, nil
	}
	return l.admit(in)
}

// admit takes a guest in, or waits for the next connection when there are enough.
func (l *Listener) admit(in *conn) (net.Conn, error) {
	select {
	case l.guest <- struct{}{}:
		in.release = sync.OnceFunc(func() { <-l.guest; <-l.slots })
		return in, nil
	default:
		_ = in.Close()
		return l.Accept()
	}
}

// Close stops listening and removes the socket, unless another agent has put
// its own in the same place.
func (l *Listener) Close() error {
	var err error
	l.once.Do(func() {
		close(l.done)
		if now, e := os.Lstat(l.path); l.made != nil && e == nil && os.SameFile(now, l.made) {
			err = os.Remove(l.path)
		}
		err = errors.Join(err, l.UnixListener.Close())
	})
	return err
}

// conn gives its place back when it is closed.
type conn struct {
	*net.UnixConn
	release func()
}

// Close implements net.Conn.
func (c *conn) Close() error {
	defer c.release()
	return c.UnixConn.Close()
}
