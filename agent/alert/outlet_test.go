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

func (s *fakeSink) Send(ctx context.Context, batch []*Message) (int, error) {
	return one(batch, func(m *Message) error { return s.send(ctx, m) })
}

func (s *fakeSink) send(ctx context.Context, m *Message) error {
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
		offerOne(o, &Message{Seq: seq, Event: finding.Opened})
	}
}

// offerOne does what the agent does.
func offerOne(o *Outlet, m *Message) {
	o.Offer(m)
	o.spool.(*MemorySpool).Put(m)
	o.Wake()
}

// outletOf makes an outlet over a spool in memory.
func outletOf(sink Sink, o OutletOptions) *Outlet {
	o.Spool = NewMemorySpool(func(_ string, n uint64) {
		if o.OnDropped != nil {
			o.OnDropped(n)
		}
	})
	return NewOutlet(sink, o)
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
		o := outletOf(sink, OutletOptions{Config: Config{Name: "siem"}})
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

func TestFullMemoryDropsTheOldestAndTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink, away := sinkAway()
		told := uint64(0)
		o := outletOf(sink, OutletOptions{OnDropped: func(n uint64) { told += n }})
		stop := running(t, o)
		offer(o, 1, memoryLimit+6)
		synctest.Wait()
		if s := o.Stats(); told != 6 || s.Queued != memoryLimit {
			t.Errorf("%d dropped, %d queued", told, s.Queued)
		}
		away.Store(false)
		time.Sleep(time.Minute)
		must(t, stop())
		if d := cmp.Diff(numbers(7, memoryLimit+6), sink.got); d != "" {
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
		o := outletOf(sink, OutletOptions{OnDropped: func(n uint64) { told += n }})
		offer(o, 1, 3)
		offerOne(o, &Message{Seq: 4, Event: finding.Agent, Code: CodeDropped})
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
		o := outletOf(sink, OutletOptions{})
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
				o := outletOf(sink, OutletOptions{Config: Config{Name: "siem"}})
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
		o := outletOf(sink, OutletOptions{})
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

func TestStatsHoldNoSecret(t *testing.T) {
	for in, want := range map[string]string{
		"tcp://siem.example:601":                         "tcp://siem.example:601",
		"https://user:hunter2@siem.example/x?token=1234": "https://siem.example/x",
		"tcp://user:hunter2@[":                           "",
		"":                                               "",
	} {
		if got := outletOf(&fakeSink{}, OutletOptions{Config: Config{Address: in}}).Stats().Address; got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

// send sends one message.
func send(ctx context.Context, sink Sink, m *Message) error {
	_, err := sink.Send(ctx, []*Message{m})
	return err
}
