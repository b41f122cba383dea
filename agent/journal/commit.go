package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

var (
	bucketEntries = []byte("entries") // number → sealed entry
	bucketAlerts  = []byte("alerts")  // sequence number → number of its entry
	bucketSinks   = []byte("sinks")   // name → cursor, floor
	bucketLast    = []byte("last")    // rule → its last result, JSON
	bucketKept    = []byte("kept")    // name → value, JSON
	bucketMeta    = []byte("meta")

	keySeq   = []byte("seq")   // first sequence number that is not reserved
	keyBase  = []byte("base")  // edge of the last entry that was compacted
	keySize  = []byte("size")  // bytes of the entries
	keyEpoch = []byte("epoch") // which journal this is

	keySchema   = []byte("schema")    // of all this
	keySchemaBy = []byte("schema_by") // version of the stigwatch that brought it there
)

// errBroken says that the file holds what no journal does.
var errBroken = errors.New("it is broken")

// broken tells whether an error means that the file will not get better.
func broken(err error) bool {
	for _, e := range []error{errBroken, errNoKey, bolterrors.ErrInvalid, bolterrors.ErrChecksum, bolterrors.ErrVersionMismatch} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// guarded runs what reads or writes the file. The library panics on a page that
// is no page, and the kernel faults where the file was cut: both become errors.
func (j *Journal) guarded(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v", errBroken, v)
		}
	}()
	return do()
}

// view reads the file. What is broken there is the next commit's to deal with.
func (j *Journal) view(do func(tx *bbolt.Tx) error) error {
	j.mu.Lock()
	db := j.db
	j.mu.Unlock()
	err := j.guarded(func() error { return db.View(do) })
	if broken(err) {
		j.mu.Lock()
		j.suspect = err
		j.mu.Unlock()
		j.poke()
	}
	return err
}

// commit writes what waits, and gives when to try again; 0: not before there is
// something new.
func (j *Journal) commit() time.Duration {
	j.disk.Lock()
	defer j.disk.Unlock()
	j.mu.Lock()
	suspect := j.suspect
	j.suspect = nil
	j.mu.Unlock()
	if suspect != nil {
		return j.failedWith(suspect)
	}
	j.mu.Lock()
	j.flying, j.pending, j.lazy = j.pending, batch{}, false
	b := j.flying
	lost := j.untold()
	j.mu.Unlock()
	if b.empty() && len(lost) == 0 {
		return 0
	}
	w := &writer{j: j, batch: b, lost: lost, now: j.o.Now(), ran: j.ran(), sealer: *j.sealer, edge: j.Head()}
	defer func() { clear(w.sealer.key[:]) }() // the keys of what was sealed
	err := j.guarded(func() error { return j.db.Update(w.write) })
	if err != nil {
		j.mu.Lock()
		j.pending.before(j.flying)
		j.flying = batch{}
		j.tellAgain(w.lost)
		j.bound()
		j.mu.Unlock()
		return j.failedWith(err)
	}
	*j.sealer = w.sealer
	err = j.sealer.keep()
	j.mu.Lock()
	j.flying = batch{}
	changed := (j.fault == nil) != (err == nil)
	j.fault, j.failed = err, 0
	j.edge, j.free, j.lastAlert = w.edge, max(j.free, b.reserve), max(j.lastAlert, w.lastAlert)
	more := slices.ContainsFunc(slices.Collect(maps.Values(j.sinks)), func(s *sinkState) bool { return s.dropped > 0 })
	j.mu.Unlock()
	if changed {
		j.o.OnFault()
	}
	if more { // by compaction
		j.poke()
	}
	for sink, n := range w.lost {
		if n > 0 && j.o.OnDropped != nil {
			j.o.OnDropped(sink, n)
		}
	}
	return 0
}

// untold takes the counts of alerts that were dropped. The caller holds mu.
func (j *Journal) untold() map[string]uint64 {
	var lost map[string]uint64
	for name, s := range j.sinks {
		if s.dropped > 0 {
			if lost == nil {
				lost = map[string]uint64{}
			}
			lost[name], s.dropped = s.dropped, 0
		}
	}
	return lost
}

