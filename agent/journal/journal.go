// Package journal keeps on disk what must outlive the process: everything that
// happened, in an append-only chain of sealed entries; the last pass, so that a
// change made while the agent was down is told at the next start; the alerts'
// sequence numbers, so that none is used twice; and how far each sink is, so that
// no alert is lost on the way to it.
//
// The path from event to alert never waits for the disk: the loop hands over
// what happened with Put, which does not block, and Run commits it, several
// passes in one transaction when they come fast. What was put together is
// committed together. Sequence numbers are reserved in blocks ahead of their use.
//
// A journal that is broken or full never stops the agent. It says so through
// Options, and goes on by itself when it can: a broken file is moved aside and a
// fresh one begun.
package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"stigwatch/agent/finding"
)

const (
	fileName = "journal.db"
	seqBlock = 1024 // sequence numbers reserved at a time
	lockWait = time.Second
	together = 5 * time.Millisecond // how long a change waits for others before it goes to the disk

	// DefaultMaxBytes is the size of the entries that are kept, unless Options say
	// otherwise.
	DefaultMaxBytes = 64 << 20
)

// ErrHeld says that another process has the journal open.
var ErrHeld = errors.New("another stigwatch holds it")

// Options of a journal. The functions may be nil; none may block or call back.
type Options struct {
	Dir      string
	MaxBytes int64             // of entries that are kept; 0: DefaultMaxBytes
	Sinks    map[string]Bounds // by name; a sink that was not here before gets what comes from now on
	Version  string            // of this stigwatch

	OnFresh   func(why string)             // a broken journal was replaced
	OnDropped func(sink string, n uint64)  // a sink will not get so many alerts
	OnFault   func()                       // Fault became another one
	Now       func() time.Time             // nil: time.Now
	Elapsed   func() time.Duration         // since some moment, by a clock that nobody sets; nil: the monotonic one
	Fault     func(db *bbolt.Tx) (e error) // for tests: an error that a commit ends with

	form *form                   // nil: current
	step func(name string) error // for tests: asked before each thing that a migration does
}

// Bounds are how much may wait for a sink. Zero is no bound.
type Bounds struct {
	Most int           // alerts
	Age  time.Duration // of the oldest
}

// Journal is one open folder. Only one process may hold it.
type Journal struct {
	o    Options
	wake chan struct{} // holds one token when there is something to commit; never closed
	told *toldFile     // the loop's

	disk     sync.Mutex // guards sealer, fresh, migrated, before and opened; held while something is committed
	sealer   *sealer
	fresh    bool // load began it
	migrated *Migration
	before   time.Duration // for which the agent ran with this journal until it was opened
	opened   time.Duration // when it was, by Elapsed

	mu        sync.Mutex // guards all below
	db        *bbolt.DB
	epoch     string // which journal this is
	lastAlert uint64 // newest number on disk
	edge      Edge   // of what is committed
	next      uint64 // next sequence number; the loop takes it, a fresh journal begins higher
	free      uint64 // first sequence number that is not reserved on disk
	pending   batch  // not yet being committed
	flying    batch  // being committed
	sinks     map[string]*sinkState
	lazy      bool // a commit is coming for cursors alone
	failed    int  // commits in a row
	fault     error
	suspect   error // the file gave what it should not
}

