// Package journal keeps on disk what must outlive the process: the last pass,
// so that a change made while the agent was down is told at the next start, and
// the alerts' sequence numbers, so that none is used twice.
//
// The path from event to alert never waits for the disk: the loop hands results
// over with Save, which does not block, and Run commits them, several passes in
// one transaction when they come fast. Sequence numbers are reserved in blocks
// ahead of their use.
package journal

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"stigwatch/agent/finding"
)

const (
	fileName = "journal.db"
	seqBlock = 1024 // sequence numbers reserved at a time
	lockWait = time.Second
)

// ErrHeld says that another process has the journal open.
var ErrHeld = errors.New("another stigwatch holds it")

var (
	bucketLast = []byte("last") // rule → its last result, JSON
	bucketMeta = []byte("meta")
	keySeq     = []byte("seq") // first sequence number that is not reserved
)

// Journal is one open file. Only one process may hold it.
type Journal struct {
	db   *bbolt.DB
	next uint64 // next sequence number; the loop's

	mu      sync.Mutex                // guards free, pending, reserve and fault
	free    uint64                    // first number that is not reserved on disk
	pending map[string]finding.Result // not yet committed
	reserve uint64                    // reservation to write
	fault   error                     // of the last commit
	wake    chan struct{}             // Save's, closed by nobody
}

// Open opens the journal in a folder, which it makes when it is not there. A
// file that is not a journal any more is moved aside, and a fresh one begun: the
// second value then says so.
func Open(dir string) (*Journal, string, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, "", fmt.Errorf("cannot make the state folder: %w", err)
	}
	path := filepath.Join(dir, fileName)
	db, err := open(path)
	if err == nil {
		j, err := start(db)
		return j, "", err
	}
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, "", fmt.Errorf("cannot open %q: %w", path, ErrHeld)
	}
	aside := fmt.Sprintf("%s.broken-%d", path, time.Now().Unix())
	if os.Rename(path, aside) != nil {
		return nil, "", fmt.Errorf("cannot open %q: %w", path, err)
	}
	why := fmt.Sprintf("the journal could not be read (%v) and was moved to %q; a fresh one was begun", err, aside)
	if db, err = open(path); err != nil {
		return nil, "", fmt.Errorf("cannot open %q: %w", path, err)
	}
	j, err := start(db)
	return j, why, err
}

func open(path string) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait})
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, a := tx.CreateBucketIfNotExists(bucketLast)
		_, b := tx.CreateBucketIfNotExists(bucketMeta)
		return errors.Join(a, b)
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// start reserves the first block, so that no number of an earlier run is used
// again, however that ended.
func start(db *bbolt.DB) (*Journal, error) {
	j := &Journal{db: db, pending: map[string]finding.Result{}, wake: make(chan struct{}, 1)}
	err := db.Update(func(tx *bbolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		if b := meta.Get(keySeq); len(b) == 8 {
			j.next = binary.BigEndian.Uint64(b)
		}
		j.next = max(j.next, 1)
		j.free = j.next + seqBlock
		return meta.Put(keySeq, binary.BigEndian.AppendUint64(nil, j.free))
	})
	if err != nil {
		return nil, fmt.Errorf("cannot reserve sequence numbers: %w", errors.Join(err, db.Close()))
	}
	return j, nil
}

// Last gives the results of the last pass that was committed, by rule; none on
// a fresh journal. A record that cannot be read is left out: its rule is then
// told anew, which is the safe side.
func (j *Journal) Last() map[string]finding.Result {
	out := map[string]finding.Result{}
	_ = j.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketLast).ForEach(func(k, v []byte) error {
			var r finding.Result
			if json.Unmarshal(v, &r) == nil && r.Rule == string(k) {
				out[r.Rule] = r
			}
			return nil
		})
	})
	return out
}

// Seq gives the next sequence number. It waits for the disk only when the block
// was used up faster than the next could be reserved. While the disk takes no
// reservation the numbers go on growing, and Fault says that a crash could make
// some of them come again.
func (j *Journal) Seq() uint64 {
	n := j.next
	j.next++
	j.mu.Lock()
	low, out := j.next+seqBlock/2 >= j.free, n >= j.free
	if low {
		j.reserve = j.next + 2*seqBlock
	}
	j.mu.Unlock()
	switch {
	case out:
		j.commit()
	case low:
		j.poke()
	}
	return n
}

// Save hands results over to be committed. It does not block and keeps nothing
// of the slice.
func (j *Journal) Save(results []finding.Result) {
	j.mu.Lock()
	for i := range results {
		j.pending[results[i].Rule] = results[i]
	}
	j.mu.Unlock()
	j.poke()
}

func (j *Journal) poke() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// Run commits what was handed over until ctx ends, and then the rest.
func (j *Journal) Run(ctx context.Context) error {
	for {
		select {
		case <-j.wake:
			j.commit()
		case <-ctx.Done():
			j.commit()
			return nil
		}
	}
}

// Fault is what went wrong with the last commit; nil when it went well. What
// could not be committed is tried again with the next one.
func (j *Journal) Fault() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.fault
}

// Close ends the journal. Run must have returned.
func (j *Journal) Close() error {
	j.commit()
	return j.db.Close()
}

func (j *Journal) commit() {
	j.mu.Lock()
	batch, reserve := j.pending, j.reserve
	j.pending, j.reserve = map[string]finding.Result{}, 0
	j.mu.Unlock()
	if len(batch) == 0 && reserve == 0 {
		return
	}
	err := j.db.Update(func(tx *bbolt.Tx) error { return write(tx, batch, reserve) })
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fault = err; err == nil {
		j.free = max(j.free, reserve)
		return
	}
	j.reserve = max(j.reserve, reserve)
	for rule, r := range batch {
		if _, newer := j.pending[rule]; !newer {
			j.pending[rule] = r
		}
	}
}

func write(tx *bbolt.Tx, batch map[string]finding.Result, reserve uint64) error {
	if reserve > 0 {
		if err := tx.Bucket(bucketMeta).Put(keySeq, binary.BigEndian.AppendUint64(nil, reserve)); err != nil {
			return err
		}
	}
	last := tx.Bucket(bucketLast)
	for rule, r := range batch {
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
