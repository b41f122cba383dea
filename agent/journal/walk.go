package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"stigwatch/agent/finding"
)

// Last gives the results of the last pass that was committed, by rule; none on
// a fresh journal. A record that cannot be read is left out: its rule is then
// told anew, which is the safe side.
func (j *Journal) Last() map[string]finding.Result {
	out := map[string]finding.Result{}
	_ = j.view(func(tx *bbolt.Tx) error {
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

// Extent says what a journal holds.
type Extent struct {
	Base    Edge   `json:"base"`    // of the last entry that was compacted
	Entries uint64 `json:"entries"` // number that the key counts; 0: not known
}

// Walk gives every entry that is on disk from after on, in order, until visit
// returns an error.
func (j *Journal) Walk(after uint64, visit func(Sealed) error) (Extent, error) {
	j.mu.Lock()
	entries := j.edge.N
	j.mu.Unlock()
	x := Extent{Entries: entries}
	err := j.view(func(tx *bbolt.Tx) error {
		base, err := walk(tx, after, entries, visit)
		x.Base = base
		return err
	})
	return x, err
}

// ReadFile walks a folder's journal that no agent has open.
func ReadFile(dir string, visit func(Sealed) error) (x Extent, err error) {
	path := filepath.Join(dir, fileName)
	if _, err := os.Stat(path); err != nil {
		return x, fmt.Errorf("cannot read the journal: %w", err)
	}
	j := &Journal{}
	err = j.guarded(func() error {
		db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, ReadOnly: true})
		if err != nil {
			return err
		}
		defer db.Close()
		return db.View(func(tx *bbolt.Tx) error {
			if tx.Bucket(bucketEntries) == nil || tx.Bucket(bucketMeta) == nil {
				return fmt.Errorf("%w: it holds no entries", errBroken)
			}
			if b, err := os.ReadFile(filepath.Join(dir, keyName)); err == nil && len(b) == keyBytes {
				x.Entries = numberOf(b[:8]) - 1
			}
			x.Base, err = walk(tx, 0, 1<<63, visit)
			return err
		})
	})
	if err != nil && !errors.As(err, new(*Broken)) {
		err = fmt.Errorf("cannot read %q: %w", path, err)
	}
	return x, err
}

func walk(tx *bbolt.Tx, after, last uint64, visit func(Sealed) error) (Edge, error) {
	base, err := edgeOf(tx.Bucket(bucketMeta).Get(keyBase))
	if err != nil {
		return base, err
	}
	c := tx.Bucket(bucketEntries).Cursor()
	for k, v := c.Seek(number(after + 1)); k != nil && numberOf(k) <= last; k, v = c.Next() {
		e, err := sealedOf(v)
		if err != nil {
			return base, &Broken{numberOf(k), err.Error()}
		}
		if err := visit(e); err != nil {
			return base, err
		}
	}
	return base, nil
}

// Since walks the entries of a time and after, oldest first.
func (j *Journal) Since(at time.Time, visit func(Entry) error) error {
	_, err := j.Walk(0, func(s Sealed) error {
		e, err := s.Entry()
		if err != nil || e.At.Before(at) {
			return nil //nolint:nilerr // verify tells of it
		}
		return visit(e)
	})
	return err
}
