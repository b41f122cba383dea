package alert

import (
	"slices"
	"strconv"
	"strings"
)

// leefFormat writes messages in the Log Event Extended Format, version 2.0: IBM's
// "QRadar Log Event Extended Format (LEEF)". LEEF knows no escapes: attributes are
// separated by tabs, which clean texts do not have, and in the header | becomes ¦
// and \ becomes /, because some receivers take a backslash there for an escape; an
// attribute has the same value whole. Attributes without a value are left out.
//
// QRadar finds out what an event is by its EventID with its cat: the rule, or the
// agent's condition, with what happened.
type leefFormat struct {
	facility uint8
	version  string
}

const (
	leefSeparator = "\t"
	leefDelimiter = "x09" // as the header names it

	// The two spell a time with what SimpleDateFormat of Java makes of it.
	leefTime       = "2006-01-02T15:04:05.000-0700"
	leefTimeFormat = "yyyy-MM-dd'T'HH:mm:ss.SSSZ"
)

var leefHeader = strings.NewReplacer("|", "¦", `\`, "/")

func (f leefFormat) bytes(m *Message) ([]byte, error) {
	m = m.cleaned()
	var b strings.Builder
	b.WriteString(header3164(f.facility, m) + "LEEF:2.0")
	for _, s := range []string{product, product, f.version, m.subject(), leefDelimiter} {
		b.WriteString("|" + leefHeader.Replace(s))
	}
	b.WriteByte('|')
	for i, a := range leefAttributes(m) {
		if i > 0 {
			b.WriteString(leefSeparator)
		}
		b.WriteString(a.key + "=" + a.value)
	}
	return []byte(b.String()), nil
}

// leefAttributes are those that the guide predefines (table "Pre-defined LEEF
// event attributes"), then all details under their own names.
func leefAttributes(m *Message) []field {
	a := []field{
		{"devTime", m.Time.UTC().Format(leefTime)}, {"devTimeFormat", leefTimeFormat}, {"sev", strconv.Itoa(m.rank())},
		{"cat", string(m.Event)}, {"identHostName", m.Host}, {"msg", m.Text}, {"id", m.ID}, {"seq", strconv.FormatUint(m.Seq, 10)},
	}
	for _, d := range m.details() {
		switch {
		case d.key == "whoLogin":
			d.key = "usrName"
		case d.key == "whoRemote" && isAddress(d.value):
			d.key = "src"
		}
		a = append(a, d)
	}
	return slices.DeleteFunc(a, func(f field) bool { return f.value == "" })
}
