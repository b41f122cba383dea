package alert

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRateDelaysAndKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &promptSink{}
		o := outletOf(sink, OutletOptions{Config: Config{Rate: 6}})
		stop := running(t, o)
		start := time.Now()
		offer(o, 1, 3)
		time.Sleep(35 * time.Second)
		offer(o, 4, 30)
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		if sent := o.Stats().Sent; sent != 28 { // one at once, then one each ten seconds
			t.Errorf("%d sent in %v", sent, time.Since(start))
		}
		time.Sleep(time.Minute)
		must(t, stop())
		if d := cmp.Diff(numbers(1, 30), sink.got); d != "" || len(sink.quick) != 0 {
			t.Errorf("%d went past the limit: %s", len(sink.quick), d)
		}
		for i := 1; i < len(sink.tried); i++ {
			if pause := sink.tried[i].Sub(sink.tried[i-1]); pause < 10*time.Second-time.Millisecond && i != 3 {
				t.Errorf("%v between %d and %d", pause, i, i+1)
			}
		}
	})
}

func TestRateHoldsForTriesOfASinkThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink, away := sinkAway()
		o := outletOf(sink, OutletOptions{Config: Config{Rate: 1}})
		stop := running(t, o)
		offer(o, 1, 3)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := o.Stats().Retries; n < 9 || n > 11 {
			t.Errorf("%d tries in ten minutes", n)
		}
		away.Store(false)
		time.Sleep(10 * time.Minute)
		must(t, stop())
		if d := cmp.Diff(numbers(1, 3), sink.got); d != "" {
			t.Error(d)
		}
	})
}

func TestStopDoesNotWaitForTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &fakeSink{}
		o := outletOf(sink, OutletOptions{Config: Config{Rate: 1}})
		stop := running(t, o)
		offer(o, 1, 500)
		synctest.Wait()
		start := time.Now()
		must(t, stop())
		if took := time.Since(start); took > drainTime || len(sink.got) != 500 {
			t.Errorf("%d sent in %v", len(sink.got), took)
		}
	})
}

func TestRateAndDampTogetherLoseNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failing := 0
		sink := &fakeSink{answer: func(context.Context, *Message) error {
			if failing++; failing%3 == 0 {
				return errAway
			}
			return nil
		}}
		o := outletOf(sink, OutletOptions{Config: Config{Rate: 60, Damp: damped}})
		stop := running(t, o)
		for seq := uint64(1); seq <= 40; seq += 2 {
			offerOne(o, change(seq, "V-250989", time.Now(), seq%4 == 1, "low"))
			offerOne(o, numbered(seq+1))
			time.Sleep(time.Minute)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if s := o.Stats(); s.Queued != 0 || s.Retries == 0 {
			t.Errorf("%+v", s)
		}
		must(t, stop())
		if sink.got[len(sink.got)-1] < 39 {
			t.Error(sink.got)
		}
	})
}
