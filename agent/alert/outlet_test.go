package alert

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
)

var errAway = errors.New("receiver is away")

// fakeSink takes messages as answer says. Read its fields when Run has ended, or
// in a synctest bubble that waits.
type fakeSink struct {
	answer func(ctx context.Context, m *Message) error // nil: takes all
	tried  []time.Time
	got    []uint64
	closed int
}

func (s *fakeSink) Send(ctx context.Context, m *Message) error {
	s.tried = append(s.tried, time.Now())
	if s.answer != nil {
		if err := s.answer(ctx, m); err != nil {
			return err
		}
	}
	s.got = append(s.got, m.Seq)
	return nil
}

func (s *fakeSink) Close() error { s.closed++; return nil }

// sinkAway is a fake that is away until told otherwise.
func sinkAway() (*fakeSink, *atomic.Bool) {
	var away atomic.Bool
	away.Store(true)
	return &fakeSink{answer: func(context.Context, *Message) error {
		if away.Load() {
			return errAway
		}
		return nil
	}}, &away
}

// promptSink can also send at once, unless it is busy.
type promptSink struct {
	fakeSink
	busy  bool
	quick []uint64
}

func (s *promptSink) trySend(m *Message) bool {
	if s.busy {
		return false
	}
	s.quick = append(s.quick, m.Seq)
	s.got = append(s.got, m.Seq)
	return true
}

// running starts o; the returned function stops it and gives what Run said.
func running(t *testing.T, o *Outlet) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	return func() error { cancel(); return <-done }
}

func offer(o *Outlet, from, to uint64) {
	for seq := from; seq <= to; seq++ {
		o.Offer(&Message{Seq: seq, Event: finding.Opened})
	}
}

func numbers(from, to uint64) (n []uint64) {
	for ; from <= to; from++ {
		n = append(n, from)
	}
	return n
}

func TestOutletRetriesTheSameMessageInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := 12
		sink := &fakeSink{answer: func(context.Context, *Message) error {
			if away--; away >= 0 {
				return errAway
			}
			return nil
		}}
		o := NewOutlet(sink, Options{Name: "siem"})
		offer(o, 1, 3)
		stop := running(t, o)
		synctest.Wait()
		if s := o.Stats(); s.Healthy || s.Retries != 1 || s.Queued != 3 || s.LastError != errAway.Error() {
			t.Errorf("while away: %+v", s)
		}
		time.Sleep(10 * time.Minute) // by the bubble's clock
		must(t, stop())
		if d := cmp.Diff(numbers(1, 3), sink.got); d != "" {
			t.Error(d)
		}
		for i := range 12 {
			pause := sink.tried[i+1].Sub(sink.tried[i])
			full := min(backoffStart<<i, backoffCeiling)
			if pause < full/2 || pause > full {
				t.Errorf("pause %d took %v, want %v to %v", i+1, pause, full/2, full)
			}
		}
		s := o.Stats()
		want := Stats{Name: "siem", Sent: 3, Retries: 12, Healthy: true, LastSuccess: s.LastAttempt, LastAttempt: s.LastAttempt}
		if d := cmp.Diff(want, s); d != "" || s.LastAttempt.IsZero() {
			t.Error(d)
		}
	})
}

func TestFullQueueDropsTheOldestAndTellsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink, away := sinkAway()
		var told []uint64
		o := NewOutlet(sink, Options{Queue: 10, OnDropped: func(n uint64) { told = append(told, n) }})
		stop := running(t, o)
		offer(o, 1, 1)
		synctest.Wait() // 1 is being sent and cannot be dropped
		offer(o, 2, 16)
		if s := o.Stats(); s.Dropped != 5 || s.Queued != 11 {
			t.Errorf("%d dropped, %d queued", s.Dropped, s.Queued)
		}
		away.Store(false)
		time.Sleep(time.Minute)
		must(t, stop())
		if d := cmp.Diff(append([]uint64{1}, numbers(7, 16)...), sink.got); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]uint64{5}, told); d != "" {
			t.Error(d)
		}
	})
}

func TestRejectedMessageDoesNotStopTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &fakeSink{answer: func(_ context.Context, m *Message) error {
			if m.Seq%2 == 0 {
				return ErrRejected
			}
			return nil
		}}
		told := uint64(0)
		o := NewOutlet(sink, Options{OnDropped: func(n uint64) { told += n }})
		offer(o, 1, 3)
		o.Offer(&Message{Seq: 4, Event: finding.Agent})
		stop := running(t, o)
		must(t, stop())
		if s := o.Stats(); s.Sent != 2 || s.Dropped != 2 || s.Retries != 0 {
			t.Errorf("%+v", s)
		}
		if d := cmp.Diff([]uint64{1, 3}, sink.got); d != "" {
			t.Error(d)
		}
		if told != 1 { // the loss of news about the agent makes no news
			t.Errorf("told of %d losses", told)
		}
	})
}

func TestStopSendsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink, away := sinkAway()
		o := NewOutlet(sink, Options{})
		offer(o, 1, 5)
		stop := running(t, o)
		time.Sleep(10 * time.Minute) // deep in its back-off
		away.Store(false)
		start := time.Now()
		must(t, stop())
		if d := cmp.Diff(numbers(1, 5), sink.got); d != "" || time.Since(start) > drainTime || sink.closed != 1 {
			t.Errorf("after %v, closed %d times: %s", time.Since(start), sink.closed, d)
		}
	})
}

func TestStopGivesUpAfterASecondAndSaysWhatIsLeft(t *testing.T) {
	stuck := func(ctx context.Context, _ *Message) error { <-ctx.Done(); return ctx.Err() }
	for name, answer := range map[string]func(context.Context, *Message) error{
		"away":  func(context.Context, *Message) error { return errAway },
		"stuck": stuck,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sink := &fakeSink{answer: answer}
				o := NewOutlet(sink, Options{Name: "siem"})
				offer(o, 1, 5)
				stop := running(t, o)
				time.Sleep(time.Minute)
				start := time.Now()
				err := stop()
				if err == nil || !strings.Contains(err.Error(), "5 alerts") || sink.closed != 1 {
					t.Errorf("closed %d times: %v", sink.closed, err)
				}
				if took := time.Since(start); took > drainTime {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func TestOfferSendsAtOnceWhenAllIsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &promptSink{}
		o := NewOutlet(sink, Options{})
		offer(o, 1, 2) // not yet running: queued
		stop := running(t, o)
		synctest.Wait()
		offer(o, 3, 4)
		sink.busy = true
		offer(o, 5, 6) // 5 waits, so 6 does too
		sink.busy = false
		offer(o, 7, 7)
		must(t, stop())
		if d := cmp.Diff(numbers(1, 7), sink.got); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]uint64{3, 4}, sink.quick); d != "" {
			t.Error(d)
		}
		if s := o.Stats(); s.Sent != 7 || s.Queued != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestQueueKeepsOrderWhileItGrowsAndTurns(t *testing.T) {
	q := queue{limit: 100}
	next, want := uint64(0), uint64(0)
	for round := range 300 {
		for range round % 7 {
			next++
			if q.push(&Message{Seq: next}) {
				want++
			}
		}
		for range round % 5 {
			if m := q.pop(); m != nil {
				if want++; m.Seq != want {
					t.Fatalf("got %d, want %d", m.Seq, want)
				}
			}
		}
	}
	if q.size > 100 || len(q.items) != 100 {
		t.Errorf("%d of %d are used", q.size, len(q.items))
	}
}

func TestStatsHoldNoSecret(t *testing.T) {
	for in, want := range map[string]string{
		"tcp://siem.example:601":                         "tcp://siem.example:601",
		"https://user:hunter2@siem.example/x?token=1234": "https://siem.example/x",
		"tcp://user:hunter2@[":                           "",
		"":                                               "",
	} {
		if got := NewOutlet(&fakeSink{}, Options{Address: in}).Stats().Address; got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}
