package alert

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
)

// lossy takes all, and its connection breaks now and then: what it had not
// confirmed never arrived.
type lossy struct {
	mu      sync.Mutex // guards all below
	pending []*Message
	arrived []*Message
	broken  bool
}

func (s *lossy) Send(_ context.Context, batch []*Message) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = append(s.pending, batch...)
	return len(batch), nil
}

func (s *lossy) unconfirmed() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		s.pending, s.broken = nil, false
		return 0, errors.New("the connection broke")
	}
	return len(s.pending), nil
}

func (s *lossy) confirm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrived, s.pending = append(s.arrived, s.pending...), nil
}

func (s *lossy) breaks() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = true
}

func (*lossy) Close() error { return nil }

func TestBrokenConnectionHidesNoFinalState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &lossy{}
		o := outletOf(sink, OutletOptions{Config: Config{Damp: damped}})
		stop := running(t, o)
		truth := map[string]finding.Outcome{}
		for seq := uint64(1); seq <= 60; seq++ {
			m := change(seq, []string{"V-250989", "V-250990"}[seq%2], time.Now(), seq%3 == 0, finding.Low)
			truth[m.Rule] = m.Result
			offerOne(o, m)
			time.Sleep(40 * time.Second)
			switch seq % 7 {
			case 0:
				sink.breaks()
			case 3:
				sink.confirm()
			}
		}
		for range 20 {
			time.Sleep(time.Minute)
			sink.confirm()
		}
		time.Sleep(time.Minute)
		s := o.Stats()
		must(t, stop())
		knows := map[string]finding.Outcome{}
		for _, m := range sink.arrived {
			knows[m.Rule] = m.Result
		}
		if d := cmp.Diff(truth, knows); d != "" || s.Queued != 0 || s.Resent == 0 {
			t.Errorf("%+v: %s", s, d)
		}
	})
}

func TestDampedSinkTakesNothingFromAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all, few := &fakeSink{}, &fakeSink{}
		spool := NewMemorySpool(func(string, uint64) {})
		full := NewOutlet(all, OutletOptions{Config: Config{Name: "full"}, Spool: spool})
		less := NewOutlet(few, OutletOptions{Config: Config{Name: "damped", Damp: damped}, Spool: spool})
		stops := []func() error{running(t, full), running(t, less)}
		for seq := uint64(1); seq <= 50; seq++ {
			spool.Put(change(seq, "V-250989", time.Now(), seq%2 == 1, finding.Low))
			full.Wake()
			less.Wake()
			time.Sleep(time.Second)
		}
		synctest.Wait()
		for _, stop := range stops {
			must(t, stop())
		}
		if d := cmp.Diff(numbers(1, 50), all.got); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]uint64{1, 2, 3, 50}, few.got); d != "" {
			t.Error(d)
		}
	})
}
