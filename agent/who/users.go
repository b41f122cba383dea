package who

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const maxPasswd = 1 << 20

// users knows the names of users by passwd(5), read again when it changed. The C
// library is not asked: it may ask a server on the network.
type users struct {
	path string

	mu    sync.Mutex // guards what follows
	names map[string]string
	mtime time.Time
	size  int64
}

// name is a user's, else the number.
func (u *users) name(uid string) string {
	if uid == "" {
		return ""
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.load()
	if name := u.names[uid]; name != "" {
		return name
	}
	return uid
}

func (u *users) load() {
	info, err := os.Stat(u.path)
	if err != nil || info.ModTime().Equal(u.mtime) && info.Size() == u.size {
		return
	}
	b, err := readRegular(u.path, maxPasswd)
	if err != nil {
		return
	}
	u.names, u.mtime, u.size = map[string]string{}, info.ModTime(), info.Size()
	for line := range strings.Lines(string(b)) {
		f := strings.SplitN(line, ":", 4)
		if len(f) < 4 || f[0] == "" {
			continue
		}
		if _, taken := u.names[f[2]]; !taken { // getpwuid(3) takes the first
			u.names[f[2]] = cut(f[0], maxWord)
		}
	}
}

// openRegular opens a regular file, and nothing that could hold us up.
func openRegular(path string) (*os.File, os.FileInfo, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &os.PathError{Op: "open", Path: path, Err: unix.EINVAL}
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

// readRegular gives the first bytes of a regular file.
func readRegular(path string, most int64) ([]byte, error) {
	file, _, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, most))
}

// readTail gives the last bytes of a regular file, from the start of a line.
func readTail(path string, most int64) ([]byte, error) {
	file, info, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	from := max(0, info.Size()-most)
	b, err := io.ReadAll(io.NewSectionReader(file, from, most))
	if from > 0 {
		_, b, _ = bytes.Cut(b, []byte("\n"))
	}
	return b, err
}
