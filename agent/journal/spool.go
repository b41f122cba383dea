package journal

import (
	"encoding/json"
	"maps"
	"time"

	"go.etcd.io/bbolt"
)

// lazily is how long cursors alone wait to be committed. What is told again when
// the agent is killed meanwhile has the same id.
const lazily = 200 * time.Millisecond

// sinkState is how far a sink is.
type sinkState struct {
	bounds  Bounds
	cursor  uint64        // it is done with all up to this number
	floor   uint64        // it does not get what is not above this: that was dropped
	looked  time.Duration // when the bounds were looked at, by ran
	dropped uint64        // not recorded yet
	lost    uint64        // the newest that memory had no room for; older ones may be on disk
}

func (s *sinkState) from() uint64 { return max(s.cursor, s.floor) }

// StoredAlert is an alert that waits, as it was put (Live) or as it stands on
// disk (JSON).
type StoredAlert struct {
	Seq  uint64
	Live any
	JSON json.RawMessage
}

// Cursor is the number up to which a sink is done. A sink that is not in Options
// gets none.
func (j *Journal) Cursor(sink string) uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if s := j.sinks[sink]; s != nil {
		return s.from()
	}
	return j.next
}

// Waiting counts the alerts for a sink with numbers above after.
func (j *Journal) Waiting(sink string, after uint64) int {
	j.mu.Lock()
	s := j.sinks[sink]
	if s == nil {
		j.mu.Unlock()
		return 0
	}
	from, last, n := max(s.floor, after), j.lastAlert, 0
	for _, records := range [][]Record{j.flying.records, j.pending.records} {
		for i := range records {
			if records[i].Seq > max(from, last) {
				n++
			}
		}
	}
	j.mu.Unlock()
	if from < last {
		_ = j.view(func(tx *bbolt.Tx) error {
			c := tx.Bucket(bucketAlerts).Cursor()
			for k, _ := c.Seek(number(from + 1)); k != nil && numberOf(k) <= last; k, _ = c.Next() {
				n++
			}
			return nil
		})
	}
	return n
}

// Done says that a sink is done with all up to seq. It does not block.
func (j *Journal) Done(sink string, seq uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.sinks[sink]
	if s == nil || seq <= s.cursor {
		return
	}
	if j.pending.cursors == nil {
		j.pending.cursors = map[string]uint64{}
	}
	j.pending.cursors[sink] = seq
	s.cursor = seq
	if !j.lazy {
		j.lazy = true
		time.AfterFunc(lazily, j.poke)
	}
}

// Next gives up to limit alerts for a sink with numbers above after, in order.
func (j *Journal) Next(sink string, after uint64, limit int) []StoredAlert {
	j.mu.Lock()
	if s := j.sinks[sink]; s != nil {
		after = max(after, s.floor)
	}
	// Memory first: what is committed meanwhile is found in both, not in neither.
	fresh := appendAbove(nil, j.flying.records, after, limit)
	fresh = appendAbove(fresh, j.pending.records, after, limit)
	committed := j.lastAlert
	j.mu.Unlock()
	if after >= committed {
		return fresh
	}
	old := j.stored(after, limit)
	for _, a := range fresh {
		if len(old) < limit && (len(old) == 0 || a.Seq > old[len(old)-1].Seq) {
			old = append(old, a)
		}
	}
	return old
}

func appendAbove(out []StoredAlert, records []Record, after uint64, limit int) []StoredAlert {
	for i := range records {
		if len(out) == limit {
			break
		}
		if seq := records[i].Seq; seq > after {
			out = append(out, StoredAlert{Seq: seq, Live: records[i].Body})
		}
	}
	return out
}

// stored reads alerts from the disk; none when it cannot be read.
func (j *Journal) stored(after uint64, limit int) []StoredAlert {
	var out []StoredAlert
	_ = j.view(func(tx *bbolt.Tx) error {
		entries := tx.Bucket(bucketEntries)
		c := tx.Bucket(bucketAlerts).Cursor()
		for k, n := c.Seek(number(after + 1)); k != nil && len(out) < limit; k, n = c.Next() {
			b := entries.Get(entryOf(n))
			e, err := sealedOf(b)
			if err != nil {
				continue // it was compacted, or is broken: verify tells
			}
			entry, err := e.Entry()
			if err == nil && entry.Kind == Alert {
				out = append(out, StoredAlert{Seq: numberOf(k), JSON: entry.Body})
			}
		}
		return nil
	})
	return out
}

