package journal

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The names of the key files, beside the journal.
const (
	keyName      = "journal.key"       // seals the next entry; is overwritten by the one after it
	firstKeyName = "journal.first-key" // verifies all; until somebody has taken it
)

// Key seals one entry. The key of an entry follows from the one before it and
// not the other way round, and only the newest is kept: who takes the machine
// over can seal what comes, and nothing that was. So do systemd's journal (Marson
// and Poettering, Practical Secure Logging, 2013) and Samhain.
type Key [sha256.Size]byte

func (k *Key) derive(what string) (out [sha256.Size]byte) {
	h := hmac.New(sha256.New, k[:])
	h.Write([]byte(what))
	h.Sum(out[:0])
	return out
}

// next is the key of the entry after this one.
func (k *Key) next() Key { return k.derive("stigwatch journal: next key") }

// seal is the proof that the chain stood at hash when this key was in use.
func (k *Key) seal(hash Sum) Sum {
	own := k.derive("stigwatch journal: seal")
	defer clear(own[:])
	h := hmac.New(sha256.New, own[:])
	h.Write(hash[:])
	return Sum(h.Sum(nil))
}

// String gives what `journal key` shows: 64 hexadecimal digits.
func (k *Key) String() string { return hex.EncodeToString(k[:]) }

// ParseKey reads what `journal key` showed.
func ParseKey(text string) (Key, error) {
	var k Key
	b, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != len(k) {
		return k, errors.New("a verification key is 64 hexadecimal digits, as `stigwatch journal key` showed them")
	}
	copy(k[:], b)
	return k, nil
}

// sealer holds the newest key and the number of the entry that it is for.
type sealer struct {
	file *os.File
	n    uint64
	key  Key
}

// newSealer begins a chain: it makes the first key, and leaves it to be taken.
func newSealer(dir string) (*sealer, error) {
	s := &sealer{n: 1}
	if _, err := rand.Read(s.key[:]); err != nil {
		return nil, err
	}
	first := filepath.Join(dir, firstKeyName)
	f, err := os.OpenFile(first, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		text := append(hex.AppendEncode(nil, s.key[:]), '\n')
		_, err = f.Write(text)
		clear(text)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("cannot keep the journal's first key: %w", err)
	}
	if s.file, err = os.OpenFile(filepath.Join(dir, keyName), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return nil, fmt.Errorf("cannot keep the journal's key: %w", err)
	}
	return s, errors.Join(s.keep(), s.file.Sync()) // this once: an empty file leads to nothing
}

var errNoKey = errors.New("its key does not fit")

// openSealer takes the key up again and brings it to the entry after last, which
// it may be behind after a crash, but never ahead of.
func openSealer(dir string, last uint64) (*sealer, error) {
	f, err := os.OpenFile(filepath.Join(dir, keyName), os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoKey, err)
	}
	s := &sealer{file: f}
	b := make([]byte, keyBytes)
	defer clear(b)
	if _, err := f.ReadAt(b, 0); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", errNoKey, err), f.Close())
	}
	s.n = numberOf(b[:8])
	copy(s.key[:], b[8:])
	own := s.bytes()
	defer clear(own)
	if !bytes.Equal(b, own) || s.n > last+1 || s.n == 0 {
		return nil, errors.Join(fmt.Errorf("%w: it is for entry %d, and the last one is %d", errNoKey, s.n, last), f.Close())
	}
	for s.n <= last {
		s.advance()
	}
	return s, s.keep()
}

const keyBytes = 8 + sha256.Size + 8

// bytes are the number, the key, and a sum that a half-written file has not.
func (s *sealer) bytes() []byte {
	b := append(make([]byte, 0, keyBytes), number(s.n)...) // growing would leave copies behind
	b = append(b, s.key[:]...)
	sum := sha256.Sum256(b)
	return append(b, sum[:8]...)
}

func (s *sealer) advance() {
	s.key = s.key.next()
	s.n++
}

// keep overwrites the key before. It does not wait for the disk: after a power
// cut the older key that stands there leads to the newer one.
func (s *sealer) keep() error {
	b := s.bytes()
	defer clear(b)
	if _, err := s.file.WriteAt(b, 0); err != nil {
		return fmt.Errorf("cannot keep the journal's key: %w", err)
	}
	return nil
}

// close forgets the key: the file has it.
func (s *sealer) close() error {
	clear(s.key[:])
	return s.file.Close()
}

// counted is how many entries there have to be, by the key in a folder; 0 when that
// is not known. After a power cut the key may be behind: what it leads to and has
// sealed counts too.
func counted(dir string, entry func(n uint64) []byte) uint64 {
	b, err := os.ReadFile(filepath.Join(dir, keyName))
	if err != nil || len(b) != keyBytes {
		return 0
	}
	s := &sealer{n: numberOf(b[:8])}
	copy(s.key[:], b[8:])
	clear(b)
	defer func() { clear(s.key[:]) }()
	for {
		e, err := sealedOf(entry(s.n))
		if want := s.key.seal(e.Hash); err != nil || !hmac.Equal(want[:], e.Seal[:]) {
			return s.n - 1
		}
		s.advance()
	}
}

// KeyWaits tells whether nobody has taken the verification key of a folder's
// journal yet.
func KeyWaits(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, firstKeyName))
	return err == nil
}

// ErrKeyTaken says that the verification key was shown before.
var ErrKeyTaken = errors.New("the verification key was taken before, and is shown only once")

// TakeKey gives the verification key of a folder's journal to show, and removes
// it: what is left on the machine verifies nothing that an intruder could not
// have written.
func TakeKey(dir string, show func(Key) error) error {
	path := filepath.Join(dir, firstKeyName)
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !exists(filepath.Join(dir, fileName)):
		return fmt.Errorf("there is no journal in %q yet: it begins when the agent runs for the first time", dir)
	case errors.Is(err, fs.ErrNotExist):
		return ErrKeyTaken
	case err != nil:
		return fmt.Errorf("cannot read the verification key: %w", err)
	}
	defer clear(b)
	k, err := ParseKey(string(b))
	if err != nil {
		return fmt.Errorf("cannot use %q: %w", path, err)
	}
	if err := show(k); err != nil {
		return err
	}
	return erase(path, len(b))
}

// erase overwrites a file before it goes.
func erase(path string, size int) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("cannot remove the verification key: %w", err)
	}
	_, err = f.WriteAt(make([]byte, size), 0)
	if err = errors.Join(err, f.Sync(), f.Close(), os.Remove(path)); err != nil {
		return fmt.Errorf("cannot remove the verification key: %w", err)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
