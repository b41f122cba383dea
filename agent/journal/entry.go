package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Kind says what an entry tells of.
type Kind string

// The kinds of entries.
const (
	Start     Kind = "start"     // of the agent
	Stop      Kind = "stop"      // of the agent, when it was asked to
	Pass      Kind = "pass"      // that changed something
	Change    Kind = "change"    // of a verdict
	State     Kind = "state"     // how everything stands: at each start, and each day
	Who       Kind = "who"       // changed a file, of an alert: at once, or what was learned later
	Alert     Kind = "alert"     // that goes to the sinks
	Delivered Kind = "delivered" // alerts that a sink is done with
	Dropped   Kind = "dropped"   // alerts that a sink will not get
	Gap       Kind = "gap"       // entries that could not be recorded
	Compacted Kind = "compacted" // old entries that were taken out, by the agent
	Migrated  Kind = "migrated"  // this journal was brought to a newer schema
	Fresh     Kind = "fresh"     // this journal took the place of one that was broken
	Condition Kind = "condition" // of the agent itself: began or ended
	Config    Kind = "config"    // was loaded, or refused
	Window    Kind = "window"    // of maintenance: opened, closed
	People    Kind = "people"    // attestations and waivers that came, went or ended
	Planned   Kind = "planned"   // what would put a failing rule right
	Applied   Kind = "applied"   // a plan, by hand or by itself: what came of it
	Undone    Kind = "undone"    // a plan was taken back
	Self      Kind = "self"      // what the agent itself consists of was changed
	Mode      Kind = "mode"      // of enforcement: another one, or a rule is left alone, or taken up again
)

// Record is something that happened, before it has a place in the journal.
type Record struct {
	Kind Kind
	At   time.Time
	Body any    // becomes JSON off the caller's path: it must not change any more
	Seq  uint64 // of an alert; else 0
}

// Late is a body that is made when it is written, off the caller's path.
type Late interface{ Late() any }

// Entry is one record as it stands in the journal.
type Entry struct {
	N    uint64          `json:"n"` // counts from 1, without a hole
	At   time.Time       `json:"at"`
	Kind Kind            `json:"kind"`
	Body json.RawMessage `json:"body"`
}

// Sealed is an entry with what proves its place: its own bytes as they were
// written, the chain's hash up to and with it, and the seal over that.
type Sealed struct {
	JSON json.RawMessage `json:"entry"`
	Hash Sum             `json:"hash"`
	Seal Sum             `json:"seal"`
}

// Sum is a SHA-256 or an HMAC-SHA-256; in JSON it is 64 hexadecimal digits.
type Sum [sha256.Size]byte

// String gives the digits.
func (s Sum) String() string { return fmt.Sprintf("%x", s[:]) }

// MarshalText gives the digits.
func (s Sum) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the digits.
func (s *Sum) UnmarshalText(b []byte) error {
	if len(b) != 2*len(s) {
		return fmt.Errorf("%d digits are no SHA-256", len(b))
	}
	_, err := hex.Decode(s[:], b)
	return err
}

// chain gives the hash that follows prev.
func chain(prev Sum, entry []byte) Sum {
	h := sha256.New()
	h.Write(prev[:])
	h.Write(entry)
	return Sum(h.Sum(nil))
}

// On disk an entry is its hash, its seal, and its JSON.
func (e *Sealed) bytes() []byte {
	b := make([]byte, 0, 2*len(e.Hash)+len(e.JSON))
	b = append(b, e.Hash[:]...)
	b = append(b, e.Seal[:]...)
	return append(b, e.JSON...)
}

var errShort = errors.New("it is cut short")

func sealedOf(b []byte) (Sealed, error) {
	var e Sealed
	if len(b) < 2*sha256.Size {
		return e, errShort
	}
	copy(e.Hash[:], b)
	copy(e.Seal[:], b[sha256.Size:])
	e.JSON = bytes.Clone(b[2*sha256.Size:])
	return e, nil
}

// Entry reads the entry itself.
func (e *Sealed) Entry() (Entry, error) {
	var out Entry
	if err := json.Unmarshal(e.JSON, &out); err != nil {
		return out, fmt.Errorf("it is not what was written: %w", err)
	}
	return out, nil
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func numberOf(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}
