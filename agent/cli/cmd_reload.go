package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"stigwatch/agent/socket"
)

// reloadTime is how long an agent may take to load its configuration: it may be in
// the middle of a pass.
const reloadTime = time.Minute

func newReloadCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "reload",
		Short: "Have the running agent load its configuration anew",
		Long: `Have the running agent load its configuration, site profile, mappings, waivers and
attestations anew, and wait for what comes of it. When there is a mistake, all of them
are listed, what was live before stays live, and it exits 1. The unit's reload does
just this; so does SIGHUP, without telling you.`,
		Example: `  stigwatch reload
  systemctl reload stigwatch`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.reload(cmd.Context()) },
	}
}

func (e *env) reload(ctx context.Context) error {
	c, err := e.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	before, err := readyStatus(ctx, c, startTime)
	if err != nil {
		return err
	}
	if err := e.hangUp(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, reloadTime)
	defer cancel()
	for tick := time.NewTicker(startPause); ; {
		r, err := c.Status(ctx)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("cannot tell what came of it: no answer within %s: see journalctl -u stigwatch", reloadTime)
		case err != nil:
			return err
		case r.Agent.Config.Reloads != before.Agent.Config.Reloads && r.Agent.Config.Error != "":
			return errors.New(r.Agent.Config.Error)
		case r.Agent.Config.Reloads != before.Agent.Config.Reloads:
			fmt.Fprintf(e.stdout, "loaded %s and what it names\n", r.Agent.Config.Path)
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// hangUp sends SIGHUP to the process at the other end of the socket, which the kernel
// names: what the answer says of it could be anybody's word.
func (e *env) hangUp() error {
	path, err := e.socket()
	if err != nil {
		return err
	}
	peer, err := socket.Server(path)
	if err != nil {
		return err
	}
	if err := unix.Kill(int(peer.PID), unix.SIGHUP); err != nil {
		return fmt.Errorf("cannot signal the agent, process %d: %w: only root and its own user may", peer.PID, err)
	}
	return nil
}
