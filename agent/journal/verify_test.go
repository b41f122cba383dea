package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// recorded makes a journal of n entries and gives its folder and first key.
func recorded(t testing.TB, n int, most int64) (string, Key) {
	t.Helper()
	dir := t.TempDir()
	j := open(t, Options{Dir: dir, MaxBytes: most})
	for i := range n {
		j.Put(nil, Record{Kind: Change, At: time.Now(), Body: note{Seq: uint64(i), Text: strings.Repeat("x", i%50)}})
		j.commit()
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, taken(t, dir)
}

func taken(t testing.TB, dir string) (first Key) {
	t.Helper()
	if err := TakeKey(dir, func(k Key) error { first = k; return nil }); err != nil {
		t.Fatal(err)
	}
	return first
}

// verify does what `journal verify` does.
func verify(dir string, key *Key, head *Edge) error {
	return Verify(key, head, func(begin func(Extent) error, visit func(Sealed) error) error {
		return ReadFile(dir, 0, begin, visit)
	})
}

func edit(t testing.TB, dir string, do func(b *bbolt.Bucket) error) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, fileName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { return do(tx.Bucket(bucketEntries)) })
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// copied gives another folder with the same files.
func copied(t testing.TB, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

func wantBroken(t *testing.T, what string, err error, at uint64) {
	t.Helper()
	var b *Broken
	if !errors.As(err, &b) || b.N != at {
		t.Errorf("%s: %v, want entry %d to be named", what, err, at)
	}
}

func TestAJournalAsItWasWrittenVerifies(t *testing.T) {
	dir, key := recorded(t, 40, 0)
	for name, k := range map[string]*Key{"with the key": &key, "without": nil} {
		if err := verify(dir, k, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := Key{1}
	wantBroken(t, "with another journal's key", verify(dir, &other, nil), 1)
}

func TestEveryFlippedByteIsFound(t *testing.T) {
	const n = 20
	pristine, key := recorded(t, n, 0)
	for at := uint64(1); at <= n; at++ {
		var size int
		edit(t, pristine, func(b *bbolt.Bucket) error { size = len(b.Get(number(at))); return nil })
		for pos := range size {
			if pos > 64 && pos%7 != 0 {
				continue // every byte of hash and seal, every seventh of the text
			}
			dir := pristine
			var old []byte
			edit(t, dir, func(b *bbolt.Bucket) error {
				old = bytes.Clone(b.Get(number(at)))
				v := bytes.Clone(old)
				v[pos] ^= 0x20
				return b.Put(number(at), v)
			})
			wantBroken(t, fmt.Sprintf("byte %d", pos), verify(dir, &key, nil), at)
			edit(t, dir, func(b *bbolt.Bucket) error { return b.Put(number(at), old) })
		}
	}
	if err := verify(pristine, &key, nil); err != nil {
		t.Fatal(err)
	}
}

func TestDeletedSwappedAndCutEntriesAreFound(t *testing.T) {
	const n = 25
	pristine, key := recorded(t, n, 0)
	for at := uint64(1); at <= n; at++ {
		for _, k := range []*Key{&key, nil} {
			dir := copied(t, pristine)
			edit(t, dir, func(b *bbolt.Bucket) error { return b.Delete(number(at)) })
			wantBroken(t, "deleted", verify(dir, k, nil), at)

			dir = copied(t, pristine)
			edit(t, dir, func(b *bbolt.Bucket) error {
				for i := at; i <= n; i++ {
					if err := b.Delete(number(i)); err != nil {
						return err
					}
				}
				return nil
			})
			wantBroken(t, "tail cut", verify(dir, k, nil), at)

			if at == n {
				continue
			}
			dir = copied(t, pristine)
			edit(t, dir, func(b *bbolt.Bucket) error {
				x, y := bytes.Clone(b.Get(number(at))), bytes.Clone(b.Get(number(at+1)))
				return errors.Join(b.Put(number(at), y), b.Put(number(at+1), x))
			})
			wantBroken(t, "swapped", verify(dir, k, nil), at)
		}
	}
}

// Nobody waits until the key is on the disk: after a power cut an older one is there.
func TestAKeyThatThePowerCutLeftBehindCountsWhatItLeadsTo(t *testing.T) {
	const n, behind = 9, 4
	dir := t.TempDir()
	path := filepath.Join(dir, keyName)
	var old []byte
	j := open(t, Options{Dir: dir})
	for i := range n {
		if i == behind {
			old, _ = os.ReadFile(path)
		}
		j.Put(nil, Record{Kind: Change, At: time.Now(), Body: note{Seq: uint64(i)}})
		j.commit()
	}
	j.crash()
	if err := os.WriteFile(path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	key := taken(t, dir)
	for _, k := range []*Key{nil, &key} {
		if err := verify(dir, k, nil); err != nil {
			t.Errorf("with %v: %v", k, err)
		}
	}
	edit(t, dir, func(b *bbolt.Bucket) error { // by somebody without the key
		last, err := sealedOf(b.Get(number(n)))
		e := Sealed{JSON: bytes.Replace(last.JSON, []byte(`"n":9`), []byte(`"n":10`), 1)}
		e.Hash = chain(last.Hash, e.JSON)
		return errors.Join(err, b.Put(number(n+1), e.bytes()))
	})
	wantBroken(t, "forged", verify(dir, nil, nil), n+1)
	edit(t, dir, func(b *bbolt.Bucket) error { return errors.Join(b.Delete(number(n+1)), b.Delete(number(behind))) })
	wantBroken(t, "cut in the middle", verify(dir, nil, nil), behind)
}

// Who takes the machine over has the file and the newest key. He can compute every
// hash anew; the seals of what was before he cannot.
func TestHistoryCannotBeRewrittenWithTheNewestKey(t *testing.T) {
	const n, at = 30, 12
	dir, key := recorded(t, n, 0)
	b, err := os.ReadFile(filepath.Join(dir, keyName))
	if err != nil {
		t.Fatal(err)
	}
	var newest Key
	copy(newest[:], b[8:])
	edit(t, dir, func(bucket *bbolt.Bucket) error {
		prev, err := sealedOf(bucket.Get(number(at - 1)))
		if err != nil {
			return err
		}
		for i := uint64(at); i <= n; i++ {
			e, err := sealedOf(bucket.Get(number(i)))
			if err != nil {
				return err
			}
			if i == at {
				e.JSON = bytes.Replace(e.JSON, []byte("change"), []byte("pass"), 1)
			}
			e.Hash = chain(prev.Hash, e.JSON)
			e.Seal = newest.seal(e.Hash)
			if err := bucket.Put(number(i), e.bytes()); err != nil {
				return err
			}
			prev = e
		}
		return nil
	})
	wantBroken(t, "rewritten", verify(dir, &key, nil), at)
	if err := verify(dir, nil, nil); err != nil {
		t.Errorf("the forger made a mistake, so this test shows nothing: %v", err)
	}
}

func TestAnOlderWholeFileIsFoundByAHeartbeatsHead(t *testing.T) {
	dir, key := recorded(t, 10, 0)
	older := copied(t, dir)
	j := open(t, Options{Dir: dir})
	j.Put(nil, Record{Kind: Stop, At: time.Now()})
	j.commit()
	head := j.Head()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := verify(dir, &key, &head); err != nil {
		t.Error(err)
	}
	if err := verify(older, &key, nil); err != nil {
		t.Errorf("an older state is whole in itself: %v", err)
	}
	wantBroken(t, "older", verify(older, &key, &head), 11)
	head.Hash[0]++
	wantBroken(t, "another history", verify(dir, &key, &head), 11)
}

func TestCompactionKeepsTheChainProvable(t *testing.T) {
	dir, key := recorded(t, 500, 20_000)
	var x Extent
	err := ReadFile(dir, 0, func(got Extent) error { x = got; return nil }, func(Sealed) error { return nil })
	if err != nil || x.Base.N == 0 {
		t.Fatalf("nothing was compacted: %+v, %v", x, err)
	}
	if err := verify(dir, &key, nil); err != nil {
		t.Error(err)
	}
	edit(t, dir, func(b *bbolt.Bucket) error { return b.Delete(number(x.Base.N + 1)) })
	wantBroken(t, "first one that was left deleted", verify(dir, &key, nil), x.Base.N+1)

	// Somebody who takes more out than the agent did, and says so.
	dir, key = recorded(t, 500, 20_000)
	db, err := bbolt.Open(filepath.Join(dir, fileName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		k, v := tx.Bucket(bucketEntries).Cursor().First()
		e, err := sealedOf(v)
		if err != nil {
			return err
		}
		base, err := json.Marshal(Edge{numberOf(k), e.Hash})
		return errors.Join(err, tx.Bucket(bucketMeta).Put(keyBase, base), tx.Bucket(bucketEntries).Delete(k))
	})
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if err := verify(dir, &key, nil); err == nil {
		t.Error("the front was cut, and nobody saw")
	}
}

func TestTheVerificationKeyIsShownOnce(t *testing.T) {
	dir := t.TempDir()
	if err := TakeKey(dir, func(Key) error { return nil }); err == nil || errors.Is(err, ErrKeyTaken) {
		t.Errorf("without a journal: %v", err)
	}
	if err := open(t, Options{Dir: dir}).Close(); err != nil {
		t.Fatal(err)
	}
	if !KeyWaits(dir) {
		t.Error("the key does not wait")
	}
	broke := errors.New("the terminal went away")
	if err := TakeKey(dir, func(Key) error { return broke }); !errors.Is(err, broke) || !KeyWaits(dir) {
		t.Errorf("a key that was not shown is gone: %v", err)
	}
	k := taken(t, dir)
	if again, err := ParseKey(k.String() + "\n"); err != nil || again != k {
		t.Error(err)
	}
	if err := TakeKey(dir, func(Key) error { return nil }); !errors.Is(err, ErrKeyTaken) || KeyWaits(dir) {
		t.Errorf("a second time: %v", err)
	}
}

const childFolder = "STIGWATCH_JOURNAL_CHILD"

// TestChildThatIsKilled writes until it is killed, and prints each number that
// is on disk.
func TestChildThatIsKilled(t *testing.T) {
	dir := os.Getenv(childFolder)
	if dir == "" {
		t.Skip("only TestKilledAtAnyMomentTheChainHolds runs this, as a child process")
	}
	j, err := Open(Options{Dir: dir, MaxBytes: 60_000, Sinks: map[string]Bounds{"siem": {}}})
	if err != nil {
		t.Fatal(err)
	}
	for {
		r := alertOf(j)
		j.Put(nil, Record{Kind: Change, At: time.Now()}, r)
		j.commit()
		if j.Fault() == nil {
			fmt.Println(r.Seq)
		}
	}
}

func TestKilledAtAnyMomentTheChainHolds(t *testing.T) {
	dir := t.TempDir()
	rounds := 40
	if testing.Short() {
		rounds = 5
	}
	last := uint64(0)
	for i := range rounds {
		cmd := exec.Command(os.Args[0], "-test.run=^TestChildThatIsKilled$")
		cmd.Env = append(os.Environ(), childFolder+"="+dir, "GORACE=atexit_sleep_ms=0")
		var out bytes.Buffer
		cmd.Stdout = &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(5+i*3) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		words := strings.Fields(out.String())
		if len(words) == 0 {
			continue
		}
		newest, err := strconv.ParseUint(words[len(words)-1], 10, 64)
		if err != nil || newest <= last {
			t.Fatalf("round %d: %q after %d", i, words[len(words)-1], last)
		}
		last = newest
		j := open(t, Options{Dir: dir, MaxBytes: 60_000, Sinks: map[string]Bounds{"siem": {}}})
		got := seqs(t, j.Next("siem", newest-1, 10))
		if !slices.Contains(got, newest) {
			t.Fatalf("round %d: %d was on disk and is gone: %v", i, newest, got)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if last == 0 {
		t.Fatal("no child ever wrote anything")
	}
	key := taken(t, dir)
	if err := verify(dir, &key, nil); err != nil {
		t.Error(err)
	}
}
