package alert

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// shaky is a transport whose peer has a machine that confirms, and a program that
// reads a little later, and which breaks at any moment. Nothing of it is shared
// while a bubble waits.
type shaky struct {
	rng    *rand.Rand
	calm   atomic.Bool
	flight []uint64   // sent and not confirmed
	taken  []arrival  // confirmed and not read
	got    [][]uint64 // read, by connection
	broken bool       // and not told
}

type arrival struct {
	seq uint64
	at  time.Time
}

func rejects(seq uint64) bool { return seq%29 == 0 }

func newShaky(seed uint64) *shaky {
	return &shaky{rng: rand.New(rand.NewPCG(seed, 1)), got: [][]uint64{nil}}
}

// pass is what happened since the last call.
func (s *shaky) pass() {
	n := s.rng.IntN(len(s.flight) + 1)
	if s.calm.Load() {
		n = len(s.flight)
	}
	for _, seq := range s.flight[:n] {
		s.taken = append(s.taken, arrival{seq, time.Now()})
	}
	s.flight = s.flight[n:]
	for len(s.taken) > 0 && (s.calm.Load() || time.Since(s.taken[0].at) >= overlapTime/20) {
		last := len(s.got) - 1
		s.got[last] = append(s.got[last], s.taken[0].seq)
		s.taken = s.taken[1:]
	}
	if !s.calm.Load() && s.rng.IntN(60) == 0 {
		s.snap()
		s.broken = true
	}
}

// snap loses all that the program did not read.
func (s *shaky) snap() {
	s.flight, s.taken, s.got = nil, nil, append(s.got, nil)
}

// part ends the connection with the agent. The program reads the rest and says so, or
// dies over it.
func (s *shaky) part(context.Context) bool {
	if s.broken || !s.calm.Load() && s.rng.IntN(2) == 0 {
		return false
	}
	last := len(s.got) - 1
	for _, a := range s.taken {
		s.got[last] = append(s.got[last], a.seq)
	}
	s.got[last] = append(s.got[last], s.flight...)
	return true
}

func (s *shaky) restart() {
	s.snap()
	s.broken = false
}

func (s *shaky) told() error {
	if !s.broken {
		return nil
	}
	s.broken = false
	return errAway
}

func (s *shaky) Send(_ context.Context, batch []*Message) (int, error) {
	s.pass()
	if err := s.told(); err != nil {
		return 0, err
	}
	for i, m := range batch {
		if rejects(m.Seq) {
			return i, ErrRejected
		}
		if !s.calm.Load() && s.rng.IntN(200) == 0 {
			s.snap()
			return i, errAway
		}
		s.flight = append(s.flight, m.Seq)
	}
	return len(batch), nil
}

func (s *shaky) trySend(m *Message) bool {
	s.pass()
	if s.broken || rejects(m.Seq) || s.rng.IntN(3) == 0 {
		return false
	}
	s.flight = append(s.flight, m.Seq)
	return true
}

func (s *shaky) unconfirmed() (int, error) {
	s.pass()
	if err := s.told(); err != nil {
		return 0, err
	}
	return len(s.flight), nil
}

func (s *shaky) Close() error { return nil }

// Whatever breaks and whenever: nothing is lost, each connection has its messages
// in order, and what is rejected is told. In the middle the agent starts anew.
func TestNothingIsLostWhateverBreaks(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { shake(t, seed) })
		})
	}
}

func shake(t *testing.T, seed uint64) {
	sink := newShaky(seed)
	dropped := uint64(0)
	spool := NewMemorySpool(func(string, uint64) { t.Error("the spool overflowed") })
	rng := rand.New(rand.NewPCG(seed, 2))
	seq := uint64(0)
	for run := range 2 {
		o := NewOutlet(sink, OutletOptions{
			Config: Config{Name: "siem"}, Spool: spool, OnDropped: func(n uint64) { dropped += n },
		})
		stop := running(t, o)
		for range 30 {
			for range rng.IntN(12) {
				seq++
				m := &Message{Seq: seq}
				if seq%7 == 0 {
					m.Sinks = []string{"another"}
				}
				offerOne(o, m)
			}
			time.Sleep(time.Duration(rng.IntN(2000)) * time.Millisecond)
		}
		if run == 1 {
			sink.calm.Store(true)
			time.Sleep(5 * time.Minute)
		}
		if err := stop(); err != nil && run == 1 {
			t.Error(err)
		}
		sink.restart()
	}
	check(t, sink, seq)
	if want := (seq/29 - seq/(7*29)); dropped < want {
		t.Errorf("told of %d that were rejected, of %d", dropped, want)
	}
}

func check(t *testing.T, sink *shaky, last uint64) {
	t.Helper()
	got := map[uint64]bool{}
	for i, connection := range sink.got {
		for j, seq := range connection {
			got[seq] = true
			if j > 0 && connection[j-1] >= seq {
				t.Errorf("connection %d: %d after %d", i, seq, connection[j-1])
			}
		}
	}
	for seq := uint64(1); seq <= last; seq++ {
		if mine := seq%7 != 0 && !rejects(seq); got[seq] != mine {
			t.Errorf("message %d of %d: received %v, want %v", seq, last, got[seq], mine)
		}
	}
}