// lose counts an alert that could be put neither on disk nor in memory. Those
// before it on disk still wait. The caller holds mu.
func (j *Journal) lose(seq uint64) {
	for _, s := range j.sinks {
		if s.from() < seq {
			s.dropped++
			s.lost = seq
		}
	}
}

// forget counts an alert that goes from the disk, as all before it did. The
// caller holds mu.
func (j *Journal) forget(seq uint64) {
	for _, s := range j.sinks {
		if s.from() < seq {
			s.dropped++
			s.floor = seq
		}
	}
}

// within drops what is beyond a sink's bounds, and gives how many alerts that
// were. It looks once a second. The caller holds mu.
func (s *sinkState) within(tx *bbolt.Tx, ran time.Duration) uint64 {
	if s.bounds == (Bounds{}) || s.looked > 0 && ran-s.looked < time.Second {
		return 0
	}
	s.looked = ran
	var waiting []uint64
	c := tx.Bucket(bucketAlerts).Cursor()
	for k, _ := c.Seek(number(s.from() + 1)); k != nil; k, _ = c.Next() {
		waiting = append(waiting, numberOf(k))
	}
	gone := 0
	if s.bounds.Most > 0 {
		gone = max(len(waiting)-s.bounds.Most, 0)
	}
	for s.bounds.Age > 0 && gone < len(waiting) && ran-recordedAt(tx, waiting[gone]) > s.bounds.Age {
		gone++
	}
	if gone > 0 {
		s.floor = waiting[gone-1]
	}
	return uint64(gone)
}

// takeSinks takes up how far each sink was. One that was not here gets what comes
// from now on; one that is gone is forgotten. The caller is alone.
func (j *Journal) takeSinks(tx *bbolt.Tx) error {
	b := tx.Bucket(bucketSinks)
	clear(j.sinks)
	for name, bounds := range j.o.Sinks {
		s := &sinkState{bounds: bounds, cursor: j.next - 1}
		if v := b.Get([]byte(name)); len(v) == 16 {
			s.cursor, s.floor = numberOf(v[:8]), numberOf(v[8:])
		} else if tx.Writable() {
			if err := s.keep(b, name); err != nil {
				return err
			}
		}
		j.sinks[name] = s
	}
	k, _ := tx.Bucket(bucketAlerts).Cursor().Last()
	j.lastAlert = numberOf(k)
	if !tx.Writable() {
		return nil
	}
	var gone [][]byte
	err := b.ForEach(func(k, _ []byte) error {
		if _, stays := j.o.Sinks[string(k)]; !stays {
			gone = append(gone, append([]byte(nil), k...))
		}
		return nil
	})
	for _, k := range gone {
		if err == nil {
			err = b.Delete(k)
		}
	}
	return err
}

// SetSinks adds the sinks that were not here, which get what comes from now on, and
// sets the bounds of all. One that is not named stays until Forget. Only the loop
// calls it.
func (j *Journal) SetSinks(sinks map[string]Bounds) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.o.Sinks = maps.Clone(j.o.Sinks)
	if j.o.Sinks == nil {
		j.o.Sinks = map[string]Bounds{}
	}
	maps.Copy(j.o.Sinks, sinks)
	for name, bounds := range sinks {
		if s := j.sinks[name]; s != nil {
			s.bounds = bounds
			continue
		}
		j.sinks[name] = &sinkState{bounds: bounds, cursor: j.next - 1}
		j.pending.setSink(name, true)
	}
	j.poke()
}

// Forget takes a sink out. What waits for it is recorded as dropped.
func (j *Journal) Forget(sink string) {
	n := j.Waiting(sink, j.Cursor(sink))
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.sinks[sink] == nil {
		return
	}
	delete(j.sinks, sink)
	j.o.Sinks = maps.Clone(j.o.Sinks)
	delete(j.o.Sinks, sink)
	j.pending.setSink(sink, false)
	if n > 0 {
		j.pending.records = append(j.pending.records, Record{Kind: Dropped, At: j.o.Now(), Body: delivery{sink, j.next - 1, uint64(n)}})
	}
	j.poke()
}

func (s *sinkState) keep(b *bbolt.Bucket, name string) error {
	return b.Put([]byte(name), append(number(s.cursor), number(s.floor)...))
}
