package alert

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// splunk is a collector whose token acknowledges. It follows the answers that
// Splunk publishes ("Troubleshoot HTTP Event Collector", "About HTTP Event
// Collector Indexer Acknowledgment").
type splunk struct {
	mu      sync.Mutex // guards all below
	got     []string   // ids of the events taken
	indexed bool       // whether events are
	open    map[string]map[string]bool
	next    int
	invalid string // the id of an event that is wrong
	asked   int
	noID    bool // an answer that blames an event names no acknowledgement
}

func (s *splunk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	channel := r.Header.Get("X-Splunk-Request-Channel")
	switch {
	case r.Header.Get("Authorization") == "":
		say(w, 401, `{"text":"Token is required","code":2}`)
	case r.Header.Get("Authorization") != "Splunk hunter2":
		say(w, 403, `{"text":"Invalid token","code":4}`)
	case channel == "":
		say(w, 400, `{"text":"Data channel is missing","code":10}`)
	case !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(channel):
		say(w, 400, `{"text":"Invalid data channel","code":11}`)
	case r.URL.Path == "/services/collector/ack":
		s.acks(w, channel, body)
	case r.URL.Path == "/services/collector/event":
		s.events(w, channel, body)
	default:
		say(w, 404, `{"text":"The requested URL was not found on this server.","code":404}`)
	}
}

func say(w http.ResponseWriter, code int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, body)
}

func (s *splunk) events(w http.ResponseWriter, channel string, body []byte) {
	events, err := splunkEvents(body)
	if err != nil || len(events) == 0 {
		say(w, 400, `{"text":"Invalid data format","code":6,"invalid-event-number":0}`)
		return
	}
	for i, e := range events {
		if e.Event.ID != s.invalid {
			s.got = append(s.got, e.Event.ID)
			continue
		}
		answer := fmt.Sprintf(`{"text":"Event field cannot be blank","code":13,"invalid-event-number":%d`, i)
		if i > 0 && !s.noID {
			answer += fmt.Sprintf(`,"ackId":%d`, s.number(channel))
		}
		say(w, 400, answer+"}")
		return
	}
	say(w, 200, fmt.Sprintf(`{"text":"Success","code":0,"ackId":%d}`, s.number(channel)))
}

func (s *splunk) number(channel string) int {
	if s.open == nil {
		s.open = map[string]map[string]bool{}
	}
	if s.open[channel] == nil {
		s.open[channel] = map[string]bool{}
	}
	s.open[channel][strconv.Itoa(s.next)] = true
	s.next++
	return s.next - 1
}

// acks says true once, as Splunk does, and false for a number that it forgot.
func (s *splunk) acks(w http.ResponseWriter, channel string, body []byte) {
	var q struct{ Acks []int }
	if err := json.Unmarshal(body, &q); err != nil {
		say(w, 400, `{"text":"Invalid data format","code":6}`)
		return
	}
	s.asked++
	answer := map[string]bool{}
	for _, n := range q.Acks {
		id := strconv.Itoa(n)
		answer[id] = s.indexed && s.open[channel][id]
		if answer[id] {
			delete(s.open[channel], id)
		}
	}
	b, _ := json.Marshal(map[string]any{"acks": answer})
	say(w, 200, string(b))
}

func (s *splunk) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func (s *splunk) index(yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.indexed = yes
}

// collector starts a Splunk and a sink for it.
func collector(t *testing.T, s *splunk, acks *bool) (*hecAcked, *web) {
	t.Helper()
	p := protocols(t)["hec"]
	p.config.Acks = acks
	rx, c := receiverOf(t, p)
	rx.handler = s
	sink := openSink(t, c).(*hecAcked)
	sink.every = time.Millisecond
	return sink, rx
}

func TestHECBringsEveryField(t *testing.T) {
	rx, c := receiverOf(t, protocols(t)["hec"])
	c.Index, c.SourceType = "security", "stig:alert"
	sent := whole()
	must(t, send(t.Context(), openSink(t, c), sent))
	got := rx.all()[0]
	var e splunkEvent
	strictly(t, got.body, &e)
	sent.Sinks = nil // who gets it is nobody else's matter
	want := splunkEvent{
		Time: "3981315723.456789", Host: "sentry1", Source: "stigwatch", SourceType: "stig:alert", Index: "security", Event: *sent,
	}
	if d := cmp.Diff(want, e); d != "" {
		t.Error(d)
	}
	if got.path != "/services/collector/event" || got.header.Get("Authorization") != "Splunk hunter2" || got.header.Get("Content-Type") != "application/json" {
		t.Error(got.path, got.header)
	}
}

