package journal

import (
	"maps"

	"stigwatch/agent/finding"
)

// mostPending is how many records wait for the disk at most. When it takes none,
// the oldest go, are counted, and leave a gap that is told.
const mostPending = 20_000

// batch is what is committed together.
type batch struct {
	results    map[string]finding.Result
	kept       map[string]any // by name; nil: not any more
	records    []Record
	cursors    map[string]uint64 // by sink
	sinks      map[string]bool   // that came (true) or went
	reserve    uint64            // of sequence numbers
	unrecorded uint64            // records that had to go
}

func (b *batch) empty() bool {
	return len(b.results) == 0 && len(b.kept) == 0 && len(b.records) == 0 && len(b.cursors) == 0 && len(b.sinks) == 0 && b.reserve == 0 && b.unrecorded == 0
}

func (b *batch) add(kept map[string]any, results []finding.Result, records []Record) {
	if b.kept == nil {
		b.kept = map[string]any{}
	}
	maps.Copy(b.kept, kept)
	if b.results == nil {
		b.results = map[string]finding.Result{}
	}
	for i := range results {
		b.results[results[i].Rule] = results[i]
	}
	b.records = append(b.records, records...)
}

// before puts an older batch, which could not be committed, before this one.
func (b *batch) before(old batch) {
	for rule, r := range b.results {
		if old.results == nil {
			old.results = map[string]finding.Result{}
		}
		old.results[rule] = r
	}
	if old.kept == nil {
		old.kept = map[string]any{}
	}
	maps.Copy(old.kept, b.kept)
	for sink, seq := range b.cursors {
		if old.cursors == nil {
			old.cursors = map[string]uint64{}
		}
		old.cursors[sink] = seq
	}
	for sink, there := range b.sinks {
		old.setSink(sink, there)
	}
	old.records = append(old.records, b.records...)
	old.reserve = max(old.reserve, b.reserve)
	old.unrecorded += b.unrecorded
	*b = old
}

// bound drops the oldest records when too many wait. The caller holds mu.
func (j *Journal) bound() {
	extra := len(j.pending.records) - mostPending
	if extra <= 0 {
		return
	}
	extra += mostPending / 10 // not for each one again
	for i := range j.pending.records[:extra] {
		if seq := j.pending.records[i].Seq; seq != 0 {
			j.lose(seq)
		}
	}
	j.pending.unrecorded += uint64(extra)
	j.pending.records = append([]Record(nil), j.pending.records[extra:]...)
}

// setSink takes down that a sink came or went.
func (b *batch) setSink(name string, there bool) {
	if b.sinks == nil {
		b.sinks = map[string]bool{}
	}
	b.sinks[name] = there
}
