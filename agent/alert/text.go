package alert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"stigwatch/agent/finding"
)

// changeText says in one line what happened to which rule, why, and where, like
// "V-250989 opened (CAT II): minimum length is 8 (/etc/security/pwquality.conf:3)".
func changeText(m *Message, title string, state finding.State) string {
	var b strings.Builder
	b.WriteString(m.Rule + " " + string(m.Event))
	if cat := m.Severity.CAT(); cat > 0 {
		b.WriteString(" (CAT " + strings.Repeat("I", cat))
		if m.Waived {
			b.WriteString(", waived")
		}
		b.WriteString(")")
	}
	if why := explanation(m, title); why != "" {
		b.WriteString(": " + why)
	}
	if where := place(m, state); where != "" {
		b.WriteString(" (" + where + ")")
	}
	return b.String()
}

// explanation is the reason, or for a rule that is in order what it demands: its
// title says that as a fact.
func explanation(m *Message, title string) string {
	switch {
	case m.Reason != "" && m.Result == finding.NotApplicable:
		return "not applicable, " + m.Reason
	case m.Reason != "":
		return m.Reason
	case m.Result == finding.Pass && title != "":
		return title
	}
	return string(m.Result)
}

// place is file and line, and says so when the setting is not there.
func place(m *Message, state finding.State) string {
	if m.File == "" {
		return ""
	}
	where := m.File
	if m.Line > 0 {
		where += ":" + strconv.Itoa(m.Line)
	}
	if state == finding.Absent && !strings.Contains(m.Reason, "not set") {
		return "not set in " + where
	}
	return where
}

// actual renders a fact's value: a string as it is, anything else as compact
// JSON, nothing as nothing.
func actual(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return clean(v)
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return clean(fmt.Sprint(v)) // not a value that facts have
	}
	return clean(strings.TrimSuffix(b.String(), "\n"))
}
