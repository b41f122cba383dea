package alert

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"time"

	"stigwatch/agent/finding"
)

// damper puts one summary in the place of many changes of one rule.
//
// A rule whose changes number more than so many within so long has its further
// ones held, for as long again at most, and told as one summary of the last. So
// the first ones are told at once, a rule that goes on flapping is told once in
// that time, and what the receiver knows of a rule is never wrong for longer.
//
// One change is not held: a high-severity rule that opens while the receiver
// takes it for anything but failing. What was held of the rule goes along with
// it.
//
// The messages of one rule stay in order. A summary has the number of the last
// change in it and comes when its time is over, after messages of other rules
// that happened later. News about the agent passes by.
type damper struct {
	changes int
	within  time.Duration
	rules   map[string]*flap
}

// flap is what is known of one rule's changes.
type flap struct {
	times []time.Time     // of the last changes, at most as many as are told at once
	told  finding.Outcome // what the receiver takes the rule for
	held  *held           // nil: nothing
}

// held are changes that wait, without the messages but the last: a rule may flap
// for as long as a receiver is away.
type held struct {
	first uint64
	n     int
	ids   hash.Hash
	last  *Message
	until time.Time
}

// told is a message that goes out.
type told struct {
	message *Message
	from    uint64 // number of the first message that it stands for
}

func newDamper(d Damp) *damper {
	return &damper{changes: d.Changes, within: span(d.Within, 0), rules: map[string]*flap{}}
}

// put takes the next message, and gives what goes out because of it.
func (d *damper) put(m *Message, now time.Time) []told {
	if m.Rule == "" {
		return []told{{m, m.Seq}}
	}
	f := d.rules[m.Rule]
	if f == nil {
		f = &flap{}
		d.rules[m.Rule] = f
	}
	out := f.apart(m, d.within)
	often := false
	if len(f.times) == d.changes {
		since := m.Time.Sub(f.times[0])
		often = since >= 0 && since < d.within // less than 0: the clock was set back in between, and nobody knows
	}
	f.times = append(f.times[max(0, len(f.times)+1-d.changes):], m.Time)
	if f.held == nil && !often {
		f.tell(m)
		return append(out, told{m, m.Seq})
	}
	f.hold(m, until(m.Time, now, d.within))
	if m.Event == finding.Opened && m.Severity == finding.High && f.told != finding.Fail {
		return append(out, f.release(d.within))
	}
	return out
}

// apart lets out what is held when a window of maintenance has begun or ended
// since: a summary for information must not swallow what ranks higher.
func (f *flap) apart(m *Message, within time.Duration) []told {
	if f.held == nil || f.held.last.Announced == m.Announced {
		return nil
	}
	return []told{f.release(within)}
}

// tell keeps what a receiver takes the rule for that leaves out what is for
// information.
func (f *flap) tell(m *Message) {
	if m.Announced == "" {
		f.told = m.Result
	}
}

// due gives the summaries whose time is over, the oldest first.
func (d *damper) due(now time.Time) []told {
	return d.release(func(f *flap) bool { return !now.Before(f.held.until) })
}

// flush gives all summaries: nobody will be there when their time is over.
func (d *damper) flush() []told {
	return d.release(func(*flap) bool { return true })
}

func (d *damper) release(which func(*flap) bool) (out []told) {
	for _, f := range d.rules {
		if f.held != nil && which(f) {
			out = append(out, f.release(d.within))
		}
	}
	slices.SortFunc(out, func(a, b told) int { return cmp.Compare(a.from, b.from) })
	return out
}

// next is when the next summary is due; false when nothing is held.
func (d *damper) next() (at time.Time, any bool) {
	for _, f := range d.rules {
		if f.held != nil && (!any || f.held.until.Before(at)) {
			at, any = f.held.until, true
		}
	}
	return at, any
}

// first is the smallest number that is held; false when nothing is.
func (d *damper) first() (seq uint64, any bool) {
	for _, f := range d.rules {
		if f.held != nil && (!any || f.held.first < seq) {
			seq, any = f.held.first, true
		}
	}
	return seq, any
}

func (f *flap) hold(m *Message, until time.Time) {
	if f.held == nil {
		f.held = &held{first: m.Seq, ids: sha256.New(), until: until}
	}
	f.held.n++
	f.held.last = m
	fmt.Fprintf(f.held.ids, "%d:%s", len(m.ID), m.ID)
}

func (f *flap) release(within time.Duration) told {
	h := f.held
	f.held = nil
	f.tell(h.last)
	if h.n == 1 {
		return told{h.last, h.first}
	}
	return told{h.summary(within), h.first}
}

// summary is the last change, which says how many it stands for. Its id derives
// from theirs.
func (h *held) summary(within time.Duration) *Message {
	m := *h.last
	m.ID = hex.EncodeToString(h.ids.Sum(nil)[:16])
	m.Counters = map[string]uint64{"changes": uint64(h.n)}
	text := fmt.Sprintf("%s flapping: %d changes in %s, now %s", m.Rule, h.n, minutes(within), m.Result)
	if why := explanation(&m, m.Title); why != string(m.Result) {
		text += ": " + why
	}
	if where := place(&m, finding.Known); where != "" {
		text += " (" + where + ")"
	}
	m.Text = clean(text)
	return &m
}

func minutes(d time.Duration) string {
	if d%time.Minute != 0 {
		return d.String()
	}
	return strconv.Itoa(int(d/time.Minute)) + " min"
}

// until is when a change that happened has to be told, by a clock that nobody can
// set: what was read of now.
func until(happened, now time.Time, within time.Duration) time.Time {
	return now.Add(within - min(max(0, now.Sub(happened)), within))
}
