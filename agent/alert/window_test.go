package alert

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
)

// witnessSink is a transport that confirms later. Read its fields in a synctest
// bubble that waits.
type witnessSink struct {
	fakeSink
	mu     sync.Mutex // guards all below, and what is Sink's while a test changes it
	open   int        // of those sent last are not confirmed
	broken error      // told once
	asked  atomic.Int64
}

// confirm leaves so many open.
func (s *witnessSink) confirm(open int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = open
}

// cut breaks the connection, or with nil does not.
func (s *witnessSink) cut(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = err
}

func (s *witnessSink) Send(ctx context.Context, batch []*Message) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.told(); err != nil {
		return 0, err
	}
	before := len(s.got)
	n, err := s.fakeSink.Send(ctx, batch)
	s.open += len(s.got) - before
	return n, err
}

func (s *witnessSink) told() error {
	err := s.broken
	if err != nil {
		s.got, s.open, s.broken = nil, 0, nil
	}
	return err
}

func (s *witnessSink) unconfirmed() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked.Add(1)
	err := s.told()
	return s.open, err
}

func TestWhatIsNotConfirmedIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &witnessSink{}
		o := outletOf(sink, OutletOptions{})
		stop := running(t, o)
		offer(o, 1, 10)
		synctest.Wait()
		sink.confirm(7) // 1 to 3 are confirmed
		time.Sleep(overlapTime / 2)
		offer(o, 11, 12)
		synctest.Wait()
		sink.confirm(5) // 1 to 7
		time.Sleep(overlapTime - time.Second)
		if s := o.Stats(); s.Queued != 5 {
			t.Errorf("%d wait, want 5", s.Queued)
		}
		sink.cut(errAway)
		time.Sleep(time.Second)
		synctest.Wait()
		if d := cmp.Diff(numbers(4, 12), sink.got); d != "" { // 4 to 7 were confirmed lately
			t.Error(d)
		}
		sink.confirm(0)
		must(t, stop())
		if s := o.Stats(); s.Sent != 12 || s.Resent != 9 || s.Queued != 0 || !s.Healthy {
			t.Errorf("%+v", s)
		}
	})
}

func TestIdleWitnessIsNotAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &witnessSink{}
		o := outletOf(sink, OutletOptions{})
		stop := running(t, o)
		offer(o, 1, 3)
		synctest.Wait()
		sink.confirm(0)
		time.Sleep(time.Second)
		synctest.Wait()
		asked := sink.asked.Load()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if extra := sink.asked.Load() - asked; extra != 1 { // when the overlap was over
			t.Errorf("asked %d times in a day without news", extra)
		}
		must(t, stop())
	})
}

func TestRejectedMessageBehindUnconfirmedOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &witnessSink{fakeSink: fakeSink{answer: func(_ context.Context, m *Message) error {
			if m.Seq == 2 || m.Seq == 4 {
				return ErrRejected
			}
			return nil
		}}}
		told := 0
		o := outletOf(sink, OutletOptions{OnDropped: func(uint64) { told++ }})
		stop := running(t, o)
		offer(o, 1, 4)
		synctest.Wait()
		if s := o.Stats(); s.Queued != 4 {
			t.Errorf("%d wait, want all: nothing is confirmed", s.Queued)
		}
		sink.cut(errAway)
		time.Sleep(time.Second)
		sink.confirm(0)
		must(t, stop())
		if s := o.Stats(); told != 2 || s.Dropped != 2 || s.Sent != 2 || s.Queued != 0 {
			t.Errorf("told of %d: %+v", told, s)
		}
	})
}

// A receiver that takes the bytes and then refuses, every time.
func TestBreakAfterBreakBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &witnessSink{}
		o := outletOf(sink, OutletOptions{})
		stop := running(t, o)
		offer(o, 1, 3)
		for range 60 * 10 {
			synctest.Wait()
			sink.cut(errAway)
			time.Sleep(time.Second)
			synctest.Wait()
			if s := o.Stats(); s.Healthy || s.Queued != 3 {
				t.Fatalf("%+v", s)
			}
		}
		synctest.Wait()
		if n := len(sink.tried); n > 200 {
			t.Errorf("%d attempts in ten minutes", n)
		}
		sink.cut(nil)
		time.Sleep(time.Minute)
		sink.confirm(0)
		must(t, stop())
	})
}

// A receiver that closes each connection soon after it confirmed all.
func TestOverlapIsNotSentForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &witnessSink{}
		o := outletOf(sink, OutletOptions{})
		stop := running(t, o)
		offer(o, 1, 3)
		for range 600 {
			synctest.Wait()
			sink.confirm(0)
			time.Sleep(time.Second)
			sink.cut(errAway)
			time.Sleep(time.Minute)
		}
		if s := o.Stats(); s.Resent > 3*(overlapMany+1) || s.Sent != 3 {
			t.Errorf("%+v", s)
		}
		sink.cut(nil)
		must(t, stop())
	})
}

// What a spool holds from before the start goes before what is new.
func TestStartSendsTheOldFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spool := NewMemorySpool(func(string, uint64) {})
		spool.Cursor("siem")
		for seq := uint64(1); seq <= 3; seq++ {
			spool.Put(&Message{Seq: seq, Event: finding.Opened})
		}
		sink := &promptSink{}
		sink.answer = func(context.Context, *Message) error { time.Sleep(time.Second); return nil }
		o := NewOutlet(sink, OutletOptions{Config: Config{Name: "siem"}, Spool: spool})
		stop := running(t, o)
		offer(o, 4, 5)
		time.Sleep(time.Minute)
		must(t, stop())
		if d := cmp.Diff(numbers(1, 5), sink.got); d != "" {
			t.Error(d)
		}
	})
}

func TestMessagesForOthersDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &witnessSink{}
		o := outletOf(sink, OutletOptions{Config: Config{Name: "siem"}})
		stop := running(t, o)
		offerOne(o, &Message{Seq: 1, Sinks: []string{"other"}})
		synctest.Wait()
		if s := o.Stats(); s.Queued != 0 {
			t.Errorf("%d wait", s.Queued)
		}
		offerOne(o, &Message{Seq: 2})
		offerOne(o, &Message{Seq: 3, Sinks: []string{"other"}})
		synctest.Wait()
		sink.confirm(0)
		must(t, stop())
		if s := o.Stats(); s.Queued != 0 || s.Sent != 1 {
			t.Errorf("%+v", s)
		}
	})
}
