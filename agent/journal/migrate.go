package journal

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// spare is the room that has to be there besides the copy of a file that is brought to
// a newer schema. When its rewriting needs more, the transaction ends as if it had not
// been begun.
const spare = 8 << 20

// Migration is the body of an entry about a journal that was brought to a newer
// schema.
type Migration struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
	Copy string `json:"copy"` // what it was before, beside it
}

// Migrated says how Open brought the file to the schema of today; nil when it did
// not have to.
func (j *Journal) Migrated() *Migration {
	j.disk.Lock()
	defer j.disk.Unlock()
	return j.migrated
}

// migrate brings an older file to the schema of today: a copy first, then all steps
// in one transaction. Whatever goes wrong, the file is as it was, and an older
// stigwatch can go on with it; that is no reason to take it for broken and begin anew.
func (j *Journal) migrate(db *bbolt.DB) error {
	var from uint64
	if err := db.View(func(tx *bbolt.Tx) error { from, _ = schemaOf(tx); return nil }); err != nil {
		return err
	}
	to := j.o.form.schema
	if from == 0 || from >= to { // makeBuckets has the last word on these
		return nil
	}
	name := backupName(from)
	if err := j.stepwise(db, from, filepath.Join(j.o.Dir, name)); err != nil {
		return fmt.Errorf("cannot bring it from schema %d to %d, it is as it was: %w", from, to, err)
	}
	j.migrated = &Migration{From: from, To: to, Copy: name}
	j.dropOlder(name)
	return nil
}

func backupName(schema uint64) string { return fmt.Sprintf("%s.schema%d.bak", fileName, schema) }

// stepwise is migrate's doing. What panics in a step is an error of that, unless the
// file cannot be read either: then it is broken.
func (j *Journal) stepwise(db *bbolt.DB, from uint64, backup string) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%v", v)
		}
		if err == nil {
			return
		}
		_, _ = os.Remove(backup), os.Remove(backup+".new")
		err = fmt.Errorf("%v", err) // not wrapped: none of it says that the file is broken
		if bad := j.guarded(func() error { return db.View(readAll) }); bad != nil {
			err = fmt.Errorf("%v; %w", err, bad)
		}
	}()
	if err := db.View(func(tx *bbolt.Tx) error { return j.copyTo(tx, backup) }); err != nil {
		return fmt.Errorf("cannot keep a copy as %q: %w", backup, err)
	}
	return db.Update(func(tx *bbolt.Tx) error {
		for i, step := range j.o.form.steps[from-1:] {
			if err := j.step(fmt.Sprintf("schema %d", int(from)+i+1)); err != nil {
				return err
			}
			if err := step(tx); err != nil {
				return err
			}
		}
		if err := j.step("mark"); err != nil {
			return err
		}
		return j.markSchema(tx.Bucket(bucketMeta))
	})
}

// copyTo writes what the file is now to another, all of which is on disk then. An
// older copy of that name is what an attempt before this one left.
func (j *Journal) copyTo(tx *bbolt.Tx, path string) error {
	if err := j.step("room"); err != nil {
		return err
	}
	if err := room(filepath.Dir(path), tx.Size()+spare); err != nil {
		return err
	}
	if err := j.step("create"); err != nil {
		return err
	}
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := j.step("copy"); err != nil {
		return err
	}
	if _, err := tx.WriteTo(f); err != nil {
		return err
	}
	if err := j.step("sync"); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := j.step("rename"); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	if err := j.step("sync folder"); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// room tells when a folder has fewer free bytes than are needed.
func room(dir string, need int64) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return fmt.Errorf("cannot see how much room there is: %w", err)
	}
	if free := int64(st.Bavail) * st.Bsize; free < need { //nolint:gosec // no disk is that large
		return fmt.Errorf("%d MiB are free in %q and %d MiB are needed: make room and start stigwatch again: %w", free>>20, dir, need>>20+1, unix.ENOSPC)
	}
	return nil
}

// readAll looks at every value, as far as that goes.
func readAll(tx *bbolt.Tx) error {
	return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
		return b.ForEach(func(k, v []byte) error {
			_ = sha256.Sum256(v)
			return nil
		})
	})
}

// dropOlder removes the copies of earlier migrations. What cannot be removed costs
// room only.
func (j *Journal) dropOlder(newest string) {
	all, err := os.ReadDir(j.o.Dir)
	if err != nil || j.step("drop older") != nil {
		return
	}
	for _, e := range all {
		if name := e.Name(); name != newest && strings.HasPrefix(name, fileName+".schema") && strings.Contains(name, ".bak") {
			_ = os.Remove(filepath.Join(j.o.Dir, name))
		}
	}
}

func (j *Journal) step(name string) error {
	if j.o.step == nil {
		return nil
	}
	return j.o.step(name)
}

func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
