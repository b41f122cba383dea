package cli

import (
	"context"
	"os/signal"

	"golang.org/x/sys/unix"
)

// interrupted gives a context that ends with Ctrl-C or SIGTERM too.
func interrupted(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, unix.SIGINT, unix.SIGTERM)
}
