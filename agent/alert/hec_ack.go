package alert

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	ackLimit = 2 * time.Minute // after which what is not indexed is sent again; doubling
	ackEvery = time.Second     // between two questions
)

// hecAcked is a collector whose token acknowledges what was indexed. Splunk takes
// seconds for that, so the next batch does not wait for it.
type hecAcked struct {
	hec
	demanded     bool // by the configuration; else as the token does
	limit, every time.Duration

	channel string // new after each failure, so that no old number is mistaken
	seen    bool   // the token acknowledges
	pending []ackBatch
	poll    *ackPoll // under way, or nil
	polled  time.Time
	last    error // of the last question
	late    int   // how often in a row the limit passed
}

// ackBatch is what one request brought.
type ackBatch struct {
	n     int
	id    int64
	acked bool
	sent  time.Time
}

// ackPoll is one question, asked in a goroutine of its own because unconfirmed
// must not wait. There is never more than one, it ends within the client's time
// limit, and Close waits for it.
type ackPoll struct {
	cancel context.CancelFunc
	done   chan struct{} // closed by the goroutine
	acks   map[string]bool
	err    error
}

// Send posts a batch of events. What it returns as done was taken; unconfirmed
// tells when it was indexed.
func (s *hecAcked) Send(ctx context.Context, batch []*Message) (int, error) {
	if s.channel == "" {
		if err := s.begin(ctx); err != nil {
			return 0, err
		}
	}
	done, err := halves(batch, func(batch []*Message) (int, error) { return s.send(ctx, batch) })
	if err != nil && rejected(err) == 0 {
		s.forget() // the outlet sends all of them again
	}
	return done, err
}

// begin takes a new channel. Where acknowledgement is demanded it asks first
// whether the token has it: events that were sent cannot be taken back.
func (s *hecAcked) begin(ctx context.Context) error {
	channel := guid()
	if s.demanded {
		if _, err := s.call(ctx, hecProbe, channel, []byte(`{"acks":[0]}`)); err != nil {
			return fmt.Errorf("cannot get acknowledgements, as acks: true demands: %w", err)
		}
	}
	s.channel = channel
	return nil
}

func (s *hecAcked) send(ctx context.Context, batch []*Message) (int, error) {
	done, a, err := s.post(ctx, batch, s.channel)
	if done == 0 {
		return 0, err
	}
	if a.AckID != nil {
		s.seen = true
		s.pending = append(s.pending, ackBatch{n: done, id: *a.AckID, sent: time.Now()})
		return done, err
	}
	if err != nil && (s.seen || s.demanded) { // they were taken, without a number to ask for
		if again, err := s.send(ctx, batch[:done]); err != nil {
			return again, err
		}
		return done, err
	}
	if s.demanded {
		return 0, fmt.Errorf("cannot get acknowledgements from %q: it answered without one", redact(s.client.address))
	}
	s.pending = append(s.pending, ackBatch{n: done, acked: true})
	return done, err
}

// acknowledges: Splunk answers for what it indexed.
func (*hecAcked) acknowledges() {}

// unconfirmed asks, in the background, what was indexed since it was called last.
func (s *hecAcked) unconfirmed() (int, error) {
	s.collect()
	for len(s.pending) > 0 && s.pending[0].acked {
		s.pending = s.pending[1:]
	}
	if len(s.pending) == 0 {
		return 0, nil
	}
	now := time.Now()
	if limit := s.limit << min(s.late, 4); now.Sub(s.pending[0].sent) > limit {
		err := fmt.Errorf("cannot send to %q: what it took was not indexed within %v", redact(s.client.address), limit)
		if s.last != nil {
			err = fmt.Errorf("%w: %w", err, s.last)
		}
		s.forget()
		s.late++ // an indexer that is down should not find all of it there many times
		return 0, err
	}
	if s.poll == nil && now.Sub(s.polled) >= s.every {
		s.ask()
	}
	open := 0
	for _, p := range s.pending {
		open += p.n
	}
	return open, nil
}

// ask starts a question for all that is open.
func (s *hecAcked) ask() {
	var ids []int64
	for _, p := range s.pending {
		if !p.acked {
			ids = append(ids, p.id)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &ackPoll{cancel: cancel, done: make(chan struct{})}
	s.poll = p
	channel := s.channel
	go func() {
		defer close(p.done)
		p.acks, p.err = s.indexed(ctx, channel, ids)
	}()
}

func (s *hec) indexed(ctx context.Context, channel string, ids []int64) (map[string]bool, error) {
	body, err := json.Marshal(map[string][]int64{"acks": ids})
	if err != nil {
		return nil, err
	}
	got, err := s.client.post(ctx, hecProbe, http.Header{"X-Splunk-Request-Channel": {channel}}, body)
	if err != nil {
		return nil, err
	}
	var a struct {
		Acks map[string]bool `json:"acks"`
	}
	if err := json.Unmarshal(got.body, &a); err != nil || a.Acks == nil {
		return nil, errors.New("cannot read which events were indexed: the answer is none of Splunk's")
	}
	return a.Acks, nil
}

// collect takes the answer to a question, if it has come.
func (s *hecAcked) collect() {
	if s.poll == nil {
		return
	}
	select {
	case <-s.poll.done:
	default:
		return
	}
	p := s.poll
	p.cancel()
	s.poll, s.polled, s.last = nil, time.Now(), p.err
	for i := range s.pending {
		if b := &s.pending[i]; !b.acked {
			b.acked = p.acks[strconv.FormatInt(b.id, 10)]
		}
		if s.pending[i].acked {
			s.late = 0
		}
	}
}

// forget begins anew: what was not indexed will come again.
func (s *hecAcked) forget() {
	s.stop()
	s.channel, s.pending, s.last = "", nil, nil
}

func (s *hecAcked) stop() {
	if s.poll == nil {
		return
	}
	s.poll.cancel()
	<-s.poll.done
	s.poll = nil
}

// Close closes the connection. What was not indexed is the outlet's to send again.
func (s *hecAcked) Close() error {
	s.stop()
	return s.client.close()
}

// guid is a random version 4 UUID (RFC 9562, 5.4), which is what a channel is.
func guid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
