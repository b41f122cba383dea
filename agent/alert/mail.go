package alert

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"slices"
	"strconv"
	"strings"
	"time"

	"stigwatch/agent/finding"
)

// maxSubject bounds a subject in characters: encoded it stays within a line's 998
// bytes (RFC 5322, section 2.1.1).
const maxSubject = 80

// maxHeader bounds a line of a header, which has 998 bytes with its name.
const maxHeader = 900

// mailText is one mail about a batch: RFC 5322, with a text as RFC 2045 has it.
// Only Date tells the same batch's mails apart.
func mailText(batch []*Message, from, to []string, now time.Time) []byte {
	var b bytes.Buffer
	header(&b, "Date", now.UTC().Format(time.RFC1123Z))
	header(&b, "From", from...)
	header(&b, "To", to...)
	header(&b, "Message-ID", "<"+mailID(batch)+"@"+domain(from[0])+">")
	header(&b, "Subject", encoded(subject(batch))...)
	header(&b, "Auto-Submitted", "auto-generated") // RFC 3834, section 5: nobody's vacation answers it
	header(&b, "X-Stigwatch-Id", ids(batch)...)
	header(&b, "MIME-Version", "1.0")
	header(&b, "Content-Type", "text/plain; charset=utf-8")
	header(&b, "Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	body := quotedprintable.NewWriter(&b)
	_, _ = body.Write([]byte(mailBody(batch))) // to memory
	_ = body.Close()
	return b.Bytes()
}

// header writes one header, each part of its value on a line of its own. Whatever
// a value holds, it ends no line.
func header(b *bytes.Buffer, name string, parts ...string) {
	b.WriteString(name + ":")
	for i, part := range parts {
		if i > 0 {
			b.WriteString("\r\n")
		}
		part = strings.Map(printable, part)
		b.WriteString(" " + part[:min(len(part), maxHeader)])
	}
	b.WriteString("\r\n")
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}

// encoded are the encoded words of a text that needs them (RFC 2047, section 2).
func encoded(text string) []string {
	text = strings.ReplaceAll(text, "=?", "= ?") // else it could pass for one
	return strings.Split(strings.ReplaceAll(mime.QEncoding.Encode("utf-8", text), "?= =?", "?=\n=?"), "\n")
}

// mailID derives a mail's id from its messages': told again, it has the same one.
func mailID(batch []*Message) string {
	h := sha256.New()
	for _, m := range batch {
		fmt.Fprintf(h, "%d:%s", len(m.ID), m.ID)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func domain(address string) string {
	_, after, _ := strings.Cut(strings.Trim(address[strings.LastIndexByte(address, '<')+1:], ">"), "@")
	return after
}

func ids(batch []*Message) []string {
	list := make([]string, len(batch))
	for i, m := range batch {
		list[i] = m.ID + ","
	}
	list[len(list)-1] = batch[len(batch)-1].ID
	return list
}

// subject is like "[stigwatch] sentry1: 3 opened, 1 resolved (CAT I)".
func subject(batch []*Message) string {
	what := counts(batch)
	if m := batch[0]; len(batch) == 1 && m.Rule != "" {
		what = m.Rule + " " + string(m.Event)
	} else if len(batch) == 1 && m.Code != "" {
		what = "agent: " + m.Code
	}
	if cat := worst(batch); cat > 0 {
		what += " (CAT " + strings.Repeat("I", cat) + ")"
	}
	text := []rune(clean("[stigwatch] " + batch[0].Host + ": " + what))
	if len(text) > maxSubject {
		text = append(text[:maxSubject-1], '…')
	}
	return string(text)
}

// counts says how many messages of which event there are, the worse ones first.
func counts(batch []*Message) string {
	order := []finding.Event{finding.Opened, finding.Changed, finding.Lost, finding.Agent, finding.Maintenance, finding.Resolved, finding.Regained, finding.Heartbeat, finding.SelfTest}
	n := map[finding.Event]int{}
	for _, m := range batch {
		if n[m.Event]++; n[m.Event] == 1 && !slices.Contains(order, m.Event) {
			order = append(order, m.Event)
		}
	}
	var parts []string
	for _, event := range order {
		if n[event] > 0 {
			parts = append(parts, strconv.Itoa(n[event])+" "+string(event))
		}
	}
	return strings.Join(parts, ", ")
}

// worst is the highest category of what is bad news, 0 when nothing is.
func worst(batch []*Message) int {
	least := 0
	for _, m := range batch {
		bad := m.Event == finding.Opened || m.Event == finding.Changed || m.Event == finding.Lost
		if cat := m.Severity.CAT(); bad && !m.Waived && m.Announced == "" && cat > 0 && (least == 0 || cat < least) {
			least = cat
		}
	}
	return least
}

func mailBody(batch []*Message) string {
	var b strings.Builder
	for _, m := range batch {
		b.WriteString(clean(m.Text) + "\n")
		for _, f := range mailFields(m) {
			if f.value != "" {
				fmt.Fprintf(&b, "  %-10s %s\n", f.name, clean(f.value))
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("-- \nstigwatch on " + clean(batch[0].Host) + ". What is open now: stigwatch status\n")
	return b.String()
}

type mailField struct{ name, value string }

func mailFields(m *Message) []mailField {
	rule, file, result := strings.TrimSpace(m.StigID+" "+m.Title), m.File, string(m.Result)
	if m.Line > 0 {
		file += ":" + strconv.Itoa(m.Line)
	}
	if m.Previous != "" {
		result += ", was " + string(m.Previous)
	}
	return []mailField{
		{"time", instant(m.Time).Format(time.RFC3339)},
		{"rule", rule},
		{"result", result},
		{"file", file},
		{"fact", m.Fact},
		{"expected", m.Expected},
		{"actual", m.Actual},
		{"before", m.Before},
		{"by", m.Who.Text()},
		{"window", m.Announced},
		{"id", m.ID},
	}
}

// Text says who it was, for a person; "" when that is unknown.
func (w *Who) Text() string {
	if w == nil {
		return ""
	}
	var parts []string
	for _, f := range []mailField{
		{"", w.Login}, {"as ", w.User}, {"with ", w.Command}, {"on ", w.Terminal}, {"from ", w.Remote}, {"package ", w.Package},
	} {
		if f.value != "" {
			parts = append(parts, f.name+f.value)
		}
	}
	return strings.Join(append(parts, "("+w.Source+")"), " ")
}