// Open opens the journal of a folder, which it makes when it is not there. A
// file that is not a journal any more is moved aside, and a fresh one begun:
// OnFresh is told. One of an older schema is brought to that of today; one of a newer
// schema is left as it is, and the error is *Newer.
func Open(o Options) (*Journal, error) {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Elapsed == nil {
		begin := time.Now()
		o.Elapsed = func() time.Duration { return time.Since(begin) }
	}
	if o.OnFault == nil {
		o.OnFault = func() {}
	}
	if o.form == nil {
		o.form = current()
	}
	if err := os.MkdirAll(o.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("cannot make the state folder: %w", err)
	}
	j := &Journal{o: o, wake: make(chan struct{}, 1), sinks: map[string]*sinkState{}}
	j.disk.Lock()
	defer j.disk.Unlock()
	if err := j.peek(); err != nil {
		return nil, j.unopened(err)
	}
	told, err := openTold(o.Dir)
	j.told, j.fault = told, err // it can go on without
	for _, t := range told.found {
		j.next = max(j.next, t.Seq+1) // while the disk took nothing, no block was reserved
	}
	if !exists(j.path()) && (len(told.found) > 0 || told.file == nil) { // somebody moved it away; without one, numbers are the clock's
		j.next = max(j.next, uint64(o.Now().UnixMilli()))
	}
	err = j.guarded(j.load)
	if broken(err) {
		err = j.replace(err)
	}
	if err != nil {
		return nil, errors.Join(j.unopened(err), told.close())
	}
	if j.fresh {
		told.forget()
	}
	if j.migrated != nil {
		j.Put(nil, Record{Kind: Migrated, At: o.Now(), Body: *j.migrated})
	}
	return j, nil
}

// unopened is the error of Open.
func (j *Journal) unopened(err error) error {
	newer := (*Newer)(nil)
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("cannot open %q: %w", j.path(), ErrHeld)
	case errors.As(err, &newer):
		return fmt.Errorf("cannot use the journal: %w", newer)
	}
	return fmt.Errorf("cannot open %q: %w", j.path(), err)
}

func (j *Journal) path() string { return filepath.Join(j.o.Dir, fileName) }

// load opens the file and takes up where it ends. The caller holds disk.
func (j *Journal) load() error {
	db, err := bbolt.Open(j.path(), 0o600, &bbolt.Options{Timeout: lockWait})
	if err != nil {
		if errors.As(err, new(syscall.Errno)) || errors.Is(err, bolterrors.ErrTimeout) {
			return err
		}
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	if err := j.migrate(db); err != nil {
		return errors.Join(err, db.Close())
	}
	var last uint64
	take := func(tx *bbolt.Tx) error {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.db = db
		if last, err = j.takeUp(tx); err != nil {
			return err
		}
		return j.takeSinks(tx)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		j.fresh = tx.Bucket(bucketMeta) == nil
		if err := j.makeBuckets(tx); err != nil {
			return err
		}
		if err := take(tx); err != nil || j.o.Fault == nil {
			return err
		}
		return j.o.Fault(tx)
	})
	if full := err; errors.As(full, new(syscall.Errno)) && db.View(j.begun) == nil {
		if err = db.View(take); err == nil {
			j.mu.Lock()
			j.fault, j.free, j.pending.reserve = full, j.next, j.next+2*seqBlock
			j.mu.Unlock()
			j.poke()
		}
	}
	if err == nil {
		if last == 0 {
			j.sealer, err = newSealer(j.o.Dir)
		} else {
			j.sealer, err = openSealer(j.o.Dir, last)
		}
	}
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return nil
}

// begun tells whether a journal was begun in a file. Then a disk that takes
// nothing now is no reason to do without it.
func (j *Journal) begun(tx *bbolt.Tx) error {
	if n, _ := schemaOf(tx); n != j.o.form.schema {
		return errBroken
	}
	return nil
}

// takeUp reserves the first block of sequence numbers, so that none of an earlier
// run is used again, however that ended, and finds the chain's end.
func (j *Journal) takeUp(tx *bbolt.Tx) (last uint64, err error) {
	meta := tx.Bucket(bucketMeta)
	j.before, j.opened = time.Duration(numberOf(meta.Get(keyRan))), j.o.Elapsed() //nolint:gosec // it was one
	j.epoch = string(meta.Get(keyEpoch))
	j.next = max(j.next, numberOf(meta.Get(keySeq)), 1)
	j.free = j.next + seqBlock
	if tx.Writable() {
		if err := meta.Put(keySeq, number(j.free)); err != nil {
			return 0, err
		}
	}
	k, v := tx.Bucket(bucketEntries).Cursor().Last()
	if k == nil {
		j.edge, err = edgeOf(meta.Get(keyBase))
		return j.edge.N, err
	}
	e, err := sealedOf(v)
	if err != nil {
		return 0, fmt.Errorf("%w: entry %d: %w", errBroken, numberOf(k), err)
	}
	j.edge = Edge{numberOf(k), e.Hash}
	return j.edge.N, nil
}

