package journal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// form is how a journal is written: its number, and the way to it from older ones.
//
// Whoever changes what stands in the file raises the number and adds a step. A step
// may change everything but the bytes of entries: those are sealed, and what seals
// them is gone. An entry's body that gets another shape is told apart by whoever reads
// it. ReadFile reads files of older numbers without bringing them anywhere: it has to
// go on doing so. A bbolt that writes another format of its own gets another file
// name, since this one could not tell it from a broken file.
type form struct {
	schema uint64
	steps  []func(*bbolt.Tx) error // the first brings schema 1 to 2
}

// current is the form that this stigwatch writes.
func current() *form { return &form{schema: 1, steps: []func(*bbolt.Tx) error{}} }

// Newer says that a journal was begun, or brought further, by a stigwatch that came
// after this one. It is left as it is, to the byte: what this one wrote there, the
// newer one might misread.
type Newer struct {
	Path       string
	Has, Knows uint64 // schemas
	By         string // which stigwatch brought it there; "" when that is not known
}

func (n *Newer) Error() string {
	by := "the stigwatch that was here before"
	if n.By != "" {
		by = "stigwatch " + n.By[:min(len(n.By), 64)]
	}
	return fmt.Sprintf("%q is left as it is: it has schema %d, by %s, and this one knows schema %d: install %s again, or a newer one; or, while stigwatch is stopped, "+
		"move %s, %s and %s together out of %q: then a fresh journal is begun", n.Path, n.Has, by, n.Knows, by, fileName, keyName, firstKeyName, filepath.Dir(n.Path))
}

// schemaOf reads the number of a file; 0 when nothing was begun in it.
func schemaOf(tx *bbolt.Tx) (n uint64, by string) {
	meta := tx.Bucket(bucketMeta)
	if meta == nil {
		return 0, ""
	}
	return numberOf(meta.Get(keySchema)), string(meta.Get(keySchemaBy))
}

// known refuses a file of a newer schema.
func (f *form) known(path string, tx *bbolt.Tx) error {
	if n, by := schemaOf(tx); n > f.schema {
		return &Newer{Path: path, Has: n, Knows: f.schema, By: by}
	}
	return nil
}

// peek looks at the file before anything in the folder is opened for writing: bbolt
// itself may write when it opens. Its errors are ErrTimeout, of bbolt, and *Newer; what
// else is wrong, load finds too.
func (j *Journal) peek() error {
	if info, err := os.Stat(j.path()); err != nil || info.Size() == 0 {
		return nil
	}
	err := j.guarded(func() error {
		db, err := bbolt.Open(j.path(), 0o600, &bbolt.Options{Timeout: lockWait, ReadOnly: true})
		if err != nil {
			return err
		}
		defer db.Close()
		return db.View(func(tx *bbolt.Tx) error { return j.o.form.known(j.path(), tx) })
	})
	if errors.As(err, new(*Newer)) || errors.Is(err, bolterrors.ErrTimeout) {
		return err
	}
	return nil
}

func (j *Journal) makeBuckets(tx *bbolt.Tx) error {
	if err := j.o.form.known(j.path(), tx); err != nil {
		return err
	}
	for _, name := range [][]byte{bucketEntries, bucketAlerts, bucketSinks, bucketLast, bucketKept, bucketMeta} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	meta := tx.Bucket(bucketMeta)
	if meta.Get(keySchema) != nil {
		return nil
	}
	if err := meta.Put(keyEpoch, []byte(rand.Text())); err != nil {
		return err
	}
	return j.markSchema(meta)
}

func (j *Journal) markSchema(meta *bbolt.Bucket) error {
	if err := meta.Put(keySchema, number(j.o.form.schema)); err != nil {
		return err
	}
	return meta.Put(keySchemaBy, []byte(j.o.Version))
}
