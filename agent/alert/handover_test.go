package alert

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
)

// heir makes the outlet that follows another one, over the same spool.
func heir(f *Outlet, sink Sink, c Config) *Outlet {
	c.Name = f.name
	return NewOutlet(sink, OutletOptions{Config: c, Spool: f.spool, Follows: f})
}

// handing starts an outlet that can be told to hand over; ended gives what Run said.
func handing(t *testing.T, o *Outlet) (handOver func(), ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	return func() { cancel(ErrHandOver) }, done
}

func TestAnHeirSendsWhatTheOneBeforeLeftInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, away := sinkAway()
		away.Store(false)
		old := outletOf(one, OutletOptions{Config: Config{Name: "siem"}})
		handOver, ended := handing(t, old)
		offer(old, 1, 3)
		synctest.Wait()
		away.Store(true)
		offer(old, 4, 6)
		synctest.Wait()
		two := &fakeSink{}
		next := heir(old, two, Config{})
		handOver()
		stop := running(t, next)
		offer(next, 7, 9)
		must(t, <-ended)
		synctest.Wait()
		if s := next.Stats(); s.Sent != 9 || s.Queued != 0 {
			t.Errorf("%+v", s)
		}
		must(t, stop())
		if d := cmp.Diff([][]uint64{numbers(1, 3), numbers(4, 9)}, [][]uint64{one.got, two.got}); d != "" || one.closed != 1 {
			t.Errorf("closed %d times: %s", one.closed, d)
		}
	})
}

func TestAnHeirWaitsForTheMessageThatIsBeingSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &fakeSink{answer: func(ctx context.Context, _ *Message) error {
			select {
			case <-time.After(500 * time.Millisecond):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		old := outletOf(slow, OutletOptions{Config: Config{Name: "siem"}})
		handOver, ended := handing(t, old)
		offer(old, 1, 1)
		synctest.Wait()
		offer(old, 2, 3)
		two := &fakeSink{answer: func(context.Context, *Message) error {
			if slow.closed == 0 {
				t.Error("it sends while the one before does")
			}
			return nil
		}}
		next := heir(old, two, Config{})
		stop := running(t, next)
		handOver()
		must(t, <-ended)
		synctest.Wait()
		must(t, stop())
		if d := cmp.Diff([][]uint64{numbers(1, 1), numbers(2, 3)}, [][]uint64{slow.got, two.got}); d != "" {
			t.Error(d)
		}
	})
}

// A stop uses the last second for all that waits, whatever the rate; a hand-over
// need not.
func TestAHandOverKeepsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := &fakeSink{}, &fakeSink{}
		old := outletOf(one, OutletOptions{Config: Config{Name: "mail", Rate: 1}})
		handOver, ended := handing(t, old)
		offer(old, 1, 5)
		synctest.Wait()
		next := heir(old, two, Config{Rate: 1})
		handOver()
		stop := running(t, next)
		must(t, <-ended)
		synctest.Wait()
		if d := cmp.Diff([][]uint64{numbers(1, 1), numbers(2, 2)}, [][]uint64{one.got, two.got}); d != "" {
			t.Error(d)
		}
		must(t, stop())
	})
}

func TestAHandOverTellsWhatDampingHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := &fakeSink{}, &fakeSink{}
		damp := Damp{Changes: 1, Within: "10m"}
		old := outletOf(one, OutletOptions{Config: Config{Name: "siem", Damp: damp}})
		handOver, ended := handing(t, old)
		for seq := range uint64(4) {
			offerOne(old, &Message{Seq: seq + 1, ID: string('a' + rune(seq)), Rule: "V-1", Event: finding.Changed, Time: time.Now()})
		}
		synctest.Wait()
		next := heir(old, two, Config{Damp: damp})
		handOver()
		stop := running(t, next)
		must(t, <-ended)
		synctest.Wait()
		must(t, stop())
		if d := cmp.Diff([][]uint64{{1, 4}, nil}, [][]uint64{one.got, two.got}); d != "" {
			t.Error(d)
		}
	})
}

func TestWhoWaitsForAMessageHearsOfItFromTheHeir(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away, _ := sinkAway()
		old := outletOf(away, OutletOptions{Config: Config{Name: "siem"}})
		handOver, ended := handing(t, old)
		told := old.Await(1)
		offer(old, 1, 1)
		synctest.Wait()
		next := heir(old, &fakeSink{}, Config{})
		handOver()
		stop := running(t, next)
		must(t, <-ended)
		must(t, <-told)
		must(t, stop())
	})
}

func TestAnHeirThatIsStoppedAtOnceStillUsesTheLastSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stalled := &fakeSink{answer: func(ctx context.Context, _ *Message) error { <-ctx.Done(); return ctx.Err() }}
		old := outletOf(stalled, OutletOptions{Config: Config{Name: "siem"}})
		handOver, ended := handing(t, old)
		offer(old, 1, 2)
		synctest.Wait()
		two, three := &fakeSink{}, &fakeSink{}
		next := heir(old, two, Config{})
		handOverNext, endedNext := handing(t, next)
		last := heir(next, three, Config{})
		handOver()
		handOverNext()
		must(t, running(t, last)())
		must(t, <-ended)
		must(t, <-endedNext)
		if d := cmp.Diff([][]uint64{nil, nil, numbers(1, 2)}, [][]uint64{stalled.got, two.got, three.got}); d != "" {
			t.Error(d)
		}
	})
}