// replace moves what is there aside and begins anew. The caller holds disk.
func (j *Journal) replace(cause error) error {
	at := j.o.Now()
	suffix := fmt.Sprintf(".broken-%d", at.UnixNano())
	for _, name := range []string{fileName, keyName, firstKeyName} {
		path := filepath.Join(j.o.Dir, name)
		if err := os.Rename(path, path+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("cannot move the broken journal aside: %w", errors.Join(err, cause))
		}
	}
	why := fmt.Sprintf("the journal could not be used (%v) and was moved to %q; a fresh one was begun", cause, j.path()+suffix)
	// Numbers went up to somewhere in the old one: the clock is beyond that.
	j.mu.Lock()
	j.next = max(j.next, uint64(at.UnixMilli()))
	j.mu.Unlock()
	if err := j.guarded(j.load); err != nil {
		return fmt.Errorf("cannot begin a fresh journal: %w", err)
	}
	j.Put(nil, Record{Kind: Fresh, At: at, Body: map[string]string{"why": why}})
	if j.o.OnFresh != nil {
		j.o.OnFresh(why)
	}
	return nil
}

// Seq gives the next sequence number. It waits for the disk only when the block
// was used up faster than the next could be reserved. While the disk takes no
// reservation the numbers go on growing, and Fault says that a power cut could
// make some of them come again.
func (j *Journal) Seq() uint64 {
	j.mu.Lock()
	n := j.next
	j.next++
	low, out := j.next+seqBlock/2 >= j.free, n >= j.free && j.fault == nil
	if low {
		j.pending.reserve = j.next + 2*seqBlock
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

// Put hands over what happened, and the results that are the last pass now, to
// be committed together. It does not block and keeps nothing of the slices.
func (j *Journal) Put(results []finding.Result, records ...Record) {
	j.PutKept(nil, results, records...)
}

// PutKept is Put with small values, by name, that are to be kept as they are now:
// Kept gives them back after a restart. They become JSON off the caller's path and
// must not change any more; nil takes one away.
func (j *Journal) PutKept(kept map[string]any, results []finding.Result, records ...Record) {
	j.mu.Lock()
	j.pending.add(kept, results, records)
	j.bound()
	j.mu.Unlock()
	j.poke()
}

// Flush waits until what was handed over is on disk; its error says that it is
// not, and is tried again.
func (j *Journal) Flush() error {
	j.commit()
	return j.Fault()
}

func (j *Journal) poke() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// Run commits what was handed over until ctx ends, and then the rest.
func (j *Journal) Run(ctx context.Context) error {
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		again.Stop()
		if d := j.commit(); d > 0 {
			again.Reset(d)
		}
		select {
		case <-j.wake:
			j.gather(ctx)
		case <-again.C:
		case <-ctx.Done():
			j.commit()
			return nil
		}
	}
}

// gather waits for what else belongs into the same transaction: changes come in
// bursts, and a commit takes the processor from the next alert.
func (j *Journal) gather(ctx context.Context) {
	t := time.NewTimer(together)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// Fault is what went wrong with the last commit; nil when it went well. What
// could not be committed is tried again by itself.
func (j *Journal) Fault() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.fault
}

// Epoch tells this journal from one that was begun afresh in its place: rules'
// turns, which are kept in it, begin anew then. One that was begun by an earlier
// stigwatch has an empty one.
func (j *Journal) Epoch() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.epoch
}

// Head is the newest entry that is on disk.
func (j *Journal) Head() Edge {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.edge
}

// Close ends the journal. Run must have returned.
func (j *Journal) Close() error {
	j.commit()
	j.disk.Lock()
	defer j.disk.Unlock()
	return errors.Join(j.sealer.close(), j.told.close(), j.db.Close())
}
