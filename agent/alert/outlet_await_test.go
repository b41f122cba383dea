package alert

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"stigwatch/agent/finding"
)

// answered gives what a waiter was told, and whether it was.
func answered(told <-chan error) (err error, any bool) {
	select {
	case err = <-told:
		return err, true
	default:
		return nil, false
	}
}

func TestWhoWaitsIsToldWhenTheMessageIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink, away := sinkAway()
		o := outletOf(sink, OutletOptions{})
		stop := running(t, o)
		told := o.Await(2)
		offer(o, 1, 3)
		time.Sleep(time.Minute)
		if err, any := answered(told); any {
			t.Errorf("told %v while the receiver is away", err)
		}
		away.Store(false)
		time.Sleep(time.Minute)
		if err, any := answered(told); !any || err != nil {
			t.Errorf("told: %v, %v", any, err)
		}
		must(t, stop())
	})
}

func TestWhoWaitsIsToldOfARejection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &fakeSink{answer: func(_ context.Context, m *Message) error {
			if m.Seq == 2 {
				return fmt.Errorf("%w: too long", ErrRejected)
			}
			return nil
		}}
		o := outletOf(sink, OutletOptions{})
		stop := running(t, o)
		told := o.Await(2)
		offer(o, 1, 3)
		synctest.Wait()
		if err, any := answered(told); !any || !errors.Is(err, ErrRejected) {
			t.Errorf("told: %v, %v", any, err)
		}
		must(t, stop())
	})
}

func TestWhoWaitsForAWitnessIsToldWhenThePeerConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &lossy{}
		o := outletOf(sink, OutletOptions{})
		stop := running(t, o)
		told := o.Await(1)
		offer(o, 1, 1)
		time.Sleep(5 * time.Second)
		if err, any := answered(told); any {
			t.Errorf("told %v before the peer confirmed", err)
		}
		sink.confirm()
		time.Sleep(time.Second)
		if err, any := answered(told); !any || err != nil {
			t.Errorf("told: %v, %v", any, err)
		}
		must(t, stop())
	})
}

// What is held back of a flapping rule does not hold up who waits for another
// message.
func TestWhoWaitsIsNotHeldUpByDamping(t *testing.T) {
	for name, sink := range map[string]Sink{"without a witness": &fakeSink{}, "with one": &lossy{}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := outletOf(sink, OutletOptions{Config: Config{Damp: Damp{Changes: 1, Within: "1h"}}})
				stop := running(t, o)
				for seq := uint64(1); seq <= 3; seq++ {
					offerOne(o, &Message{Seq: seq, Rule: "V-1", Event: finding.Opened, Time: time.Now()})
				}
				told := o.Await(4)
				offerOne(o, &Message{Seq: 4, Event: finding.SelfTest, Time: time.Now()})
				synctest.Wait()
				if w, ok := sink.(*lossy); ok {
					w.confirm()
				}
				time.Sleep(5 * time.Second)
				if err, any := answered(told); !any || err != nil {
					t.Errorf("told: %v, %v", any, err)
				}
				_ = stop()
			})
		})
	}
}

func TestWhoForgetsIsNotTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := outletOf(&fakeSink{}, OutletOptions{})
		stop := running(t, o)
		told := o.Await(1)
		o.Forget(1)
		offer(o, 1, 1)
		synctest.Wait()
		if _, any := answered(told); any {
			t.Error("it was told")
		}
		must(t, stop())
	})
}

func TestEveryTypeSaysWhatItsTakingMeans(t *testing.T) {
	for address, want := range map[string]string{
		"udp://a": "sent: UDP promises nothing", "tcp://a": "confirmed by the receiver's TCP", "tls://a": "confirmed by the receiver's TCP",
		"unix:///dev/log": "written",
	} {
		if got := (&Config{Type: "syslog", Address: address}).Proof(); got != want {
			t.Errorf("%s: %q", address, got)
		}
	}
	want := map[string]string{
		"syslog": "written", "relp": "acknowledged", "journald": "written", "stdout": "written", "file": "written to disk", "smtp": "acknowledged",
		"webhook": "acknowledged", "hec": "acknowledged", "elastic": "acknowledged", "otlp": "acknowledged",
	}
	for _, name := range Types() {
		if got := (&Config{Type: name}).Proof(); got != want[name] {
			t.Errorf("%s: %q", name, got)
		}
	}
}
