package journal

import (
	"crypto/hmac"
	"encoding/json"
	"fmt"
)

// Broken says where a journal is not what was written.
type Broken struct {
	N   uint64 // the entry; for what is missing at the end, the one after the last
	Why string
}

// Error names the entry.
func (b *Broken) Error() string { return fmt.Sprintf("entry %d: %s", b.N, b.Why) }

// Edge is where the entries that are left begin or end.
type Edge struct {
	N    uint64 `json:"n"`
	Hash Sum    `json:"hash"`
}

// String gives NUMBER:HASH, as heartbeats tell it.
func (e Edge) String() string { return fmt.Sprintf("%d:%s", e.N, e.Hash) }

// Verifier walks a journal from its first entry that is left to its last.
type Verifier struct {
	base      Edge // the last one that was taken out
	key       *Key // of the next entry; nil: seals are not looked at
	last      Edge
	compacted uint64
	wanted    *Edge
}

// NewVerifier begins after base, which is the zero Edge unless old entries were
// taken out. With the first key seals are checked; without it, who holds the
// machine could have written the whole chain anew.
func NewVerifier(base Edge, first *Key) *Verifier {
	v := &Verifier{base: base, last: base}
	if first != nil {
		k := *first
		for range base.N {
			k = k.next()
		}
		v.key = &k
	}
	return v
}

// Want has the walk fail unless the chain stood at this edge once: a head that a
// heartbeat told.
func (v *Verifier) Want(head Edge) { v.wanted = &head }

// Add takes the next entry; its error is a *Broken.
func (v *Verifier) Add(e Sealed) error {
	n := v.last.N + 1
	entry, err := e.Entry()
	switch {
	case err != nil:
		return &Broken{n, err.Error()}
	case entry.N != n:
		return &Broken{n, fmt.Sprintf("entry %d stands in its place", entry.N)}
	case chain(v.last.Hash, e.JSON) != e.Hash:
		return &Broken{n, "it does not follow the one before it: one of them was changed"}
	}
	if v.key != nil {
		want := v.key.seal(e.Hash)
		if !hmac.Equal(want[:], e.Seal[:]) {
			return &Broken{n, "its seal is not that of the key: it was written by somebody else, or the key is another journal's"}
		}
		next := v.key.next()
		v.key = &next
	}
	v.last = Edge{n, e.Hash}
	if entry.Kind == Compacted {
		var c compaction
		if err := json.Unmarshal(entry.Body, &c); err != nil {
			return &Broken{n, "it does not say what was compacted"}
		}
		v.compacted = c.Through
	}
	if v.wanted != nil && v.wanted.N == n && v.wanted.Hash != e.Hash {
		return &Broken{n, "its hash was another one: the heartbeat told " + v.wanted.Hash.String()}
	}
	return nil
}

// Done ends the walk. The journal's key says how many entries there have to be;
// 0 when that is not known.
func (v *Verifier) Done(entries uint64) error {
	switch {
	case v.base.N != v.compacted:
		return &Broken{v.base.N, fmt.Sprintf("entries up to %d are gone, and the agent took out those up to %d", v.base.N, v.compacted)}
	case entries > 0 && v.last.N < entries:
		return &Broken{v.last.N + 1, fmt.Sprintf("it is missing, with all after it: the journal's key counts %d entries", entries)}
	case entries > 0 && v.last.N > entries:
		return &Broken{entries + 1, fmt.Sprintf("the journal's key counts only %d entries", entries)}
	case v.wanted != nil && v.wanted.N > v.last.N:
		return &Broken{v.last.N + 1, fmt.Sprintf("it is missing, with all after it: a heartbeat told of entry %d", v.wanted.N)}
	case v.wanted != nil && v.wanted.N <= v.base.N:
		return &Broken{v.wanted.N, fmt.Sprintf("the agent has taken out all up to %d: take a newer heartbeat's head", v.base.N)}
	}
	return nil
}

// Last is the edge that the walk came to.
func (v *Verifier) Last() Edge { return v.last }

// Verify checks a journal that read walks from its first entry to its last, and
// gives a *Broken for the first that is not what was written. Key and head may be
// nil, as for NewVerifier and Want.
func Verify(key *Key, head *Edge, read func(begin func(Extent) error, visit func(Sealed) error) error) error {
	var v *Verifier
	var entries uint64
	err := read(func(x Extent) error {
		v, entries = NewVerifier(x.Base, key), x.Entries
		if head != nil {
			v.Want(*head)
		}
		return nil
	}, func(s Sealed) error { return v.Add(s) })
	if err != nil {
		return err
	}
	return v.Done(entries)
}
