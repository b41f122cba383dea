package alert

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/leodido/go-syslog/v4/rfc5424"
)

const (
	appName = "stigwatch"

	// element names the structured data: 32473 is the enterprise number that
	// RFC 5612 reserves for examples, until there is one of our own.
	element = "stigwatch@32473"

	// countersElement holds what only some messages have: what a heartbeat counts.
	countersElement = "stigwatch-counters@32473"
)

// syslogFormat writes messages as RFC 5424 has them.
type syslogFormat struct {
	facility uint8
	procID   string
}

func newSyslogFormat(facilityName string) (syslogFormat, error) {
	f, err := facility(facilityName)
	return syslogFormat{facility: f, procID: strconv.Itoa(os.Getpid())}, err
}

// bytes formats one message. The library checks the header and escapes the
// structured data. The latter is handed over as a map and not by SetParameter,
// which expects values that are escaped already and silently empties any other.
func (f syslogFormat) bytes(m *Message) ([]byte, error) {
	line := rfc5424.SyslogMessage{Version: 1}
	line.SetPriority(f.facility<<3 | uint8(m.level()))
	line.SetHostname(m.Host).SetAppname(appName).SetProcID(f.procID).SetMsgID(string(m.Event))
	if !m.Time.IsZero() {
		t := instant(m.Time)
		line.Timestamp = &t
	}
	data := map[string]map[string]string{element: parameters(m)}
	if more := counted(m); more != nil {
		data[countersElement] = more
	}
	line.StructuredData = &data
	line.Message = text(m)
	s, err := line.String()
	if err != nil {
		return nil, fmt.Errorf("%w: cannot write message %d as RFC 5424: %w", ErrRejected, m.Seq, err)
	}
	return []byte(s), nil
}

// parameters are the same for every message, empty ones too, so that a receiver
// finds the same columns each time. The library writes them sorted by name.
func parameters(m *Message) map[string]string {
	return map[string]string{
		"seq":       strconv.FormatUint(m.Seq, 10),
		"id":        clean(m.ID),
		"event":     clean(string(m.Event)),
		"rule":      clean(m.Rule),
		"stigId":    clean(m.StigID),
		"severity":  clean(string(m.Severity)),
		"result":    clean(string(m.Result)),
		"reason":    clean(m.Reason),
		"assurance": clean(string(m.Assurance)),
		"previous":  clean(string(m.Previous)),
		"fact":      clean(m.Fact),
		"before":    clean(m.Before),
		"file":      clean(m.File),
		"line":      strconv.Itoa(m.Line),
		"expected":  clean(m.Expected),
		"actual":    clean(m.Actual),
		"code":      clean(m.Code),
		"announced": clean(m.Announced),
	}
}

// counted are the counters of a message and the journal's head; nil when it has
// neither.
func counted(m *Message) map[string]string {
	if len(m.Counters) == 0 && m.Head == "" {
		return nil
	}
	out := map[string]string{"head": clean(m.Head)}
	for name, n := range m.Counters {
		out[parameterName(name)] = strconv.FormatUint(n, 10)
	}
	return out
}

// parameterName makes of a name what RFC 5424 takes for one: SD-NAME, section 6.3.3.
func parameterName(name string) string {
	const most = 32
	name = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || r == '=' || r == ']' || r == '"' {
			return '_'
		}
		return r
	}, name)
	return cmp.Or(name[:min(len(name), most)], "_")
}

func text(m *Message) *string {
	s := clean(m.Text)
	return &s
}
