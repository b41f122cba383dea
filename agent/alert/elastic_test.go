package alert

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestElasticBringsEveryField(t *testing.T) {
	rx, c := receiverOf(t, protocols(t)["elastic"])
	sent := whole()
	must(t, send(t.Context(), openSink(t, c), sent))
	got := rx.all()[0]
	lines := bytes.Split(got.body, []byte("\n"))
	if len(lines) != 3 || string(lines[0]) != `{"create":{"_id":"`+sent.ID+`"}}` || len(lines[2]) != 0 {
		t.Fatalf("%s", got.body)
	}
	want, err := ecsFormat{version: "1.2.3"}.bytes(sent) // which fields it has, the tests of formats see to
	must(t, err)
	if d := cmp.Diff(string(want), string(lines[1])); d != "" {
		t.Error(d)
	}
	if got.path != "/logs-stigwatch-default/_bulk" || got.header.Get("Content-Type") != "application/x-ndjson" {
		t.Error(got.path, got.header)
	}
}

func TestElasticTakesADuplicateForDone(t *testing.T) {
	rx, c := receiverOf(t, protocols(t)["elastic"])
	sink := openSink(t, c)
	all, ids := withIDs(4)
	for range 2 {
		if done, err := sink.Send(t.Context(), all); done != 4 || err != nil {
			t.Error(done, err)
		}
	}
	if d := cmp.Diff(append(ids, ids...), rx.allIDs()); d != "" {
		t.Error(d)
	}
}

func TestElasticDocumentsThatFail(t *testing.T) {
	tests := map[string]struct {
		item    string
		dropped bool
	}{
		"wrong document": {`{"create":{"status":400,"error":{"type":"document_parsing_exception","reason":"failed to parse field"}}}`, true},
		"before 8.8":     {`{"create":{"status":400,"error":{"type":"mapper_parsing_exception","reason":"failed to parse"}}}`, true},
		"busy":           {`{"create":{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"queue is full"}}}`, false},
		"no index":       {`{"create":{"status":404,"error":{"type":"index_not_found_exception","reason":"no such index"}}}`, false},
		"not allowed":    {`{"create":{"status":403,"error":{"type":"security_exception","reason":"unauthorized"}}}`, false},
		"misconfigured":  {`{"create":{"status":400,"error":{"type":"illegal_argument_exception","reason":"only op_type create"}}}`, false},
		"read only":      {`{"create":{"status":403,"error":{"type":"cluster_block_exception","reason":"disk usage"}}}`, false},
	}
	for name, tt := range tests {
		for _, at := range []int{0, 2} {
			b := newBulk()
			p := protocols(t)["elastic"]
			p.answer = b.answer
			_, c := receiverOf(t, p)
			all, ids := withIDs(4)
			b.fail[ids[at]] = tt.item
			sink := openSink(t, c)
			done, err := sink.Send(t.Context(), all)
			if done != at || err == nil || errors.Is(err, ErrRejected) != tt.dropped {
				t.Errorf("%s: %d %v", name, done, err)
			}
			rest := all[done:]
			if tt.dropped {
				rest = all[done+1:]
			}
			delete(b.fail, ids[at])
			if done, err := sink.Send(t.Context(), rest); done != len(rest) || err != nil {
				t.Errorf("%s: %d %v", name, done, err)
			}
		}
	}
}

func TestElasticWithUserAndPassword(t *testing.T) {
	p := protocols(t)["elastic"]
	p.config.PasswordFile, p.config.User, p.config.TokenFile = p.config.TokenFile, "elastic", ""
	p.token = "Basic ZWxhc3RpYzpodW50ZXIy"
	rx, c := receiverOf(t, p)
	sink := openSink(t, c)
	must(t, send(t.Context(), sink, numbered(1)))
	rx.mu.Lock()
	rx.right = "Basic other"
	rx.mu.Unlock()
	err := send(t.Context(), sink, numbered(2))
	if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "ZWxhc3RpYzpodW50ZXIy") {
		t.Error(err)
	}
}

func TestElasticDocumentIsOneLine(t *testing.T) {
	for _, value := range hostile {
		c := opened()
		c.Result.Reason = value
		m := FromChange(c, "sentry1", 1)
		b, err := ecsFormat{}.bytes(&m)
		must(t, err)
		if bytes.ContainsRune(b, '\n') || !json.Valid(b) {
			t.Errorf("%q", b)
		}
	}
}
