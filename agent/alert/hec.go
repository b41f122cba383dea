package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	hecPath  = "/services/collector/event"
	hecProbe = "/services/collector/ack"
)

// hecKind posts to Splunk's HTTP Event Collector, in batches.
var hecKind = kind{
	keys:    slices.Concat(httpKeys, []string{"token_file", "index", "sourcetype", "acks"}),
	formats: []string{"json"},
	fill: func(c *Config) {
		if c.SourceType == "" {
			c.SourceType = "stigwatch:alert"
		}
	},
	check: checkHEC,
	open:  newHEC,
}

var (
	splunkIndex = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]{0,127}$`)
	splunkType  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_:.-]{0,127}$`)
)

func checkHEC(c *Config, wrong Wrong) {
	checkHTTP(c, hecPath, wrong)
	if c.TokenFile == "" {
		wrong("token_file", "the key is missing: name the file that holds the collector's token")
	}
	if c.Index != "" && !splunkIndex.MatchString(c.Index) {
		wrong("index", "%q is not an index: lower-case letters, digits, dashes and underscores", c.Index)
	}
	if !splunkType.MatchString(c.SourceType) {
		wrong("sourcetype", "%q is not a source type: letters, digits, dots, dashes, colons and underscores", c.SourceType)
	}
}

// hec sends events. Without acknowledgement a message is done when Splunk took
// it in, which is before it is indexed.
type hec struct {
	client *httpClient
	index  string
	kind   string
	format formatter
}

func newHEC(o Options) (Sink, error) {
	o.Address = strings.TrimRight(o.Address, "/")
	client, err := newHTTPClient(o, "Splunk")
	s := hec{client: client, index: o.Index, kind: o.SourceType, format: jsonFormat{}}
	if err != nil || o.Acks != nil && !*o.Acks {
		return &s, err
	}
	return &hecAcked{hec: s, demanded: o.Acks != nil, limit: ackLimit, every: ackEvery}, nil
}

// Send posts a batch of events.
func (s *hec) Send(ctx context.Context, batch []*Message) (int, error) {
	return halves(batch, func(batch []*Message) (int, error) {
		done, _, err := s.post(ctx, batch, "")
		return done, err
	})
}

// Close closes the connection.
func (s *hec) Close() error { return s.client.close() }

// hecAnswer is what Splunk says to a request.
type hecAnswer struct {
	Text    string `json:"text"`
	Code    *int   `json:"code"`
	Invalid *int   `json:"invalid-event-number"` // the first event that is wrong; those before it were taken
	AckID   *int64 `json:"ackId"`                // of what was taken; absent without acknowledgement
}

// hecEvent is one event with its metadata.
type hecEvent struct {
	Time       json.Number     `json:"time"`
	Host       string          `json:"host"`
	Source     string          `json:"source"`
	SourceType string          `json:"sourcetype"`
	Index      string          `json:"index,omitempty"`
	Event      json.RawMessage `json:"event"`
}

// post sends a batch and gives how many events were taken.
func (s *hec) post(ctx context.Context, batch []*Message, channel string) (int, *hecAnswer, error) {
	body, err := s.events(batch)
	if err != nil {
		return 0, nil, err
	}
	a, err := s.call(ctx, hecPath, channel, body)
	if err == nil {
		return len(batch), a, nil
	}
	var r *refusal
	if !errors.As(err, &r) || r.status != http.StatusRequestEntityTooLarge && !a.blames() {
		return 0, a, err
	}
	err = fmt.Errorf("%w: %w", ErrRejected, err)
	if a.Invalid != nil && *a.Invalid > 0 && *a.Invalid < len(batch) {
		return *a.Invalid, a, err
	}
	if a.Invalid != nil && *a.Invalid == 0 {
		err = &rejection{n: 1, err: err} // known: no need to look for it
	}
	return 0, a, err
}

// blames tells that an event is wrong, and nothing that somebody can put right
// at the receiver: 6 invalid data format, 12 event field is required, 13 event
// field cannot be blank, 15 error in handling indexed fields.
func (a *hecAnswer) blames() bool {
	return a.Code != nil && slices.Contains([]int{6, 12, 13, 15}, *a.Code)
}

// call posts to one of the collector's paths. The answer is there, with what was
// understood of it, after an error too.
func (s *hec) call(ctx context.Context, path, channel string, body []byte) (*hecAnswer, error) {
	header := http.Header{"Content-Type": {"application/json"}}
	if channel != "" {
		header.Set("X-Splunk-Request-Channel", channel)
	}
	got, err := s.client.post(ctx, path, header, body)
	a := &hecAnswer{}
	var r *refusal
	if errors.As(err, &r) {
		_ = json.Unmarshal(r.body, a) // a proxy may have answered: then it says nothing
	}
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(got.body, a); err != nil || path == hecPath && a.Code == nil {
		return a, fmt.Errorf("cannot send to %q: what answered is no Splunk HTTP Event Collector", redact(s.client.address))
	}
	return a, nil
}

func (s *hec) events(batch []*Message) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i, m := range batch {
		event, err := s.format.bytes(m)
		if err == nil {
			err = e.Encode(hecEvent{
				Time: epoch(m.Time), Host: m.Host, Source: appName, SourceType: s.kind, Index: s.index, Event: event,
			})
		}
		if err != nil && i == 0 {
			return nil, err
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRejected, err) // halves finds which
		}
	}
	return b.Bytes(), nil
}

// epoch is a time as Splunk has it: seconds, here with microseconds.
func epoch(t time.Time) json.Number {
	us := t.UnixMicro()
	return json.Number(fmt.Sprintf("%d.%06d", us/1e6, us%1e6))
}
