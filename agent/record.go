package agent

import (
	"encoding/json"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/appliance"
	"stigwatch/agent/finding"
	"stigwatch/agent/history"
	"stigwatch/agent/journal"
)

// The bodies of the journal's entries, besides alert.Message and those of package
// history.

// lateChange becomes a history.Change when it is written: not on the way to the
// alert.
type lateChange struct {
	change    finding.Change
	alert     uint64
	announced string
	diff      []finding.FileDiff
}

// Late makes it. What the policy says of the rule besides its title is left out:
// the entry names the result, not the rule.
func (c *lateChange) Late() any {
	r := api.FromResult(c.change.Rule, c.change.Result)
	r.Remark = ""
	return history.Change{
		Event: c.change.Event, Previous: c.change.Was.Outcome, Since: api.At(c.change.Was.Since), Alert: c.alert, Announced: c.announced, Result: r,
		Diff: api.FromDiffs(c.diff),
	}
}

// passBody is a pass that changed something.
type passBody struct {
	Rules   int      `json:"rules"` // judged
	Changes int      `json:"changes"`
	Paths   []string `json:"paths"` // that made it; empty: everything was read
	Policy  string   `json:"policy"`
}

// conditionBody is a condition of the agent that began or ended.
type conditionBody struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Began   bool   `json:"began"`
}

// agentBody is a start, a stop, or a configuration that was loaded or refused.
type agentBody struct {
	Version  string `json:"version,omitempty"`
	Previous string `json:"previous,omitempty"` // version, where it is another
	Config   string `json:"config,omitempty"`   // digest
	Policy   string `json:"policy,omitempty"`   // digest
	Error    string `json:"error,omitempty"`    // why the configuration was refused
}

// store is where what happened is kept, and how far each sink is: the journal,
// or memory where there is no state folder.
type store struct {
	journal *journal.Journal // nil: memory
	memory  *alert.MemorySpool
}

// put takes down what happened, without waiting. What is put together outlives a
// crash together.
func (s *store) put(results []finding.Result, records ...journal.Record) {
	s.putKept(nil, results, records...)
}

// putKept is put with values that are to be found again after a restart.
func (s *store) putKept(kept map[string]any, results []finding.Result, records ...journal.Record) {
	if s.journal != nil {
		s.journal.PutKept(kept, results, records...)
		return
	}
	if s.memory == nil {
		return // there is no store yet
	}
	for i := range records {
		if m, ok := records[i].Body.(*alert.Message); ok && records[i].Seq != 0 {
			s.memory.Put(m)
		}
	}
}

// telling takes down what is about to leave, before it is put.
func (s *store) telling(t journal.Told) {
	if s.journal != nil {
		s.journal.Telling(t)
	}
}

// setSinks says which sinks there are. One that is gone stays until it is
// forgotten.
func (s *store) setSinks(configs []alert.Config) {
	if s.journal != nil {
		s.journal.SetSinks(bounds(configs))
	}
}

// forget takes a sink out that is gone.
func (s *store) forget(sink string) {
	if s.journal == nil {
		s.memory.Forget(sink)
		return
	}
	s.journal.Forget(sink)
}

// Next is alert.Spool's. An alert that cannot be read is left out: the journal's
// verification tells of it.
func (s *store) Next(outlet string, after uint64, limit int) []*alert.Message {
	if s.journal == nil {
		return s.memory.Next(outlet, after, limit)
	}
	var out []*alert.Message
	for _, a := range s.journal.Next(outlet, after, limit) {
		m, live := a.Live.(*alert.Message)
		if !live {
			m = &alert.Message{}
			if json.Unmarshal(a.JSON, m) != nil || m.Seq != a.Seq {
				continue
			}
		}
		out = append(out, m)
	}
	return out
}

// Cursor is alert.Spool's.
func (s *store) Cursor(outlet string) uint64 {
	if s.journal == nil {
		return s.memory.Cursor(outlet)
	}
	return s.journal.Cursor(outlet)
}

// Done is alert.Spool's.
func (s *store) Done(outlet string, seq uint64) {
	if s.journal == nil {
		s.memory.Done(outlet, seq)
		return
	}
	s.journal.Done(outlet, seq)
}

// Waiting is alert.Spool's.
func (s *store) Waiting(outlet string, after uint64) int {
	if s.journal == nil {
		return s.memory.Waiting(outlet, after)
	}
	return s.journal.Waiting(outlet, after)
}

// bounds are how much may wait for each sink.
func bounds(sinks []alert.Config) map[string]journal.Bounds {
	out := map[string]journal.Bounds{}
	for i := range sinks {
		out[sinks[i].Name] = journal.Bounds{Most: sinks[i].Most(), Age: sinks[i].Longest()}
	}
	return out
}

// record is one about the agent's own life.
func lifeRecord(p *appliance.Parts, kind journal.Kind, version, refused string) journal.Record {
	return journal.Record{Kind: kind, At: time.Now(), Body: agentBody{
		Version: version, Config: p.Digest, Policy: p.Engine.Digest, Error: refused,
	}}
}
