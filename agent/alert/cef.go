package alert

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// cefFormat writes messages in the Common Event Format, version 0: "ArcSight
// Common Event Format (CEF) Implementation Standard", with the keys for event
// producers of its extension dictionary 0.1 and their lengths. What that has no
// key for goes into the custom strings and numbers with their labels, and what
// then remains into keys of our own that begin with the product's name, as its
// chapter on custom dictionary extensions asks. Times have milliseconds.
type cefFormat struct {
	facility uint8
	version  string
}

// cefKey is where the dictionary has room for a value, and for how many bytes.
type cefKey struct {
	key, label string
	size       int
}

// The sizes of the header's version and name, of most texts, and of custom strings.
const (
	cefVersionSize = 31
	cefNameSize    = 512
	cefTextSize    = 1023
	cefLongSize    = 4000
)

// cefKeys are the keys of a message's details. whoRemote is not here: its key
// depends on what it is.
var cefKeys = map[string]cefKey{
	"result":     {"outcome", "", 63},
	"reason":     {"reason", "", cefTextSize},
	"file":       {"filePath", "", cefTextSize},
	"line":       {"cn1", "line", 20},
	"expected":   {"cs1", "expected", cefLongSize},
	"actual":     {"cs2", "actual", cefLongSize},
	"before":     {"cs3", "before", cefLongSize},
	"fact":       {"cs4", "fact", cefLongSize},
	"assurance":  {"cs5", "assurance", cefLongSize},
	"stigId":     {"cs6", "stigId", cefLongSize},
	"previous":   {"flexString1", "previous", cefTextSize},
	"announced":  {"flexString2", "announced", cefTextSize},
	"whoLogin":   {"suser", "", cefTextSize},
	"whoPid":     {"spid", "", 20},
	"whoCommand": {"sproc", "", cefTextSize},
}

func (f cefFormat) bytes(m *Message) ([]byte, error) {
	m = m.cleaned()
	var b strings.Builder
	b.WriteString(header3164(f.facility, m) + "CEF:0")
	name := cut(cefName(m), cefNameSize)
	for _, s := range []string{product, product, cut(f.version, cefVersionSize), cut(m.subject(), cefTextSize), name, strconv.Itoa(m.rank())} {
		b.WriteString("|" + cefHeader.Replace(s))
	}
	b.WriteByte('|')
	for i, x := range f.extension(m, name) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(x.key + "=" + cefValue.Replace(x.value))
	}
	return []byte(b.String()), nil
}

// cefName says what happened in words that are the same each time.
func cefName(m *Message) string {
	switch {
	case m.Title != "":
		return m.Title
	case m.Rule != "":
		return product + " rule " + string(m.Event)
	}
	return product + " " + string(m.Event)
}

func (f cefFormat) extension(m *Message, name string) []field {
	x := []field{
		{"rt", strconv.FormatInt(m.Time.UnixMilli(), 10)}, {"dvchost", cut(m.Host, 100)}, {"externalId", cut(m.ID, 40)},
		{"cat", category(m)}, {"act", cut(string(m.Event), 63)}, {"msg", cut(m.Text, cefTextSize)},
		{"cn2", strconv.FormatUint(m.Seq, 10)}, {"cn2Label", "seq"},
	}
	for _, d := range m.details() {
		k, known := cefKeys[d.key]
		switch {
		case d.key == "rule", d.key == "title" && d.value == name, d.key == "code" && m.Rule == "": // in the header
		case d.key == "whoRemote":
			x = append(x, cefSource(d.value)...)
		case !known:
			x = append(x, field{product + strings.ToUpper(d.key[:1]) + d.key[1:], cut(d.value, cefLongSize)})
		default:
			x = append(x, field{k.key, cut(d.value, k.size)})
			if k.label != "" {
				x = append(x, field{k.key + "Label", k.label})
			}
		}
	}
	return slices.DeleteFunc(x, func(f field) bool { return f.value == "" })
}

// cefSource is where a login came from: src takes only IPv4.
func cefSource(remote string) []field {
	switch {
	case !isAddress(remote):
		return []field{{"shost", cut(remote, cefTextSize)}}
	case !strings.Contains(remote, ":"):
		return []field{{"src", remote}}
	}
	return []field{{"c6a2", remote}, {"c6a2Label", "Source IPv6 Address"}}
}

func category(m *Message) string {
	if m.Rule == "" {
		return "agent"
	}
	return "compliance"
}

// What the standard escapes in the header and in values. Line ends do not occur
// in clean texts.
var (
	cefHeader = strings.NewReplacer(`\`, `\\`, `|`, `\|`)
	cefValue  = strings.NewReplacer(`\`, `\\`, `=`, `\=`)
)

// cut bounds a clean text, in bytes.
func cut(s string, size int) string {
	if len(s) <= size {
		return s
	}
	end := max(size-len(cutMark), 0)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + cutMark
}
