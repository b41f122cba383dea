package status_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/api"
	"stigwatch/agent/status"
)

func refusedWith(err error) int {
	var refused *api.Refused
	if errors.As(err, &refused) {
		return refused.Code
	}
	return 0
}

// A test may take longer than any other answer.
func TestSelfTestIsWaitedFor(t *testing.T) {
	socket := tempSocket(t)
	want := &api.SelfTest{
		At: api.At(time.Unix(1, 0)), Steps: []api.SelfTestStep{{Name: "written", Micros: 9, Error: "no"}},
		Sinks: []api.SelfTestSink{{Name: "siem", Type: "syslog", How: "written", OK: true}},
	}
	start(t, status.Options{
		Socket: socket, Snapshot: publish(1).Load, Timeout: 50 * time.Millisecond,
		SelfTest: func(ctx context.Context) (*api.SelfTest, error) {
			select {
			case <-time.After(200 * time.Millisecond): // longer than Timeout
				return want, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
	})
	got, err := dial(t, socket).SelfTest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if answer := ask(t, socket, "GET /v1/selftest HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); !strings.Contains(answer, " 404 ") && !strings.Contains(answer, " 405 ") {
		t.Errorf("a test is made by asking for it: %s", answer)
	}
}

func TestSelfTestIsRefusedWhenThereIsNone(t *testing.T) {
	failing := func(context.Context) (*api.SelfTest, error) { return nil, errors.New("it ends") }
	for name, c := range map[string]struct {
		o    status.Options
		want int
	}{
		"not offered":          {status.Options{Snapshot: publish(1).Load}, http.StatusNotImplemented},
		"before the first one": {status.Options{SelfTest: failing}, http.StatusServiceUnavailable},
		"at the end":           {status.Options{Snapshot: publish(1).Load, SelfTest: failing}, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.Socket = tempSocket(t)
			start(t, c.o)
			if _, err := dial(t, c.o.Socket).SelfTest(t.Context()); refusedWith(err) != c.want {
				t.Errorf("%v", err)
			}
		})
	}
}
