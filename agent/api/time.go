package api

import (
	"encoding/json"
	"fmt"
	"time"
)

// Time is an instant in JSON: RFC 3339 in UTC with "Z", the zero time "". It
// has no fractions of a second: jq's fromdateiso8601 and others refuse them.
type Time struct{ time.Time }

// At returns t as it will be read back from JSON.
func At(t time.Time) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{t.UTC().Truncate(time.Second)}
}

// String returns the text that stands in JSON.
func (t Time) String() string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(`"` + t.String() + `"`), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("cannot read the time %q: %w", b, err)
	}
	if s == "" {
		*t = Time{}
		return nil
	}
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return fmt.Errorf("cannot read the time %q: %w", s, err)
	}
	*t = At(v)
	return nil
}
