package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
)

// trial is one self-test under way.
type trial struct {
	a      *Agent
	sinks  []way
	spare  bool // people get no message
	start  time.Time
	result api.SelfTest
}

func newTrial(a *Agent, spare bool) *trial {
	return &trial{
		a: a, sinks: a.sinks(), spare: spare, start: time.Now(),
		result: api.SelfTest{At: api.At(time.Now()), Steps: []api.SelfTestStep{}, Sinks: []api.SelfTestSink{}},
	}
}

func (t *trial) run(ctx context.Context) {
	c := &canary{nonce: rand.Text(), seen: make(chan sighting, 8)}
	for i := range t.sinks {
		if !t.skips(i) {
			c.sinks = append(c.sinks, t.sinks[i].cfg.Name)
		}
	}
	t.a.tests.canary.Store(c)
	defer t.a.tests.canary.Store(nil)
	t.start = time.Now()
	if !t.step("written", time.Now, writeCanary(t.a.tests.file, c.nonce)) {
		return
	}
	if s, ok := t.await(ctx, c); ok {
		t.deliver(ctx, s)
	}
	t.result.OK = len(t.result.Failures()) == 0
}

// skips tells the sinks that are spared.
func (t *trial) skips(i int) bool { return t.spare && t.sinks[i].cfg.ForPeople() }

// step takes down one step that ended at a time, or failed.
func (t *trial) step(name string, at func() time.Time, err error) bool {
	s := api.SelfTestStep{Name: name, OK: err == nil}
	if err != nil {
		s.Error = err.Error()
	}
	s.Micros = max(at().Sub(t.start), 0).Microseconds()
	t.result.Steps = append(t.result.Steps, s)
	return err == nil
}

// writeCanary writes the file in place, as no editor but many a program does. It
// follows no link: who can write to the folder is to gain nothing by it.
func writeCanary(file, nonce string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("cannot write the canary: %w", err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err == nil {
		_, err = f.WriteString(nonce)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("cannot write the canary: %w", err)
	}
	return nil
}

// await waits for the loop to see the canary and judge.
func (t *trial) await(ctx context.Context, c *canary) (s sighting, ok bool) {
	timeout := time.NewTimer(t.a.tests.canaryTime)
	defer timeout.Stop()
	seen := false
	for !seen || s.wrong != nil { // an earlier write may still have been told of
		select {
		case s = <-c.seen:
			seen = true
		case <-ctx.Done():
			return s, false
		case <-timeout.C:
			if !seen {
				return s, t.step("event", time.Now, fmt.Errorf("nothing told of the canary within %s: the agent does not see changes", t.a.tests.canaryTime))
			}
			return s, t.step("read", time.Now, s.wrong)
		}
	}
	t.step("event", func() time.Time { return s.event }, nil)
	t.step("read", func() time.Time { return s.read }, nil)
	return s, t.step("verdict", func() time.Time { return s.verdict }, s.misjudged)
}

// deliver waits for all sinks at once.
func (t *trial) deliver(ctx context.Context, s sighting) {
	var all sync.WaitGroup
	t.result.Sinks = make([]api.SelfTestSink, len(t.sinks))
	for i := range t.sinks {
		c := &t.sinks[i].cfg
		t.result.Sinks[i] = api.SelfTestSink{Name: c.Name, Type: c.Type, How: c.Proof(), OK: true, Skipped: t.skips(i)}
		if !t.skips(i) {
			all.Go(func() { t.sink(ctx, i, s) })
		}
	}
	all.Wait()
}

func (t *trial) sink(ctx context.Context, i int, s sighting) {
	out, limit := &t.result.Sinks[i], t.a.tests.sinkTime+t.sinks[i].cfg.Slowest()
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	var err error
	late := false
	select {
	case err = <-s.answers[out.Name]:
	case <-timeout.C:
		late = true
	case <-ctx.Done():
		err = ctx.Err()
	}
	now := named(t.a.sinks(), out.Name) // a reload may have handed it over, or removed it
	if now == nil {
		out.Skipped = true
		return
	}
	if now.outlet.Forget(s.seq); late {
		err = notTaken(now.outlet.Stats(), limit)
	}
	out.Micros = time.Since(t.start).Microseconds()
	if err != nil {
		out.OK, out.Error = false, err.Error()
	}
}

// notTaken says why, as far as the outlet knows.
func notTaken(s alert.Stats, limit time.Duration) error {
	if s.LastError != "" {
		return fmt.Errorf("it did not take the message within %s: %s", limit, s.LastError)
	}
	return fmt.Errorf("it did not take the message within %s; %d messages wait for it", limit, s.Queued)
}
