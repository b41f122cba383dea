package alert

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
	"time"

	"stigwatch/agent/finding"
)

// Message is one change of verdict, or one piece of news about the agent, as
// every sink tells it. It is not changed once it was offered to an outlet.
type Message struct {
	Seq       uint64            `json:"seq"`                // per agent, only grows; given by the caller
	ID        string            `json:"id"`                 // of the content: a duplicate has the same one
	Event     finding.Event     `json:"event"`              //
	Time      time.Time         `json:"time"`               // UTC, in microseconds
	Host      string            `json:"host"`               //
	Rule      string            `json:"rule"`               // empty for news about the agent, as all up to Actual but Severity
	StigID    string            `json:"stigId"`             //
	Title     string            `json:"title"`              // of the rule
	Severity  finding.Severity  `json:"severity"`           // of the rule; for news about the agent, empty or what raises it
	Result    finding.Outcome   `json:"result"`             //
	Previous  finding.Outcome   `json:"previous"`           // the result before; empty when there was none
	Reason    string            `json:"reason"`             //
	Assurance finding.Assurance `json:"assurance"`          // how the result is known
	Fact      string            `json:"fact"`               // of the first offending item, as the four below
	File      string            `json:"file"`               //
	Line      int               `json:"line"`               //
	Expected  string            `json:"expected"`           //
	Actual    string            `json:"actual"`             // compact JSON, a plain string without quotes; empty when nothing is set
	Before    string            `json:"before"`             // what Actual was before the change, in the same form
	Text      string            `json:"text"`               // reads well by itself
	Waived    bool              `json:"waived"`             // it is an open finding that was accepted
	Announced string            `json:"announced"`          // ticket of the maintenance window that is open
	Code      string            `json:"code"`               // of the agent's condition; empty for a change of verdict
	Who       *Who              `json:"who,omitempty"`      // changed the file; nil: unknown
	Counters  map[string]uint64 `json:"counters,omitempty"` // of a heartbeat; of a summary or a window's end, how many changes
	Head      string            `json:"head,omitempty"`     // of the journal, in a heartbeat: number:hash
	Sinks     []string          `json:"sinks,omitempty"`    // that get it; nil: all
}

// Who changed a file, as far as that can be known.
type Who struct {
	Source   string `json:"source"`             // audit, fanotify or package
	Login    string `json:"login,omitempty"`    // user who logged in: audit uid, with its name where there is one
	User     string `json:"user,omitempty"`     // that the process ran as
	PID      int    `json:"pid,omitempty"`      //
	Command  string `json:"command,omitempty"`  //
	Terminal string `json:"terminal,omitempty"` //
	Remote   string `json:"remote,omitempty"`   // address from which the login came
	Package  string `json:"package,omitempty"`  // whose installation it was
}

// Codes of news about the agent that are told in more than one place.
const (
	CodeDropped = "sink-dropped"  // messages were dropped
	CodeStarted = "agent-started" // it runs again, and since when nothing was watched
	CodeStopped = "agent-stopped" // nothing is watched from now on
)

// For tells whether the message is for this sink.
func (m *Message) For(sink string) bool { return m.Sinks == nil || slices.Contains(m.Sinks, sink) }

// FromChange makes the message that tells of a change on the appliance host.
func FromChange(c finding.Change, host string, seq uint64) Message {
	item := shown(c.Result.Evidence)
	m := Message{
		Seq: seq, Event: c.Event, Time: instant(c.At), Host: clean(host),
		Rule: clean(c.Result.Rule), Result: c.Result.Outcome, Assurance: c.Result.Assurance, Reason: clean(c.Result.Reason),
		File: clean(item.File), Line: item.Line, Expected: clean(item.Expected), Actual: actual(item.Actual),
	}
	m.Waived, m.Previous, m.Fact = c.Result.Waiver != nil, c.Was.Outcome, clean(item.Fact)
	m.Before = before(c.Was.Evidence, item)
	title := ""
	if c.Rule != nil {
		m.Rule, m.StigID, m.Severity, title = clean(c.Rule.ID), clean(c.Rule.StigID), c.Rule.Severity, c.Rule.Title
	}
	m.Title = clean(title)
	m.Text = clean(changeText(&m, title, item.State))
	m.ID = m.digest(turn(&c), item.Fact, item.Digest)
	return m
}

// turn tells a change from all others of the same content, those of a journal that
// was lost included.
func turn(c *finding.Change) string {
	n := strconv.FormatUint(c.Result.Turn, 10)
	if c.Epoch == "" {
		return n
	}
	return c.Epoch + " " + n
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
	m.ID = m.digest(m.Time.Format(time.RFC3339Nano), "", "")
	return m
}

// FileMessage is AgentMessage of something that befell a file of the agent's own.
func FileMessage(code, text, file string, severity finding.Severity, host string, seq uint64, at time.Time) Message {
	m := AgentMessage(code, text, severity, host, seq, at)
	m.File = clean(file)
	m.ID = m.digest(m.Time.Format(time.RFC3339Nano), "", "")
	return m
}

// NewsMessage makes the message of a heartbeat or a self-test: it tells of no
// change and has no code.
func NewsMessage(event finding.Event, text, host string, seq uint64, at time.Time) Message {
	m := Message{Seq: seq, Event: event, Time: instant(at), Host: clean(host), Text: clean("stigwatch " + text)}
	m.ID = m.digest(m.Time.Format(time.RFC3339Nano), "", "")
	return m
}

// Announce marks a change that happened in a window of maintenance, by the window's
// ticket: it is for information then. Its id is another one than at full rank, so that
// who drops duplicates does not drop the latter.
func (m *Message) Announce(ticket string) {
	m.Announced = clean(ticket)
	sum := sha256.Sum256([]byte(m.ID + " " + m.Announced))
	m.ID = hex.EncodeToString(sum[:16])
	m.Text = clean(m.Text + " (announced: " + ticket + ")")
}

// Left says of a change that a window of maintenance, which has ended, left it so.
func (m *Message) Left(ticket string) {
	m.Text = clean(m.Text + " (left by maintenance " + ticket + ")")
}

// WindowMessage makes the message that a window of maintenance was opened or has
// ended; which tells this window from others of the same ticket.
func WindowMessage(code, ticket, reason, text, which, host string, counters map[string]uint64, seq uint64, at time.Time) Message {
	m := Message{
		Seq: seq, Event: finding.Maintenance, Time: instant(at), Host: clean(host),
		Code: clean(code), Announced: clean(ticket), Reason: clean(reason), Text: clean(text), Counters: counters,
	}
	m.ID = m.digest(which, "", "")
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

// before is what the fact of an item was in earlier evidence.
func before(evidence []finding.Item, item finding.Item) string {
	for i := range evidence {
		if evidence[i].Fact == item.Fact {
			return actual(evidence[i].Actual)
		}
	}
	return ""
}

// digest derives the id from what happened, and not from the number or the time
// under which it is told: a change that is found again after a crash has the same
// one. Which tells two occurrences of the same apart: a rule's turn, with the epoch
// of the journal that counts it, or when a condition of the agent began.
func (m *Message) digest(which, fact, file string) string {
	h := sha256.New()
	for _, part := range [...]string{
		m.Host, m.Rule, string(m.Event), string(m.Result), m.Code, m.Reason,
		fact, m.File, strconv.Itoa(m.Line), file, m.Expected, m.Actual, which,
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
