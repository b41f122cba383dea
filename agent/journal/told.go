package journal

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"stigwatch/agent/finding"
)

const (
	toldName   = "journal.told"
	ruleBytes  = 24
	stateBytes = 16
	slotBytes  = ruleBytes + 2*stateBytes + 8 + 8 + 8
	mostTold   = 256 // rules

	toldMagic  = "stigtold" // followed by the number of the form
	toldSchema = 1
	toldHeader = len(toldMagic) + 8
)

// Told is the newest change of a rule that was about to leave.
type Told struct {
	Rule    string          // empty: news about the agent
	Was     finding.Outcome // before it
	Outcome finding.Outcome
	Turn    uint64
	Seq     uint64
}

// toldFile holds the newest of each rule, in a slot of its own. It is written
// before the alert leaves, and nobody waits for the disk: what a killed process
// wrote is there when it starts again. Without it a change that left in the moment
// before a kill, and was undone before the next start, would never be taken back.
// After a power cut slots may be old, which costs nothing, or half written, which
// their sums tell.
type toldFile struct {
	file  *os.File // nil: there is none, and nothing is kept
	slots map[string]int64
	found map[string]Told
}

// openTold takes the file up, whole from the beginning, so that a disk which is
// full later has room for it. One of a newer stigwatch is left as it is: that happens
// when somebody moved the journal away and not this.
func openTold(dir string) (*toldFile, error) {
	t := &toldFile{slots: map[string]int64{}, found: map[string]Told{}}
	f, err := os.OpenFile(filepath.Join(dir, toldName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return t, fmt.Errorf("cannot open what was told last: %w", err)
	}
	b, err := beginTold(f)
	if err != nil {
		return t, errors.Join(fmt.Errorf("cannot use %q: %w", f.Name(), err), f.Close())
	}
	t.file = f
	t.take(b)
	return t, nil
}

// take finds what is in the slots, which follow the header.
func (t *toldFile) take(b []byte) {
	for slot := range int64(mostTold) {
		at := int64(toldHeader) + slot*slotBytes
		if at+slotBytes > int64(len(b)) {
			return
		}
		if told, ok := toldOf(b[at:][:slotBytes]); ok {
			t.slots[told.Rule], t.found[told.Rule] = slot, told
		}
	}
}

// ReadTold gives, by rule, what an agent that has ended was about to tell last.
func ReadTold(dir string) (map[string]Told, error) {
	b, err := os.ReadFile(filepath.Join(dir, toldName))
	t := &toldFile{slots: map[string]int64{}, found: map[string]Told{}}
	if len(b) >= toldHeader && string(b[:len(toldMagic)]) == toldMagic && numberOf(b[len(toldMagic):toldHeader]) == toldSchema {
		t.take(b)
	}
	return t.found, err
}

// beginTold gives the file's bytes, all of which are there then.
func beginTold(f *os.File) ([]byte, error) {
	b := make([]byte, toldHeader+mostTold*slotBytes)
	_, err := f.ReadAt(b, 0)
	short := errors.Is(err, io.EOF)
	if err != nil && !short {
		return nil, err
	}
	begun := string(b[:len(toldMagic)]) == toldMagic
	n := numberOf(b[len(toldMagic):toldHeader])
	switch {
	case begun && n > toldSchema:
		return nil, fmt.Errorf("it is of a newer stigwatch (schema %d, this one knows %d): move it away", n, toldSchema)
	case begun && !short:
		return b, nil
	case !begun:
		clear(b)
		copy(b[copy(b, toldMagic):], number(toldSchema))
	}
	_, err = f.WriteAt(b, 0)
	return b, err
}

// write keeps what is about to leave. What does not fit is not kept.
func (t *toldFile) write(told Told) {
	if t.file == nil || len(told.Rule) > ruleBytes || max(len(told.Was), len(told.Outcome)) > stateBytes {
		return
	}
	slot, known := t.slots[told.Rule]
	if !known {
		slot = t.free()
		t.slots[told.Rule] = slot
	}
	if slot < mostTold {
		_, _ = t.file.WriteAt(told.bytes(), int64(toldHeader)+slot*slotBytes)
	}
}

func (t *toldFile) free() int64 {
	taken := map[int64]bool{}
	for _, slot := range t.slots {
		taken[slot] = true
	}
	for slot := range int64(mostTold) {
		if !taken[slot] {
			return slot
		}
	}
	return mostTold
}

// forget is for a journal that is begun: the turns are those of another one.
func (t *toldFile) forget() {
	clear(t.found)
	clear(t.slots)
	if t.file != nil {
		_, _ = t.file.WriteAt(make([]byte, mostTold*slotBytes), int64(toldHeader))
	}
}

func (t *toldFile) close() error {
	if t.file == nil {
		return nil
	}
	return t.file.Close()
}

func (t *Told) bytes() []byte {
	b := make([]byte, ruleBytes+2*stateBytes, slotBytes)
	copy(b, t.Rule)
	copy(b[ruleBytes:], t.Was)
	copy(b[ruleBytes+stateBytes:], t.Outcome)
	b = append(b, number(t.Turn)...)
	b = append(b, number(t.Seq)...)
	sum := sha256.Sum256(b)
	return append(b, sum[:8]...)
}

func toldOf(b []byte) (Told, bool) {
	sum := sha256.Sum256(b[:slotBytes-8])
	text := func(b []byte) string { return string(bytes.TrimRight(b, "\x00")) }
	outcome := func(b []byte) finding.Outcome { return finding.Outcome(text(b[:stateBytes])) }
	states, numbers := b[ruleBytes:], b[ruleBytes+2*stateBytes:]
	return Told{
		Rule: text(b[:ruleBytes]), Was: outcome(states), Outcome: outcome(states[stateBytes:]),
		Turn: numberOf(numbers[:8]), Seq: numberOf(numbers[8:16]),
	}, bytes.Equal(sum[:8], b[slotBytes-8:])
}

// Telling takes down that a change is about to leave, before it is put. It does
// not wait for the disk. Only the loop calls it.
func (j *Journal) Telling(t Told) { j.told.write(t) }

// Told gives, by rule, what earlier runs were about to tell last, committed or
// not: a rule's turn says which.
func (j *Journal) Told() map[string]Told { return j.told.found }
