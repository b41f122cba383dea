package learn

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"stigwatch/agent/finding"
	"stigwatch/agent/mapping"
)

// Read reads what a person says is set.
func (f Fact) Read(text string) (any, error) {
	text = fold(text)
	if text == "" {
		return nil, fmt.Errorf("cannot learn %q from no value: set one, and write it as the page shows it", f.Name)
	}
	switch f.Type.Kind {
	case finding.Integer:
		n, ok := f.number(text)
		if !ok {
			return nil, fmt.Errorf("cannot take %q for %q: it is a whole number%s", text, f.Name, f.inUnit())
		}
		return n, nil
	case finding.Boolean:
		on, ok := onOff(text)
		if !ok {
			return nil, fmt.Errorf("cannot take %q for %q: write on or off", text, f.Name)
		}
		return on, nil
	case finding.Strings:
		return list(text), nil
	case finding.String:
		return text, nil
	}
	return nil, fmt.Errorf("cannot learn %q: it is made of records, and only single values and lists of text are learned; write its entry by hand", f.Name)
}

// list reads entries with commas between them, in no particular order.
func list(text string) []string {
	var out []string
	for _, one := range strings.Split(text, ",") {
		if one = strings.TrimSpace(one); one != "" {
			out = append(out, one)
		}
	}
	slices.Sort(out)
	return out
}

// units are those that a place may have; "" is the fact's own.
func (f Fact) units() []string {
	switch own := f.unit(); own {
	case mapping.Minutes:
		return []string{"", mapping.Seconds}
	case mapping.Seconds:
		return []string{"", mapping.Minutes}
	}
	return []string{""}
}

func (f Fact) unit() string {
	for _, unit := range []string{mapping.Minutes, mapping.Seconds} {
		if strings.HasSuffix(f.Name, "_"+unit) {
			return unit
		}
	}
	return ""
}

func (f Fact) inUnit() string {
	if unit := f.unit(); unit != "" {
		return " of " + unit
	}
	return ""
}

// fits tells whether what stands at a place says what was set, read as package
// facts reads it.
func (f Fact) fits(unit string, texts []string, set any) bool {
	if want, ok := set.([]string); ok {
		return slices.Equal(slices.Sorted(slices.Values(texts)), want)
	}
	if len(texts) != 1 {
		return false
	}
	switch want := set.(type) {
	case int64:
		n, ok := f.number(strings.TrimSpace(texts[0]))
		return ok && n*seconds(unit) == want*f.scale(unit)
	case bool:
		on, ok := onOff(strings.TrimSpace(texts[0]))
		return ok && on == want
	case string:
		return fold(texts[0]) == want
	}
	return false
}

// scale is the fact's unit in seconds, where the place has one of its own.
func (f Fact) scale(unit string) int64 {
	if unit == "" {
		return 1
	}
	return seconds(f.unit())
}

func seconds(unit string) int64 {
	if unit == mapping.Minutes {
		return 60
	}
	return 1
}

// number reads "never" as 0 where package facts does.
func (f Fact) number(text string) (int64, bool) {
	if text == "never" && f.unit() == mapping.Seconds {
		return 0, true
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return n, err == nil
}

func onOff(text string) (on, ok bool) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1", "enable", "enabled":
		return true, true
	case "false", "no", "off", "0", "disable", "disabled":
		return false, true
	}
	return false, false
}

// order compares numbers and switches; text that is no number has none.
func order(a, b any) int {
	switch a := a.(type) {
	case int64:
		return cmp.Compare(a, b.(int64))
	case bool:
		return bit(a) - bit(b.(bool))
	case string:
		n, err := strconv.ParseInt(a, 10, 64)
		m, err2 := strconv.ParseInt(b.(string), 10, 64)
		if err == nil && err2 == nil {
			return cmp.Compare(n, m)
		}
	}
	return 0
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// fold makes one line of a text: pages and files break lines differently.
func fold(s string) string { return strings.Join(strings.Fields(s), " ") }
