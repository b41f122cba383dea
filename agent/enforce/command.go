package enforce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// maxSaid caps what is kept of each of a program's two outputs.
const maxSaid = 4 << 10

// said is what a program wrote.
type said struct {
	out, err Capped
}

func (s *said) all() string { return s.out.String() + "\n" + s.err.String() }

// trouble prefers what went to stderr: chronyd prints its whole configuration to stdout.
func (s *said) trouble() string {
	if t := s.err.String(); t != "" {
		return t
	}
	return s.out.String()
}

// command runs a program by its absolute path: no shell, no environment, nothing to
// read, the root as its folder. At the timeout it is killed; in any case all that it
// started in its process group is.
func command(ctx context.Context, timeout time.Duration, file string, args []string) (*said, error) {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	s := &said{}
	c := exec.CommandContext(limited, file, args...)
	c.Env, c.Dir = []string{}, "/"
	c.Stdout, c.Stderr = &s.out, &s.err
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = time.Second // for what left the group and holds the outputs open
	err := c.Run()
	if c.Process != nil {
		_ = c.Cancel() // what it left running; no group has its number again so soon
	}
	switch {
	case ctx.Err() != nil:
		return s, ctx.Err()
	case limited.Err() != nil:
		return s, fmt.Errorf("no answer within %s", timeout)
	case errors.Is(err, exec.ErrWaitDelay):
		return s, errors.New("it left something running")
	}
	return s, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// Capped keeps the beginning of what a program writes to it: 4 KiB.
type Capped struct {
	b bytes.Buffer
}

// Write takes all and keeps what there is room for.
func (c *Capped) Write(p []byte) (int, error) {
	c.b.Write(p[:min(len(p), maxSaid-c.b.Len())])
	return len(p), nil
}

// String gives text that is fit for terminals and alerts: lines and tabs stay, the
// carriage return that sshd ends its lines with goes, what else cannot be printed
// becomes U+FFFD.
func (c *Capped) String() string {
	text := strings.ToValidUTF8(strings.ReplaceAll(c.b.String(), "\r\n", "\n"), string(unicode.ReplacementChar))
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsPrint(r):
			return r
		}
		return unicode.ReplacementChar
	}, text))
}
