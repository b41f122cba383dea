package alert

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"time"

	"stigwatch/agent/finding"
)

// Message is one change of verdict, or one piece of news about the agent, as
// every sink tells it. It is not changed once it was offered to an outlet.
type Message struct {
	Seq       uint64            // per agent, only grows; given by the caller
	ID        string            // of the content: a duplicate has the same one
	Event     finding.Event     //
	Time      time.Time         // UTC, in microseconds
	Host      string            //
	Rule      string            // empty for news about the agent, as all up to Actual but Severity
	StigID    string            //
	Severity  finding.Severity  // of the rule; for news about the agent, empty or what raises it
	Result    finding.Outcome   //
	Reason    string            //
	Assurance finding.Assurance // how the result is known
	File      string            // of the first offending item, as the three below
	Line      int               //
	Expected  string            //
	Actual    string            // compact JSON, a plain string without quotes; empty when nothing is set
	Text      string            // reads well by itself
	Waived    bool              // it is an open finding that was accepted
	Code      string            // of the agent's condition; empty for a change of verdict
}

// FromChange makes the message that tells of a change on the appliance host.
func FromChange(c finding.Change, host string, seq uint64) Message {
	item := shown(c.Result.Evidence)
	m := Message{
		Seq: seq, Event: c.Event, Time: instant(c.At), Host: clean(host),
		Rule: clean(c.Result.Rule), Result: c.Result.Outcome, Assurance: c.Result.Assurance, Reason: clean(c.Result.Reason),
		File: clean(item.File), Line: item.Line, Expected: clean(item.Expected), Actual: actual(item.Actual),
	}
	m.Waived = c.Result.Waiver != nil
	title := ""
	if c.Rule != nil {
		m.Rule, m.StigID, m.Severity, title = clean(c.Rule.ID), clean(c.Rule.StigID), c.Rule.Severity, c.Rule.Title
	}
	m.Text = clean(changeText(&m, title, item.State))
	m.ID = m.digest(item.Fact, item.Digest)
	return m
}

// AgentMessage makes the message that tells of a condition of the agent itself,
// by its stable code. It ranks as a warning; high severity raises it to crit,
// medium to err.
func AgentMessage(code, text string, severity finding.Severity, host string, seq uint64, at time.Time) Message {
	m := Message{
		Seq: seq, Event: finding.Agent, Time: instant(at), Host: clean(host),
		Severity: severity, Reason: clean(text), Code: clean(code),
	}
	m.Text = clean("stigwatch: " + text + " (" + code + ")")
	m.ID = m.digest("", "")
	return m
}

// shown picks the item that a message shows: the first that offends, else the
// first of all.
func shown(evidence []finding.Item) finding.Item {
	for i := range evidence {
		if evidence[i].Expected != "" || evidence[i].Reason != "" {
			return evidence[i]
		}
	}
	if len(evidence) > 0 {
		return evidence[0]
	}
	return finding.Item{}
}

// digest derives the id from what happened, and not from the number under which
// it is told.
func (m *Message) digest(fact, file string) string {
	h := sha256.New()
	for _, part := range [...]string{
		m.Host, m.Rule, string(m.Event), string(m.Result), m.Code, m.Reason,
		fact, m.File, strconv.Itoa(m.Line), file, m.Expected, m.Actual, m.Time.Format(time.RFC3339Nano),
	} {
		var size [8]byte // so that no two lists of parts run into the same bytes
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// instant is what RFC 5424 can say of a time.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