func (j *Journal) tellAgain(lost map[string]uint64) {
	for name, n := range lost {
		if s := j.sinks[name]; s != nil {
			s.dropped += n
		}
	}
}

// failedWith keeps the fault, and begins anew when the file is broken. The caller
// holds disk.
func (j *Journal) failedWith(err error) time.Duration {
	if broken(err) {
		old := j.db
		if err = j.replace(err); err == nil {
			go func() { _ = j.guarded(old.Close) }() // it may wait for readers
			j.poke()
			return 0
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	changed := j.fault == nil || j.fault.Error() != err.Error()
	j.fault = err
	j.failed++
	if changed {
		j.o.OnFault()
	}
	return min(time.Second<<min(j.failed-1, 10), 15*time.Second)
}

// writer writes one batch, in one transaction.
type writer struct {
	j         *Journal
	batch     batch
	lost      map[string]uint64 // alerts by sink, that are not recorded as dropped yet
	now       time.Time
	ran       time.Duration
	sealer    sealer // a copy, until the transaction is on disk
	edge      Edge
	size      uint64
	lastAlert uint64
}

func (w *writer) write(tx *bbolt.Tx) error {
	meta := tx.Bucket(bucketMeta)
	w.size = numberOf(meta.Get(keySize))
	if w.batch.reserve > 0 {
		if err := meta.Put(keySeq, number(w.batch.reserve)); err != nil {
			return err
		}
	}
	if err := meta.Put(keyRan, number(uint64(w.ran))); err != nil {
		return err
	}
	for _, step := range []func(*bbolt.Tx) error{w.results, w.kept, w.records, w.sinks, w.cursors, w.bounds, w.compact} {
		if err := step(tx); err != nil {
			return err
		}
	}
	if err := meta.Put(keySize, number(w.size)); err != nil {
		return err
	}
	if w.j.o.Fault != nil {
		return w.j.o.Fault(tx)
	}
	return nil
}

func (w *writer) results(tx *bbolt.Tx) error {
	last := tx.Bucket(bucketLast)
	for rule, r := range w.batch.results {
		b, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("cannot record %s: %w", rule, err)
		}
		if err := last.Put([]byte(rule), b); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) kept(tx *bbolt.Tx) error {
	kept := tx.Bucket(bucketKept)
	for name, value := range w.batch.kept {
		if value == nil {
			if err := kept.Delete([]byte(name)); err != nil {
				return err
			}
			continue
		}
		b, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("cannot keep %q: %w", name, err)
		}
		if err := kept.Put([]byte(name), b); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) records(tx *bbolt.Tx) error {
	if n := w.batch.unrecorded; n > 0 {
		if err := w.append(tx, Record{Kind: Gap, At: w.now, Body: map[string]uint64{"unrecorded": n}}); err != nil {
			return err
		}
	}
	for i := range w.batch.records {
		if err := w.append(tx, w.batch.records[i]); err != nil {
			return err
		}
	}
	return nil
}

// append adds one entry to the chain.
func (w *writer) append(tx *bbolt.Tx, r Record) error {
	n := w.edge.N + 1
	body := r.Body
	if l, ok := body.(Late); ok {
		body = l.Late()
	}
	entry, err := json.Marshal(struct { // as Entry, in one go
		N    uint64    `json:"n"`
		At   time.Time `json:"at"`
		Kind Kind      `json:"kind"`
		Body any       `json:"body"`
	}{n, r.At.UTC(), r.Kind, body})
	if err != nil {
		return fmt.Errorf("cannot record a %s: %w", r.Kind, err)
	}
	e := Sealed{JSON: entry, Hash: chain(w.edge.Hash, entry)}
	e.Seal = w.sealer.key.seal(e.Hash)
	w.sealer.advance()
	w.edge = Edge{n, e.Hash}
	b := e.bytes()
	w.size += uint64(len(b))
	if r.Seq != 0 {
		w.lastAlert = r.Seq
		if err := tx.Bucket(bucketAlerts).Put(number(r.Seq), alertBytes(n, w.ran)); err != nil {
			return err
		}
	}
	return tx.Bucket(bucketEntries).Put(number(n), b)
}
