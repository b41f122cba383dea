// Package attest owns attestations.yaml: what people answer for facts that
// cannot be read on the box, for how long, and what makes an answer void.
//
// An attestation names the facts and questions that it answers. Whether it may
// answer one at this moment is for the verdict to say: never one that is
// unreadable, never one that is known.
package attest

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"stigwatch/agent/finding"
	"stigwatch/agent/strict"
)

// fileKey is the one key of the file.
const fileKey = "attestations"

// Attestation is one signed-off answer, as it stands in the file.
type Attestation struct {
	Rule      string          `key:"rule,required"`      // "V-251004"
	Facts     []string        `key:"facts,required"`     // of the rule, or its off-box questions
	Status    finding.Outcome `key:"status,required"`    // pass, fail, notapplicable
	Statement string          `key:"statement,required"` // without white space around it
	By        Person          `key:"by,required"`
	When      string          `key:"when,required"`    // RFC 3339 in UTC
	Expires   string          `key:"expires,required"` // likewise; from this instant on it is void
	Evidence  *Evidence       `key:"evidence"`
}

// Person is who answers.
type Person struct {
	Name string `key:"name,required"`
	Role string `key:"role,required"`
}

// Evidence is a file in the evidence folder that shows the answer.
type Evidence struct {
	File   string `key:"file,required"`   // relative to the folder
	Digest string `key:"digest,required"` // "sha256:…" of the file when it was attested
}

// Known is what may be answered: rule → its facts and off-box questions.
type Known map[string][]string

// Book is attestations.yaml. The zero value holds no attestation.
type Book struct {
	Attestations []Attestation
	Digest       string // "sha256:…" of the file
}

type file struct {
	Attestations []Attestation `key:"attestations"`
}

// Load reads an attestations.yaml. It may be missing unless somebody named it.
// The error, if any, is a strict.Mistakes.
func Load(path string, named bool, known Known) (*Book, error) {
	b, err := strict.ReadFile(path)
	if err != nil && (named || !errors.Is(err, fs.ErrNotExist)) {
		return nil, strict.Mistakes{{File: path, Msg: strict.Cannot("read", err)}}
	}
	list, err := parse(path, b, known)
	if err != nil {
		return nil, err
	}
	return &Book{Attestations: list, Digest: strict.Digest(b)}, nil
}

// Add appends an attestation to the file at path, which it makes when there is
// none. What stands there stays as it is, byte for byte. A mistake in the file,
// or in a, is a strict.Mistakes in the error's chain, and the file stays as it was.
func Add(path string, a Attestation, known Known) error {
	a.Statement = strings.TrimSpace(a.Statement)
	err := strict.Append(path, fileKey, a, func(b []byte) ([]Attestation, error) { return parse(path, b, known) })
	if err != nil {
		return fmt.Errorf("cannot add the attestation: %w", err)
	}
	return nil
}

// parse reads the file's bytes, looking at no other file.
func parse(name string, b []byte, known Known) ([]Attestation, error) {
	var f file
	c := checker{strict.Decode(name, b, &f), known}
	for i := range f.Attestations {
		c.attestation(fmt.Sprintf("%s[%d]", fileKey, i), &f.Attestations[i])
	}
	if err := c.Mistakes().Err(); err != nil {
		return nil, err
	}
	return f.Attestations, nil
}

// start and end are When and Expires of an attestation that was checked.
func (a *Attestation) start() time.Time { t, _ := strict.Instant(a.When); return t }
func (a *Attestation) end() time.Time   { t, _ := strict.Instant(a.Expires); return t }
