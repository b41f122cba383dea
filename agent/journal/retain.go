package journal

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"go.etcd.io/bbolt"
)

// mostCompacted is how many entries one transaction takes out.
const mostCompacted = 5000

// delivery is the body of an entry that says how far a sink is.
type delivery struct {
	Sink    string `json:"sink"`
	Through uint64 `json:"through"` // sequence number
	Alerts  uint64 `json:"alerts"`  // since the entry before
}

// compaction is the body of an entry that says what the agent took out.
type compaction struct {
	Through uint64 `json:"through"` // number of the last entry that is gone
	Entries uint64 `json:"entries"`
}

// cursors records how far each sink has come.
func (w *writer) cursors(tx *bbolt.Tx) error {
	sinks := tx.Bucket(bucketSinks)
	for _, name := range slices.Sorted(maps.Keys(w.batch.cursors)) {
		if there, known := w.batch.sinks[name]; known && !there {
			continue
		}
		seq := w.batch.cursors[name]
		var was uint64
		v := sinks.Get([]byte(name))
		if len(v) == 16 {
			was = numberOf(v[:8])
		}
		var n uint64
		c := tx.Bucket(bucketAlerts).Cursor()
		for k, _ := c.Seek(number(was + 1)); k != nil && numberOf(k) <= seq; k, _ = c.Next() {
			n++
		}
		if err := w.append(tx, Record{Kind: Delivered, At: w.now, Body: delivery{name, seq, n}}); err != nil {
			return err
		}
		floor := number(0)
		if len(v) == 16 {
			floor = slices.Clone(v[8:])
		}
		if err := sinks.Put([]byte(name), append(number(seq), floor...)); err != nil {
			return err
		}
	}
	return nil
}

// sinks records those that came, so that they begin there after a crash too, and
// takes out those that went.
func (w *writer) sinks(tx *bbolt.Tx) error {
	b := tx.Bucket(bucketSinks)
	w.j.mu.Lock()
	defer w.j.mu.Unlock()
	for name, there := range w.batch.sinks {
		var err error
		if s := w.j.sinks[name]; s != nil && there {
			err = s.keep(b, name)
		} else if !there {
			err = b.Delete([]byte(name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bounds drops what waits for longer, or is more, than a sink's bounds allow.
func (w *writer) bounds(tx *bbolt.Tx) error {
	w.j.mu.Lock()
	defer w.j.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(w.j.sinks)) {
		s := w.j.sinks[name]
		n := s.within(tx, w.ran)
		if n > 0 {
			if w.lost == nil {
				w.lost = map[string]uint64{}
			}
			w.lost[name] += n
		}
		if w.lost[name] == 0 {
			continue
		}
		if err := w.append(tx, Record{Kind: Dropped, At: w.now, Body: delivery{name, max(s.floor, s.lost), w.lost[name]}}); err != nil {
			return err
		}
		if err := s.keep(tx.Bucket(bucketSinks), name); err != nil {
			return err
		}
	}
	return nil
}

// compact takes the oldest entries out when there are too many bytes of them. The
// edge of what is gone stays, and an entry says that it was the agent.
func (w *writer) compact(tx *bbolt.Tx) error {
	most := uint64(w.j.o.MaxBytes)
	if w.size <= most {
		return nil
	}
	entries, alerts := tx.Bucket(bucketEntries), tx.Bucket(bucketAlerts)
	var done compaction
	var edge Edge
	c := entries.Cursor()
	for k, v := c.First(); k != nil && w.size > most-most/10 && done.Entries < mostCompacted; k, v = c.First() {
		e, err := sealedOf(v)
		if err != nil {
			return fmt.Errorf("%w: entry %d: %w", errBroken, numberOf(k), err)
		}
		edge = Edge{numberOf(k), e.Hash}
		done.Through, done.Entries = edge.N, done.Entries+1
		w.size -= min(w.size, uint64(len(v)))
		if err := w.dropAlert(tx, alerts, &e); err != nil {
			return err
		}
		if err := c.Delete(); err != nil {
			return err
		}
	}
	b, err := json.Marshal(edge)
	if err != nil {
		return err
	}
	if err := tx.Bucket(bucketMeta).Put(keyBase, b); err != nil {
		return err
	}
	return w.append(tx, Record{Kind: Compacted, At: w.now, Body: done})
}

// dropAlert takes an alert out whose entry goes, and counts it for each sink that
// did not get it yet.
func (w *writer) dropAlert(_ *bbolt.Tx, alerts *bbolt.Bucket, e *Sealed) error {
	entry, err := e.Entry()
	if err != nil || entry.Kind != Alert {
		return nil //nolint:nilerr // verify tells of it
	}
	var a struct {
		Seq uint64 `json:"seq"`
	}
	if json.Unmarshal(entry.Body, &a) != nil {
		return nil
	}
	w.j.mu.Lock()
	w.j.forget(a.Seq)
	w.j.mu.Unlock()
	return alerts.Delete(number(a.Seq))
}

// edgeOf reads an edge; the zero one of nothing.
func edgeOf(b []byte) (Edge, error) {
	var e Edge
	if b == nil {
		return e, nil
	}
	if err := json.Unmarshal(b, &e); err != nil {
		return e, fmt.Errorf("%w: %w", errBroken, err)
	}
	return e, nil
}
