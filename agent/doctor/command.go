package doctor

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os/exec"
	"syscall"
	"time"
)

// maxSaid caps what is kept of a program's output.
const maxSaid = 64 << 10

// run runs a program by its absolute path: no shell, nothing to read, an environment of
// one variable. At the timeout it and all that it started in its group are killed.
func run(ctx context.Context, timeout time.Duration, file string, args ...string) (string, error) {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var out capped
	c := exec.CommandContext(limited, file, args...)
	c.Env, c.Dir = []string{"LC_ALL=C"}, "/"
	c.Stdout, c.Stderr = &out, &out
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = time.Second
	err := c.Run()
	if limited.Err() != nil {
		return "", fmt.Errorf("no answer within %s", timeout)
	}
	return out.String(), err
}

// capped keeps the beginning of what is written to it. It takes both outputs, which the
// same goroutine copies.
type capped struct{ bytes.Buffer }

// Write takes all and keeps what there is room for.
func (c *capped) Write(p []byte) (int, error) {
	c.Buffer.Write(p[:min(len(p), maxSaid-c.Len())])
	return len(p), nil
}

// connectTime is how long a receiver may take to take a connection.
const connectTime = 3 * time.Second

func connect(ctx context.Context, network, address string) error {
	c, err := (&net.Dialer{Timeout: connectTime}).DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	return c.Close()
}
