// Package service owns how stigwatch lives under a service manager: when it
// ends, when it reloads and what it tells the manager meanwhile.
//
// kardianos/service knows the managers, and what it does by itself is not
// enough: its Run starts the program in the background, waits for a signal and
// so does not notice that the program has died; it sends no READY=1 and leaves
// SIGHUP to its default, which kills. So the loop itself runs inside the
// library's RunWait hook, in the caller's goroutine. When the loop ends, Run
// ends, whether a signal, the context or a fault ended it. The same holds in a
// terminal, where nobody is told anything.
package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"

	manager "github.com/kardianos/service"
	"golang.org/x/sys/unix"
)

// errEnded is a loop that came back although nobody told it to.
var errEnded = errors.New("it ended without being told to")

// ErrDone is what a loop gives that has ended because nobody needs it any more: Run
// then gives no error.
var ErrDone = errors.New("it is not needed any more")

// Loop is what the service does. It ends when ctx ends. A value on reload asks
// it to load its configuration anew; hang-ups that come while one is waiting to
// be seen are one with it.
type Loop func(ctx context.Context, reload <-chan struct{}) error

// Run runs the loop until it ends. SIGTERM and SIGINT end its context, a second
// one kills the process; SIGHUP asks for a reload. An end that was asked for is
// no error.
func Run(ctx context.Context, name string, loop Loop) error {
	var err error
	wait := func() { err = run(ctx, name, loop) }
	s, newErr := manager.New(program{}, &manager.Config{
		Name:   name,
		Option: manager.KeyValue{"RunWait": wait},
	})
	if newErr != nil {
		return fmt.Errorf("cannot set up the service %q: %w", name, newErr)
	}
	return errors.Join(s.Run(), err)
}

// program has nothing to start or stop: the loop runs between the two.
type program struct{}

// Start implements the library's Interface.
func (program) Start(manager.Service) error { return nil }

// Stop implements the library's Interface.
func (program) Stop(manager.Service) error { return nil }

func run(ctx context.Context, name string, loop Loop) error {
	ctx, stop := signal.NotifyContext(ctx, unix.SIGTERM, unix.SIGINT)
	defer stop()
	defer context.AfterFunc(ctx, stop)() // the second signal has its default again
	reload, done := hangups()
	defer done()
	err := loop(ctx, reload)
	switch {
	case errors.Is(err, ErrDone):
		return nil
	case err == nil && ctx.Err() == nil:
		return fmt.Errorf("cannot go on with %q: %w", name, errEnded)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return nil
	}
	return err
}

// hangups gives a channel that gets a value for SIGHUP, and what ends that.
func hangups() (<-chan struct{}, func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGHUP)
	reload := make(chan struct{}, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range signals { // closed by the function below
			select {
			case reload <- struct{}{}:
			default:
			}
		}
	})
	return reload, func() {
		signal.Stop(signals)
		close(signals)
		wg.Wait()
	}
}
