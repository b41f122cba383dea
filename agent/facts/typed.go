package facts

import (
	"fmt"
	"strconv"
	"strings"

	"stigwatch/agent/finding"
	"stigwatch/agent/lens"
	"stigwatch/agent/mapping"
)

// typed gives the values the fact's type, or says what does not fit. In Rego
// "8" < 15 is simply false, so nothing untyped may get there.
func (r *Reader) typed(name string, src *mapping.Source, values []lens.Value) (any, error) {
	t := r.o.Schema[name]
	switch t.Kind {
	case finding.Strings:
		list := make([]any, len(values))
		for i := range values {
			list[i] = values[i].Text
		}
		return list, nil
	case finding.Records:
		list := make([]any, len(values))
		for i := range values {
			rec, err := record(t.Fields, values[i].Fields)
			if err != nil {
				return nil, at(&values[i], err)
			}
			list[i] = rec
		}
		return list, nil
	case finding.Record:
		if values[0].DER != nil {
			return r.certificate(values)
		}
		rec, err := record(t.Fields, values[0].Fields)
		return rec, at(&values[0], err)
	}
	if len(values) > 1 {
		return nil, at(&values[1], fmt.Errorf("it is set %d times and only one value is meant to be", len(values)))
	}
	v, err := scalar(t.Kind, values[0].Text, name, src.Unit)
	return v, at(&values[0], err)
}

// at puts the place of a value on an error about it.
func at(v *lens.Value, err error) error {
	if err == nil {
		return nil
	}
	return &lens.SyntaxError{File: v.File, Line: v.Line, Msg: err.Error()}
}

func record(fields map[string]finding.Kind, got map[string]string) (map[string]any, error) {
	rec := make(map[string]any, len(got))
	for name, text := range got {
		kind, ok := fields[name]
		if !ok {
			return nil, fmt.Errorf("the fact has no field %q", name)
		}
		v, err := scalar(kind, text, "", "")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		rec[name] = v
	}
	return rec, nil
}

func scalar(kind finding.Kind, text, name, unit string) (any, error) {
	switch kind {
	case finding.Integer:
		return integer(strings.TrimSpace(text), name, unit)
	case finding.Boolean:
		return boolean(strings.TrimSpace(text))
	}
	return text, nil
}

// integer reads a whole number and converts the source's unit to the one in the
// fact's name. Seconds become minutes rounded up, so that a time-out is never
// made to look shorter than it is. "never" is 0, as pam_faillock has it.
func integer(text, name, unit string) (any, error) {
	if strings.HasSuffix(name, "_seconds") && text == "never" {
		return int64(0), nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("%q is not a whole number", short(text))
	}
	switch {
	case unit == "seconds" && strings.HasSuffix(name, "_minutes"):
		return (n + 59) / 60, nil
	case unit == "minutes" && strings.HasSuffix(name, "_seconds"):
		return n * 60, nil
	}
	return n, nil
}

func boolean(text string) (any, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1", "enable", "enabled":
		return true, nil
	case "false", "no", "off", "0", "disable", "disabled":
		return false, nil
	}
	return nil, fmt.Errorf("%q is neither on nor off", short(text))
}

func short(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
