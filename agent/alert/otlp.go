package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

const (
	otlpPath = "/v1/logs"
	otlpType = "application/x-protobuf"
)

// otlpKind sends logs to an OpenTelemetry Collector, by OTLP over HTTP with
// binary protobuf (OTLP specification, "Binary Protobuf Encoding").
var otlpKind = kind{
	keys: slices.Concat(httpKeys, []string{"token_file", "headers"}),
	check: func(c *Config, wrong Wrong) {
		checkHTTP(c, otlpPath, wrong)
		checkHeaders(c.Headers, wrong)
	},
	open: newOTLP,
}

// otlp sends a batch in a request. The request is LogsData and not
// ExportLogsServiceRequest, whose package brings all of gRPC along: on the wire
// both are the same, one repeated field.
type otlp struct {
	client  *httpClient
	version string
}

func newOTLP(o Options) (Sink, error) {
	o.Address = strings.TrimRight(o.Address, "/")
	client, err := newHTTPClient(o, "Bearer")
	return &otlp{client: client, version: o.Version}, err
}

// Send posts a batch of log records. They are done when the receiver took them.
func (s *otlp) Send(ctx context.Context, batch []*Message) (int, error) {
	return halves(batch, func(batch []*Message) (int, error) { return s.send(ctx, batch) })
}

// Close closes the connection.
func (s *otlp) Close() error { return s.client.close() }

func (s *otlp) send(ctx context.Context, batch []*Message) (int, error) {
	body, err := proto.Marshal(&logspb.LogsData{ResourceLogs: resourceLogs(batch, s.version)})
	if err != nil {
		return 0, fmt.Errorf("%w: cannot write message %d as OTLP: %w", ErrRejected, batch[0].Seq, err)
	}
	got, err := s.client.post(ctx, otlpPath, http.Header{"Content-Type": {otlpType}}, body)
	if err != nil {
		return 0, orRejected(err)
	}
	lost, why, err := partialSuccess(got)
	if err != nil {
		return 0, fmt.Errorf("cannot send to %q: %w", redact(s.client.address), err)
	}
	if lost <= 0 {
		return len(batch), nil
	}
	// Which records those are it does not say, and the request must not be sent
	// again ("Partial Success"): what can be told is how many.
	n := int(min(lost, int64(len(batch))))
	return len(batch) - n, &rejection{n: n, err: fmt.Errorf("%w: the receiver took %d of %d records: %s",
		ErrRejected, len(batch)-n, len(batch), shownText(why))}
}

// partialSuccess reads an ExportLogsServiceResponse: how many records were
// rejected and why. Some receivers answer in JSON what was asked in protobuf.
func partialSuccess(a *answer) (lost int64, why string, err error) {
	if len(bytes.TrimSpace(a.body)) == 0 {
		return 0, "", nil
	}
	kind, _, _ := mime.ParseMediaType(a.kind)
	switch kind {
	case otlpType:
		return protoPartial(a.body)
	case "application/json":
		return jsonPartial(a.body)
	}
	return 0, "", fmt.Errorf("what answered, with %q, is no OTLP receiver", clean(a.kind))
}

var errNotOTLP = errors.New("what answered is no OTLP receiver")

// protoPartial reads field 1 of the response, and of that 1 and 2.
func protoPartial(b []byte) (lost int64, why string, err error) {
	err = fields(b, func(n protowire.Number, _ uint64, partial []byte) error {
		if n != 1 {
			return nil
		}
		return fields(partial, func(n protowire.Number, v uint64, text []byte) error {
			switch n {
			case 1:
				lost = int64(v)
			case 2:
				why = string(text)
			}
			return nil
		})
	})
	return lost, why, err
}

// fields goes through the fields of a message; v is a varint's value, b that of
// bytes.
func fields(message []byte, each func(n protowire.Number, v uint64, b []byte) error) error {
	for len(message) > 0 {
		n, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return errNotOTLP
		}
		message = message[size:]
		var v uint64
		var b []byte
		switch kind {
		case protowire.VarintType:
			v, size = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			b, size = protowire.ConsumeBytes(message)
		default:
			size = protowire.ConsumeFieldValue(n, kind, message)
		}
		if size < 0 {
			return errNotOTLP
		}
		message = message[size:]
		if err := each(n, v, b); err != nil {
			return err
		}
	}
	return nil
}

func jsonPartial(b []byte) (lost int64, why string, err error) {
	var a struct {
		Partial struct {
			Rejected json.RawMessage `json:"rejectedLogRecords"` // a number, or as protobuf's JSON has 64 bits: a string
			Message  string          `json:"errorMessage"`
		} `json:"partialSuccess"`
	}
	if err := json.Unmarshal(b, &a); err != nil {
		return 0, "", errNotOTLP
	}
	if text := strings.Trim(string(a.Partial.Rejected), `"`); text != "" && text != "null" {
		if lost, err = strconv.ParseInt(text, 10, 64); err != nil {
			return 0, "", errNotOTLP
		}
	}
	return lost, a.Partial.Message, nil
}
