package alert

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// jsonFormat writes a message as one line of JSON, with the names and in the
// order of Message. Those of a heartbeat and of who did it are left out where
// there is nothing; all others are always there.
type jsonFormat struct{}

func (jsonFormat) bytes(m *Message) ([]byte, error) { return jsonLine(m.Seq, m.cleaned()) }

// jsonLine writes v without the escapes that only HTML needs.
func jsonLine(seq uint64, v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("%w: cannot write message %d as JSON: %w", ErrRejected, seq, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
