package alert

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	"google.golang.org/protobuf/proto"
)

const whsec = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// protocols are receivers for every sink over HTTP, whose token is "hunter2".
func protocols(t *testing.T) map[string]protocol {
	token := func() string { return secretIn(t, filepath.Join(t.TempDir(), "token"), "hunter2") }
	no := false
	return map[string]protocol{
		"webhook": {
			config: Config{Type: "webhook", TokenFile: token(), SecretFile: secretIn(t, filepath.Join(t.TempDir(), "s"), whsec)},
			token:  "Bearer hunter2", ids: webhookIDs, answer: func(w http.ResponseWriter, _ []string) { w.WriteHeader(http.StatusAccepted) },
		},
		"hec": {
			config: Config{Type: "hec", TokenFile: token(), Acks: &no}, token: "Splunk hunter2", ids: hecIDs,
			answer: func(w http.ResponseWriter, _ []string) { _, _ = io.WriteString(w, `{"text":"Success","code":0}`) },
		},
		"elastic": {
			config: Config{Type: "elastic", TokenFile: token()}, token: "ApiKey hunter2", ids: elasticIDs, answer: newBulk().answer,
		},
		"otlp": {
			config: Config{Type: "otlp", TokenFile: token()}, token: "Bearer hunter2", ids: otlpIDs, answer: otlpAnswer(0, ""),
		},
	}
}

func webhookIDs(body []byte) ([]string, error) {
	var m Message
	err := json.Unmarshal(body, &m)
	return []string{m.ID}, err
}

// splunkEvent is one event as a test reads it.
type splunkEvent struct {
	Time       json.Number `json:"time"`
	Host       string      `json:"host"`
	Source     string      `json:"source"`
	SourceType string      `json:"sourcetype"`
	Index      string      `json:"index"`
	Event      Message     `json:"event"`
}

func splunkEvents(body []byte) (all []splunkEvent, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	for {
		var e splunkEvent
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
}

func hecIDs(body []byte) (ids []string, err error) {
	if bytes.HasPrefix(body, []byte(`{"acks"`)) {
		return nil, nil
	}
	events, err := splunkEvents(body)
	for _, e := range events {
		ids = append(ids, e.Event.ID)
	}
	return ids, err
}

// bulk is an index that knows its documents' ids.
type bulk struct {
	have map[string]bool
	fail map[string]string // the item of a document that fails, by id
}

func newBulk() *bulk { return &bulk{have: map[string]bool{}, fail: map[string]string{}} }

func (b *bulk) answer(w http.ResponseWriter, ids []string) {
	var items []string
	bad := false
	for _, id := range ids {
		item := `{"create":{"status":201}}`
		switch {
		case b.fail[id] != "":
			item, bad = b.fail[id], true
		case b.have[id]:
			item, bad = `{"create":{"status":409,"error":{"type":"version_conflict_engine_exception","reason":"document already exists"}}}`, true
		default:
			b.have[id] = true
		}
		items = append(items, item)
	}
	fmt.Fprintf(w, `{"errors":%t,"items":[%s]}`, bad, strings.Join(items, ","))
}

func elasticIDs(body []byte) (ids []string, err error) {
	lines := bufio.NewScanner(bytes.NewReader(body))
	for n := 0; lines.Scan(); n++ {
		if n%2 == 1 {
			if !json.Valid(lines.Bytes()) {
				return nil, errors.New("a document is no JSON")
			}
			continue
		}
		var action struct {
			Create struct {
				ID string `json:"_id"`
			} `json:"create"`
		}
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&action); err != nil {
			return nil, err
		}
		ids = append(ids, action.Create.ID)
	}
	return ids, lines.Err()
}

// otlpRequest reads a request with the official type.
func otlpRequest(body []byte) (*collectorpb.ExportLogsServiceRequest, error) {
	r := &collectorpb.ExportLogsServiceRequest{}
	return r, proto.Unmarshal(body, r)
}

func otlpIDs(body []byte) (ids []string, err error) {
	r, err := otlpRequest(body)
	for _, resource := range r.GetResourceLogs() {
		for _, scope := range resource.ScopeLogs {
			for _, record := range scope.LogRecords {
				for _, a := range record.Attributes {
					if a.Key == "stigwatch.id" {
						ids = append(ids, a.Value.GetStringValue())
					}
				}
			}
		}
	}
	return ids, err
}

// otlpAnswer is a response of the official type.
func otlpAnswer(rejected int64, why string) func(w http.ResponseWriter, ids []string) {
	return func(w http.ResponseWriter, _ []string) {
		r := &collectorpb.ExportLogsServiceResponse{}
		if rejected != 0 || why != "" {
			r.PartialSuccess = &collectorpb.ExportLogsPartialSuccess{RejectedLogRecords: rejected, ErrorMessage: why}
		}
		b, err := proto.Marshal(r)
		if err != nil {
			panic(err)
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(b)
	}
}
