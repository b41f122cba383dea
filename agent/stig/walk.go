package stig

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// What a file may cost. The official ones have up to a few megabytes, and are
// nested 6 deep.
const (
	MaxBytes    = 16 << 20 // of a file, and of all benchmarks in an archive together
	maxDepth    = 32       // of elements in each other
	maxElements = 500_000
	maxToken    = 1 << 20 // bytes of one tag or one text
	maxAttrs    = 64      // of one element
)

var (
	errLarge = fmt.Errorf("it is larger than %d bytes", MaxBytes)
	errLong  = fmt.Errorf("it holds a tag or a text of more than %d bytes", maxToken)
)

// gauge bounds what one token may read.
type gauge struct {
	*bytes.Reader
	left int
}

// ReadByte is what an XML decoder reads by.
func (g *gauge) ReadByte() (byte, error) {
	if g.left--; g.left < 0 {
		return 0, errLong
	}
	return g.Reader.ReadByte()
}

// walk finds what xml.Unmarshal does not mind. encoding/xml expands no entity
// that a document declares and opens no file, and none of it is asked to.
func walk(b []byte) error {
	in := &gauge{Reader: bytes.NewReader(b)}
	dec := xml.NewDecoder(in)
	w := walker{}
	for {
		in.left = maxToken
		t, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			return nil // whether all was closed is Unmarshal's to say
		}
		if err == nil {
			err = w.see(t)
		}
		if err != nil {
			return err
		}
	}
}

// walker counts what was seen of a document.
type walker struct{ depth, elements, roots int }

func (w *walker) see(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		if w.depth == 0 {
			w.roots++
		}
		w.depth, w.elements = w.depth+1, w.elements+1
		return w.start(t)
	case xml.EndElement:
		w.depth--
	case xml.CharData:
		if w.depth == 0 && len(bytes.TrimSpace(t)) > 0 {
			return errors.New("it holds text outside of the document")
		}
	case xml.Directive:
		return errors.New("it declares a document type, and a benchmark has none")
	}
	if w.depth < 0 {
		return errors.New("it ends an element that it does not begin")
	}
	return nil
}

func (w *walker) start(e xml.StartElement) error {
	switch {
	case w.depth > maxDepth:
		return fmt.Errorf("it is nested more than %d deep", maxDepth)
	case w.elements > maxElements:
		return fmt.Errorf("it holds more than %d elements", maxElements)
	case w.roots > 1:
		return errors.New("it holds more than one document")
	case len(e.Attr) > maxAttrs:
		return fmt.Errorf("an element has more than %d attributes", maxAttrs)
	}
	for i, a := range e.Attr {
		for _, other := range e.Attr[:i] {
			if a.Name == other.Name {
				return fmt.Errorf("an element has the attribute %s twice", brief(a.Name.Local))
			}
		}
	}
	return nil
}
