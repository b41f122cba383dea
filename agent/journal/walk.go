package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

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

// Kept gives the value that was last kept under a name; nil when there is none.
func (j *Journal) Kept(name string) json.RawMessage {
	var out json.RawMessage
	_ = j.view(func(tx *bbolt.Tx) error {
		out = bytes.Clone(tx.Bucket(bucketKept).Get([]byte(name)))
		return nil
	})
	return out
}

// Extent says what a journal holds.
type Extent struct {
	Base    Edge   `json:"base"`    // of the last entry that was compacted
	Entries uint64 `json:"entries"` // number of the last one, by the key; 0: not known
}

// Walk gives first the extent of what is on disk, then every entry after a
// number, in order, until one of them returns an error.
func (j *Journal) Walk(after uint64, begin func(Extent) error, visit func(Sealed) error) error {
	last := j.Head().N
	return j.view(func(tx *bbolt.Tx) error { return walk(tx, after, last, Extent{Entries: last}, begin, visit) })
}

// ReadFile walks a folder's journal that no agent has open.
func ReadFile(dir string, after uint64, begin func(Extent) error, visit func(Sealed) error) error {
	path := filepath.Join(dir, fileName)
	j := &Journal{}
	err := j.guarded(func() error {
		if _, err := os.Stat(path); err != nil {
			return err
		}
		db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, ReadOnly: true})
		if err != nil {
			return err
		}
		defer db.Close()
		return db.View(func(tx *bbolt.Tx) error {
			if err := current().known(path, tx); err != nil {
				return err
			}
			if tx.Bucket(bucketEntries) == nil || tx.Bucket(bucketMeta) == nil {
				return fmt.Errorf("%w: it holds no entries", errBroken)
			}
			x := Extent{Entries: counted(dir, func(n uint64) []byte { return tx.Bucket(bucketEntries).Get(number(n)) })}
			return walk(tx, after, 1<<63, x, begin, visit)
		})
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("cannot read %q: %w", path, ErrHeld)
	case err != nil && !errors.As(err, new(*Broken)):
		return fmt.Errorf("cannot read the journal: %w", err)
	}
	return err
}

func walk(tx *bbolt.Tx, after, last uint64, x Extent, begin func(Extent) error, visit func(Sealed) error) (err error) {
	if x.Base, err = edgeOf(tx.Bucket(bucketMeta).Get(keyBase)); err != nil {
		return err
	}
	if err := begin(x); err != nil {
		return err
	}
	c := tx.Bucket(bucketEntries).Cursor()
	for k, v := c.Seek(number(after + 1)); k != nil && numberOf(k) <= last; k, v = c.Next() {
		e, err := sealedOf(v)
		if err != nil {
			return &Broken{numberOf(k), err.Error()}
		}
		if err := visit(e); err != nil {
			return err
		}
	}
	return nil
}