func TestHECIsDoneWhenIndexed(t *testing.T) {
	for _, demanded := range []bool{true, false} {
		s := &splunk{}
		acks := &demanded
		if !demanded {
			acks = nil
		}
		sink, _ := collector(t, s, acks)
		o, ids, stop := deliver(t, sink, 30)
		eventually(t, func() bool { return len(s.taken()) == 30 })
		eventually(t, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.asked > 1 })
		if got := o.spool.Cursor("siem"); got != 0 {
			t.Errorf("done up to %d before anything was indexed", got)
		}
		s.index(true)
		eventually(t, func() bool { return o.spool.Cursor("siem") == 30 })
		must(t, stop())
		if d := cmp.Diff(ids, s.taken()); d != "" {
			t.Error(d)
		}
	}
}

func TestHECSendsAgainWhatIsNotIndexed(t *testing.T) {
	s := &splunk{}
	sink, _ := collector(t, s, nil)
	sink.limit = 50 * time.Millisecond
	o, ids, stop := deliver(t, sink, 5)
	eventually(t, func() bool { return len(s.taken()) >= 10 }) // as after a crash of the indexer
	s.index(true)
	eventually(t, func() bool { return o.spool.Cursor("siem") == 5 })
	must(t, stop())
	if d := cmp.Diff(ids, unique(s.taken())); d != "" {
		t.Error(d)
	}
}

func TestHECGoesPastTheEventThatIsWrong(t *testing.T) {
	for _, noID := range []bool{false, true} {
		for _, at := range []int{0, 3, 7} {
			s := &splunk{indexed: true, noID: noID}
			yes := true
			sink, _ := collector(t, s, &yes)
			all, ids := withIDs(8)
			s.invalid = ids[at]
			o := outletOf(sink, OutletOptions{Config: Config{Name: "siem"}})
			for _, m := range all {
				offerOne(o, m)
			}
			stop := running(t, o)
			eventually(t, func() bool { return o.spool.Cursor("siem") >= 7 && o.Stats().Dropped == 1 })
			_ = stop() // the wrong one may be left over when it was the last, to be refused again
			want := slices.Delete(slices.Clone(ids), at, at+1)
			if d := cmp.Diff(want, unique(s.taken())); d != "" {
				t.Errorf("%d: %s", at, d)
			}
		}
	}
}

func TestHECAnswersThatAreNotTheMessagesFault(t *testing.T) {
	for code, status := range map[string]int{
		`{"text":"Token disabled","code":1}`: 403, `{"text":"Invalid token","code":4}`: 403, `{"text":"Incorrect index","code":7}`: 400,
		`{"text":"Internal server error","code":8}`: 500, `{"text":"Server is busy","code":9}`: 503, `{"text":"Data channel is missing","code":10}`: 400,
		`{"text":"Server is shutting down","code":23}`: 503, "<html>a proxy's own words": 400,
	} {
		p := protocols(t)["hec"]
		rx, c := receiverOf(t, p)
		rx.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { say(w, status, code) })
		err := send(t.Context(), openSink(t, c), numbered(1))
		if err == nil || errors.Is(err, ErrRejected) || !strings.Contains(err.Error(), strconv.Itoa(status)) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestHECWithoutAcknowledgement(t *testing.T) {
	yes := true
	var paths []string
	disabled := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		if r.URL.Path == "/services/collector/ack" {
			say(w, 400, `{"text":"ACK is disabled","code":14}`)
			return
		}
		say(w, 200, `{"text":"Success","code":0}`)
	})
	for _, demanded := range []*bool{&yes, nil} {
		paths = nil
		sink, rx := collector(t, &splunk{}, demanded)
		rx.handler = disabled
		done, err := sink.Send(t.Context(), []*Message{numbered(1)})
		if demanded != nil {
			if done != 0 || err == nil || errors.Is(err, ErrRejected) || !strings.Contains(err.Error(), "ACK is disabled") || len(paths) != 1 {
				t.Error(done, err, paths)
			}
			continue
		}
		open, openErr := sink.unconfirmed()
		if done != 1 || err != nil || open != 0 || openErr != nil || len(paths) != 1 {
			t.Error(done, err, open, openErr, paths)
		}
	}
}

func TestHECClosesWhileItAsks(t *testing.T) {
	sink, rx := collector(t, &splunk{}, nil)
	must(t, send(t.Context(), sink, numbered(1)))
	rx.handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	if open, err := sink.unconfirmed(); open != 1 || err != nil {
		t.Error(open, err)
	}
	start := time.Now()
	must(t, sink.Close())
	if d := time.Since(start); d > answerTime/3 {
		t.Errorf("closing took %v", d)
	}
}
